import type { Effect, Event, Message, PairRecord } from '../../../ha/role/state.ts'

/** What happens, in as few words as a reader of the story needs. */

export function eventText(event: Event): string {
  const { type, ...rest } = event
  if ('message' in event) return `hears ${messageText(event.message)}`
  if (!('record' in event)) return `${type} ${JSON.stringify(rest)}`
  const outcome = 'outcome' in event ? ` ${event.outcome}` : ''
  return `${type}${outcome}: ${recordText(event.record)}`
}

export function effectText(effect: Effect): string {
  if (effect.do === 'say') return `"${effect.sentence}"`
  if (effect.do === 'send') return `sends ${messageText(effect.message)}`
  const { do: what, ...rest } = effect
  if (effect.do !== 'take') return `${what} ${JSON.stringify(rest)}`
  const { nonce, leaderRevision, insyncRevision, insync } = effect.campaign
  return `take as ${nonce}, if leader ${leaderRevision} and insync ${insyncRevision}; in sync: ${insync.join(', ')}`
}

export function recordText({ revision, leader, term, insync, paused, onStandby }: PairRecord): string {
  const parts = [
    `revision ${revision}`,
    leader && `leader ${leader.node} ${leader.phase} ${leader.revision}`,
    term && `term ${term.epoch} of ${term.node} as ${term.nonce}`,
    insync && `in sync ${insync.nodes.join(' ')} ${insync.revision}`,
    paused && 'paused',
    onStandby.length > 0 && `on standby ${onStandby.join(' ')}`,
  ]
  return parts.filter((part) => typeof part === 'string').join(', ')
}

const messageText = (message: Message) =>
  `${message.type} ${message.epoch}${'challenge' in message ? ` ${message.challenge}` : ''}`
