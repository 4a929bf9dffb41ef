import type { Draft } from './draft.ts'
import { learn } from './learning.ts'
import { whyNoTaker } from './leaving.ts'
import type { Active, Campaign, Event } from './state.ts'
import { addressMs } from './timing.ts'

/** How long, and how often, the one before is told that its reign is over. */
const fenceMs = 60_000
const fenceEveryMs = 100

/** Promises that are still worth having. */
const openChallenges = 32

/** The role is ours, as of the moment when we first asked for it. */
export function beginReign(draft: Draft, campaign: Campaign, epoch: number): void {
  const { state, now } = draft
  const { nonce, firstMs, clean, why } = campaign
  state.bet = undefined
  state.forced = undefined
  const role: Active = {
    name: 'active',
    nonce,
    epoch,
    sinceMs: now,
    okMs: firstMs,
    serving: false,
    renewal: { n: 0, askedMs: -Infinity, waiting: false, confirmedMs: now },
    hold: { askedMs: -Infinity, promisedMs: now, open: [] },
    lifetimeMs: -Infinity,
    fence: { untilMs: clean ? now : now + fenceMs, sentMs: -Infinity },
  }
  draft.become(role, `active with epoch ${epoch}: ${why}`)
  keepServing(draft)
}

/** What is due while active: renewals, promises, and the word to the one before. */
export function keepServing(draft: Draft): void {
  serveIfFresh(draft)
  renewIfDue(draft)
  holdIfDue(draft)
  fenceIfDue(draft)
  leaveIfDue(draft)
}

const active = ({ state }: Draft): Active | undefined =>
  state.role.name === 'active' ? state.role : undefined

/** Opens door and address while the consent is young; a win that was long in doubt is renewed first. */
function serveIfFresh(draft: Draft): void {
  const { state, now, timing } = draft
  const role = active(draft)
  const notAfterMs = (role?.okMs ?? -Infinity) + addressMs(timing)
  if (role === undefined || role.serving || now >= notAfterMs) return
  state.role = { ...role, serving: true, lifetimeMs: now }
  draft.do({ do: 'take VIP', epoch: role.epoch, notAfterMs })
  openGate(draft, role)
}

function renewIfDue(draft: Draft): void {
  const { state, now, timing } = draft
  const role = active(draft)
  if (role === undefined || role.renewal.waiting || now - role.renewal.askedMs < timing.renewMs) return
  const n = role.renewal.n + 1
  state.role = { ...role, renewal: { ...role.renewal, n, askedMs: now, waiting: true } }
  draft.do({ do: 'renew', nonce: role.nonce, n })
}

/** The other node's promise is as good as a renewal. Without an answer it is asked for more often: datagrams get lost. */
function holdIfDue(draft: Draft): void {
  const { state, now, timing, fresh } = draft
  const role = active(draft)
  if (role === undefined) return
  const unanswered = now - role.hold.promisedMs > 1.5 * timing.renewMs
  if (now - role.hold.askedMs < (unanswered ? timing.renewMs / 5 : timing.renewMs)) return
  const open = [...role.hold.open, { challenge: fresh, sentMs: now }].slice(-openChallenges)
  state.role = { ...role, hold: { ...role.hold, askedMs: now, open } }
  draft.do({ do: 'send', message: { type: 'HOLD', epoch: role.epoch, challenge: fresh } })
}

function fenceIfDue(draft: Draft): void {
  const { state, now } = draft
  const role = active(draft)
  if (role === undefined || now >= role.fence.untilMs || now - role.fence.sentMs < fenceEveryMs) return
  state.role = { ...role, fence: { ...role.fence, sentMs: now } }
  draft.do({ do: 'send', message: { type: 'FENCE', epoch: role.epoch } })
}

export function renewed(draft: Draft, event: Event & { type: 'renewed' }): void {
  const { state, now } = draft
  if (event.outcome !== 'unknown') learn(draft, event.record)
  const role = active(draft)
  if (role === undefined) return
  const confirmed = event.outcome === 'confirmed'
  const renewal = { ...role.renewal, waiting: false, ...(confirmed ? { confirmedMs: now } : {}) }
  state.role = { ...role, renewal }
  if (confirmed) consented(draft, event.sentMs)
  else checkReign(draft)
}

