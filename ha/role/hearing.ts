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
      draft.state.releasedEpoch = Math.max(draft.state.releasedEpoch, message.epoch)
      return draft.do({ do: 'look' })
  }
}

/** Promises not to take over, unless that may have happened already. */
function hold(draft: Draft, epoch: number, challenge: string): void {
  const { state, now } = draft
  const { role, record, bet, releasedEpoch } = state
  if (role.name === 'active') {
    if (role.epoch > epoch) draft.do({ do: 'send', message: { type: 'FENCE', epoch: role.epoch } })
    return
  }
  const isOver = epoch < (record?.term?.epoch ?? 0) || epoch <= releasedEpoch
  if (role.name !== 'standby' || bet !== undefined || isOver) return
  state.promisedMs = now
  draft.do({ do: 'send', message: { type: 'PROMISE', epoch, challenge } })
}

function fence(draft: Draft, epoch: number): void {
  const { role } = draft.state
  if (role.name === 'active' && epoch > role.epoch)
    stopServing(draft, `the other node is active with epoch ${epoch}`)
}
