import { begin, step } from '../../../ha/role/role.ts'
import type { Event, Moment, State, Step } from '../../../ha/role/state.ts'
import type { Timing } from '../../../ha/role/timing.ts'
import type { Core } from './world.ts'

/** The protocol with one rule taken out, so that we see that the rule matters and that the simulation would tell. */

type Take<Type extends Event['type']> = (
  state: State,
  event: Event & { type: Type },
  moment: Moment,
  timing: Timing,
) => Step

/** A standby that promises although its own question may still come true. */
const promises: Take<'heard'> = (state, event, moment, timing) => {
  const { role, bet } = state
  if (event.message.type !== 'HOLD' || role.name !== 'campaign') return step(state, event, moment, timing)
  const open: State = { ...state, role: { name: 'standby', why: 'promises' }, bet: undefined }
  const after = step(open, event, moment, timing)
  return after.state.role.name === 'standby' ? { ...after, state: { ...after.state, role, bet } } : after
}
export const promisesWhileAsking: Core = {
  begin,
  step: (state, event, ...rest) =>
    event.type === 'heard' ? promises(state, event, ...rest) : step(state, event, ...rest),
}

/** Consent counts from when it came, not from when it was asked for. */
const counts: Take<'heard'> = (state, event, moment, timing) => {
  const { role } = state
  const { message } = event
  if (role.name !== 'active' || message.type !== 'PROMISE') return step(state, event, moment, timing)
  const { hold } = role
  const isIt = ({ challenge }: { challenge: string }) => challenge === message.challenge
  const open = hold.open.map((each) => (isIt(each) ? { ...each, sentMs: moment.nowMs } : each))
  const after = step({ ...state, role: { ...role, hold: { ...hold, open } } }, event, moment, timing)
  const then = after.state.role
  if (then.name !== 'active') return after
  const left = { ...then.hold, open: hold.open.filter((each) => !isIt(each)) }
  return { ...after, state: { ...after.state, role: { ...then, hold: left } } }
}
export const countsFromTheAnswer: Core = {
  begin,
  step: (state, event, moment, timing) => {
    if (event.type === 'heard') return counts(state, event, moment, timing)
    const isRenewed = event.type === 'renewed'
    return step(state, isRenewed ? { ...event, sentMs: moment.nowMs } : event, moment, timing)
  },
}

/** A node that takes itself for in sync, always. */
export const ignoresInsync: Core = {
  begin,
  step: (state, event, moment, timing) => {
    if (!('record' in event) || event.record.insync === undefined) return step(state, event, moment, timing)
    const insync = { ...event.record.insync, nodes: [...event.record.insync.nodes, state.me] }
    return step(state, { ...event, record: { ...event.record, insync } }, moment, timing)
  },
}
