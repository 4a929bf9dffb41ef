import { outbid } from './campaign.ts'
import type { Draft } from './draft.ts'
import { promised, stopServing } from './serving.ts'
import type { Message } from './state.ts'

/** What the other node says. Whatever is late or old is harmless: each carries its epoch. */
export function heard(draft: Draft, message: Message): void {
  switch (message.type) {
    case 'HOLD':
      return hold(draft, message.epoch, message.challenge)
    case 'PROMISE':
      return promised(draft, message.epoch, message.challenge)
    case 'FENCE':
      return fence(draft, message.epoch)
    case 'RELEASE':
      return released(draft, message.epoch)
  }
}

/** What we know of the record is older than that: to ask for the role by it would be in vain. */
function released(draft: Draft, epoch: number): void {
  const { state, now } = draft
  if (epoch <= state.releasedEpoch) return
  state.releasedEpoch = epoch
  state.lookedMs = -Infinity
  state.lookAskedMs = now
  draft.do({ do: 'look' })
}

/** Promises not to take over, unless that may have happened already. */
function hold(draft: Draft, epoch: number, challenge: string): void {
  const { state, now } = draft
  const { role, record, releasedEpoch } = state
  if (role.name === 'active') {
    if (role.epoch > epoch) draft.do({ do: 'send', message: { type: 'FENCE', epoch: role.epoch } })
    return fence(draft, epoch)
  }
  outbid(draft, epoch)
  const isOver = epoch < (record?.term?.epoch ?? 0) || epoch <= releasedEpoch
  if (state.role.name !== 'standby' || state.bet !== undefined || isOver) return
  state.promisedMs = now
  state.promisedEpoch = Math.max(state.promisedEpoch, epoch)
  draft.do({ do: 'send', message: { type: 'PROMISE', epoch, challenge } })
}

/** Whoever has a later reign says so. */
function fence(draft: Draft, epoch: number): void {
  const { role } = draft.state
  if (role.name === 'active' && epoch > role.epoch)
    stopServing(draft, `the other node is active with epoch ${epoch}`)
}