/** The other node has promised not to take over. */
export function promised(draft: Draft, epoch: number, challenge: string): void {
  const { state, now } = draft
  const role = active(draft)
  const asked = role?.hold.open.find((each) => each.challenge === challenge)
  if (role === undefined || asked === undefined || epoch !== role.epoch) return
  const open = role.hold.open.filter(({ sentMs }) => sentMs > asked.sentMs)
  state.role = { ...role, hold: { ...role.hold, promisedMs: now, open } }
  consented(draft, asked.sentMs)
}

/** Consent counts from when it was asked for. */
function consented(draft: Draft, sentMs: number): void {
  const { state, now, timing } = draft
  const role = active(draft)
  if (role === undefined || sentMs <= role.okMs) return serveIfFresh(draft)
  const notAfterMs = sentMs + addressMs(timing)
  const keep = role.serving && now < notAfterMs && now - role.lifetimeMs >= 0.8 * timing.renewMs
  const longer = { ...role, okMs: sentMs, ...(keep ? { lifetimeMs: now } : {}) }
  state.role = longer
  if (!role.serving) return serveIfFresh(draft)
  openGate(draft, longer)
  if (keep) draft.do({ do: 'keep VIP', notAfterMs })
}

const openGate = (draft: Draft, { epoch, okMs }: Active): void =>
  draft.do({ do: 'open gate', epoch, untilMs: okMs + draft.timing.deadlineMs })

/** Another has begun a reign since, or etcd knows ours no more. */
export function checkReign(draft: Draft): void {
  const role = active(draft)
  const term = draft.state.record?.term
  if (role === undefined || term?.nonce === role.nonce) return
  const later = `${term?.node} is active with epoch ${term?.epoch}`
  stopServing(draft, term === undefined ? 'etcd has lost our reign' : later)
}

/** Time is up. A reign won in doubt, and not served yet, has as long to be confirmed. */
export function stopIfOverdue(draft: Draft): void {
  const { now, timing } = draft
  const role = active(draft)
  if (role === undefined) return
  const silentMs = now - (role.serving ? role.okMs : role.sinceMs)
  if (silentMs < timing.deadlineMs) return
  stepDown(draft, `neither etcd nor the other node has answered for ${Math.round(silentMs)} ms`)
}

/** Stops serving, and says so to the other node, which takes over at once if it has everything. */
export function stepDown(draft: Draft, why: string): void {
  const { role, record, other } = draft.state
  stopServing(draft, why)
  if (role.name !== 'active') return
  const handTo = whyNoTaker(record, other) === undefined ? { handTo: other } : {}
  draft.do({ do: 'release', nonce: role.nonce, epoch: role.epoch, ...handTo, why })
}

/** Stops serving: the gate first, so that nothing is acknowledged that the address no longer stands for. */
export function stopServing(draft: Draft, why: string): void {
  if (active(draft) === undefined) return
  draft.do({ do: 'close gate', why }, { do: 'drop VIP' })
  draft.become({ name: 'standby', why }, `no longer active: ${why}`)
}

/** A hand-over does not wait for the slowest for ever. */
function leaveIfDue(draft: Draft): void {
  const role = active(draft)
  if (role?.leaving !== undefined && draft.now >= role.leaving.untilMs) leave(draft)
}

/** Ends a reign in favour of the node that it was prepared for, if that may still take it. */
export function leave(draft: Draft): void {
  const role = active(draft)
  if (role?.leaving === undefined) return
  const { leaving, ...staying } = role
  const no = whyNoTaker(draft.state.record, leaving.to)
  if (no === undefined) return stepDown(draft, leaving.why)
  draft.state.role = staying
  draft.note(`hand-over to ${leaving.to} called off: ${no}`)
  openGate(draft, staying)
}
