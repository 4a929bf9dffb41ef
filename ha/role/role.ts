import { campaignTick, consider, settle, took } from './campaign.ts'
import { Draft } from './draft.ts'
import { heard } from './hearing.ts'
import { learn, seen } from './learning.ts'
import { handOver } from './leaving.ts'
import { checkReign, keepServing, leave, renewed, stepDown, stopIfOverdue } from './serving.ts'
import type { Event, Moment, State, Step } from './state.ts'
import type { Timing } from './timing.ts'

/**
 * Who is active: told what happened and when, it answers what to do. A node may serve until `deadlineMs` after it
 * *asked* for its latest consent, which is either a renewal that etcd confirmed or a promise of the other node. The
 * other node may take over once it has seen no change of the record, and given no promise, for `observeMs`; it takes
 * over by one transaction that names the very revision it has watched. An attempt without an answer may still come
 * true, so until a higher revision is seen no promise is given. Saves need none of this to be safe: each is on both
 * disks, or the other node was taken out of the in-sync set before, by a transaction that fails once it took over.
 */
export function begin(me: string, other: string, nowMs: number): State {
  return {
    me,
    other,
    role: { name: 'standby', why: 'just started' },
    record: undefined,
    changedMs: nowMs,
    changedRevision: 0,
    lookAskedMs: -Infinity,
    lookedMs: -Infinity,
    promisedMs: -Infinity,
    promisedEpoch: 0,
    releasedEpoch: 0,
    bet: undefined,
    windowMs: nowMs,
    lastStepMs: nowMs,
    notBeforeMs: -Infinity,
    failures: 0,
    unfit: undefined,
    forced: undefined,
  }
}

export function step(state: State, event: Event, moment: Moment, timing: Timing): Step {
  const draft = new Draft(state, moment, timing)
  // Whatever has happened: who is overdue stops first, and asks later.
  stopIfOverdue(draft)
  if (draft.state.role.name !== 'refusing') {
    noticeStall(draft)
    happen(draft, event)
  }
  return { state: draft.state, effects: draft.effects }
}

function happen(draft: Draft, event: Event): void {
  const { state } = draft
  switch (event.type) {
    case 'tick':
      return tick(draft)
    case 'looked':
      learn(draft, event.record)
      settle(draft)
      checkReign(draft)
      return consider(draft)
    case 'seen':
      return seen(draft, event.leaderRevision)
    case 'renewed':
      return renewed(draft, event)
    case 'took':
      return took(draft, event)
    case 'heard':
      heard(draft, event.message)
      return consider(draft)
    case 'hand over':
      return handOver(draft, event)
    case 'drained':
      return leave(draft)
    case 'cannot serve':
      return cannotServe(draft, event.why)
    case 'fitness':
      state.unfit = event.unfit
      return consider(draft)
    case 'force':
      state.forced = { by: event.by, why: event.why, untilMs: draft.now + forcedMs }
      return consider(draft)
    case 'refuse':
      return refuse(draft, event.why)
    case 'stop':
      return refuse(draft, 'stopped by its administrator')
  }
}

/** How long an administrator's order to take over holds: what it was given for may be over later. */
const forcedMs = 15_000

/** A node that stood still has missed what happened meanwhile. */
function noticeStall(draft: Draft): void {
  const { state, now, timing } = draft
  const gapMs = now - state.lastStepMs
  state.lastStepMs = now
  if (gapMs <= timing.observeMs / 2) return
  state.windowMs = now
  draft.note(`stood still for ${Math.round(gapMs)} ms; counts anew`)
}

function refuse(draft: Draft, why: string): void {
  stepDown(draft, why)
  draft.become({ name: 'refusing', why }, `does nothing until it is started again: ${why}`)
}

function tick(draft: Draft): void {
  const { state, now, timing } = draft
  if (state.forced !== undefined && now > state.forced.untilMs) state.forced = undefined
  if (now - state.lookAskedMs >= timing.renewMs) look(draft)
  if (state.role.name === 'active') return keepServing(draft)
  campaignTick(draft)
  consider(draft)
}

function look(draft: Draft): void {
  if (draft.state.role.name === 'active') return // renewals tell as much
  draft.state.lookAskedMs = draft.now
  draft.do({ do: 'look' })
}

const firstBackOffMs = 10_000
const longestBackOffMs = 300_000

function cannotServe(draft: Draft, why: string): void {
  const { state, now } = draft
  const { role } = state
  if (role.name !== 'active') return
  if (now - role.sinceMs > longestBackOffMs) state.failures = 0 // it did serve
  state.notBeforeMs = now + Math.min(firstBackOffMs * 2 ** state.failures, longestBackOffMs)
  state.failures += 1
  stepDown(draft, `cannot serve: ${why}`)
}
