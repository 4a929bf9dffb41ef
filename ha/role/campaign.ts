import type { Draft } from './draft.ts'
import { learn } from './learning.ts'
import { beginReign } from './serving.ts'
import type { Campaign, Event, PairRecord, State } from './state.ts'
import { handOverMs, type Timing } from './timing.ts'

/** An attempt without an answer is made again after this long. */
const againMs = 60

/** Takes over when nothing speaks against it. */
export function consider(draft: Draft): void {
  const { state, now, timing } = draft
  if (state.role.name !== 'standby') return
  const why = whyNot(state, now, timing)
  if (why !== undefined) {
    state.role = { name: 'standby', why }
    return
  }
  const { record } = state
  if (record === undefined) return
  const campaign = campaignFor(state, record, draft)
  state.bet = campaign.leaderRevision
  draft.become(campaign, `asks for the role: ${campaign.why}`)
  draft.do({ do: 'take', campaign })
}

/** Why this node stays on standby; undefined: it may take over. A sentence for `ha status` and `ha explain`. */
export function whyNot(state: State, now: number, timing: Timing): string | undefined {
  const { record, me } = state
  if (record === undefined) return 'has not read etcd yet'
  if (record.paused !== undefined) return `paused by ${record.paused.by}: ${record.paused.why}`
  if (record.onStandby.includes(me)) return 'taken out of service by an administrator'
  if (record.insync?.nodes.includes(me) === false && state.forced === undefined)
    return `stale: acknowledged saves may be missing here, ${record.insync.nodes.join(', ')} has them`
  if (state.unfit !== undefined) return `unfit: ${state.unfit}`
  if (now < state.notBeforeMs)
    return `waits ${Math.ceil((state.notBeforeMs - now) / 1_000)} s before it tries again`
  if (now - state.lookedMs > 2 * timing.renewMs + timing.etcdMs) return 'etcd does not answer'
  return isReleased(state, record)
    ? whyNotReleased(state, record, now)
    : whyNotWatched(state, record, now, timing)
}

/** The one before has said that it is gone, and none since has had our promise: no need to watch. */
const isReleased = ({ releasedEpoch, promisedEpoch }: State, { leader, term }: PairRecord) =>
  term !== undefined &&
  promisedEpoch <= term.epoch &&
  (leader?.phase === 'released' || term.epoch === releasedEpoch)

function whyNotReleased({ me, changedMs }: State, { leader }: PairRecord, now: number): string | undefined {
  const { handTo = me } = leader ?? {}
  if (handTo === me || now - changedMs >= handOverMs) return undefined
  return `the role is handed to ${handTo}`
}

function whyNotWatched(state: State, record: PairRecord, now: number, timing: Timing): string | undefined {
  const { changedMs, promisedMs, windowMs } = state
  if (now - windowMs < timing.observeMs) return 'watches first whether another node is active'
  const name = record.leader?.node ?? 'the other node'
  if (now - changedMs < timing.observeMs)
    return `${name} is active, seen ${Math.round(now - changedMs)} ms ago`
  if (now - promisedMs < timing.observeMs)
    return `${name} is active, by our promise of ${Math.round(now - promisedMs)} ms ago`
  return undefined
}

function campaignFor(state: State, record: PairRecord, { now, fresh }: Draft): Campaign {
  const { me } = state
  const clean = isReleased(state, record) && record.insync?.nodes.includes(me) === true
  return {
    name: 'campaign',
    nonce: fresh,
    firstMs: now,
    askedMs: now,
    waiting: true,
    doubtful: false,
    leaderRevision: record.leader?.revision ?? 0,
    insyncRevision: record.insync?.revision ?? 0,
    // One that left in good order has everything, too.
    insync: clean ? (record.insync?.nodes ?? [me]) : [me],
    clean,
    why: whyNow(state, record, now),
  }
}

function whyNow(state: State, record: PairRecord, now: number): string {
  if (state.forced !== undefined) return `forced by ${state.forced.by}: ${state.forced.why}`
  if (record.term === undefined) return 'nobody was ever active'
  if (isReleased(state, record))
    return `${record.term.node} has given it up${record.leader?.why === undefined ? '' : `: ${record.leader.why}`}`
  return `${record.term.node} was not heard for ${Math.round(now - Math.max(state.changedMs, state.promisedMs))} ms`
}

/** An attempt that got no answer is made again, word for word. */
export function campaignTick(draft: Draft): void {
  const { state, now } = draft
  const { role } = state
  if (role.name !== 'campaign' || role.waiting || now - role.askedMs < againMs) return
  const campaign = { ...role, askedMs: now, waiting: true }
  state.role = campaign
  draft.do({ do: 'take', campaign })
}

export function took(draft: Draft, event: Event & { type: 'took' }): void {
  const { state } = draft
  const { role } = state
  if (event.outcome === 'unknown') {
    if (role.name === 'campaign') state.role = { ...role, waiting: false, doubtful: true }
    return
  }
  learn(draft, event.record)
  settle(draft)
  // A refusal without a reason is the answer to an earlier campaign.
  if (state.role.name !== 'campaign' || isOpen(state, state.role)) return
  // This attempt was refused; an earlier one without an answer may still come true.
  if (!state.role.doubtful) state.bet = undefined
  beaten(draft)
}

/** As far as is known, etcd would still agree to it. */
const isOpen = ({ me, record }: State, { leaderRevision, insyncRevision }: Campaign) =>
  (record?.leader?.revision ?? 0) === leaderRevision &&
  (record?.insync?.revision ?? 0) === insyncRevision &&
  record?.paused === undefined &&
  record?.onStandby.includes(me) !== true

/** What the record says about an attempt of ours, whichever way it was read. */
export function settle(draft: Draft): void {
  const { role, record } = draft.state
  if (role.name !== 'campaign' || record === undefined) return
  if (record.term?.nonce === role.nonce) beginReign(draft, role, record.term.epoch)
  else if ((record.leader?.revision ?? 0) > role.leaderRevision) beaten(draft)
}

/** A reign has begun at that revision: what an attempt of ours has bet on is gone. */
export function outbid(draft: Draft, epoch: number): void {
  const { state } = draft
  if (state.bet === undefined || epoch <= state.bet) return
  state.bet = undefined
  if (state.role.name === 'campaign') beaten(draft, state.other)
}

function beaten(draft: Draft, name = draft.state.record?.term?.node ?? 'another'): void {
  draft.become(
    { name: 'standby', why: 'was not first' },
    `was refused the role: ${name} has it, or the record changed`,
  )
}
