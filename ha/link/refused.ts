import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { SealRefusal } from './seal.ts'
import type { SessionRefusal } from './sessions.ts'

export type LinkRefusal = SealRefusal | SessionRefusal

/** How much it is to be worried about, and what it may mean. */
const meanings: Readonly<Record<LinkRefusal, { level: 'warn' | 'debug'; hint: string }>> = {
  'too long': { level: 'warn', hint: 'something else sends to pair.agentPort' },
  forged: { level: 'warn', hint: 'the nodes have different secrets, or somebody tries to forge messages' },
  'not understood': { level: 'warn', hint: 'the other node may run another version' },
  'other cluster': { level: 'warn', hint: 'the folder of the pair is that of another pair; see pair.folder' },
  'from myself': {
    level: 'warn',
    hint: 'both nodes have the same name, or somebody sends our messages back',
  },
  'from a stranger': { level: 'warn', hint: 'pair.nodes differ on the nodes' },
  'not for me': { level: 'warn', hint: 'pair.nodes differ on the nodes' },
  repeated: { level: 'warn', hint: 'the network turns packets around, or somebody plays old messages again' },
  'from an unproven session': { level: 'debug', hint: 'the other node has just started' },
  'for an earlier session': { level: 'debug', hint: 'this node has just started' },
}

const logEveryMs = 60_000

/** Counts what was refused; each reason is logged at most once a minute. */
export class Refused {
  readonly #clock: Clock
  readonly #log: Log
  readonly #counts = new Map<LinkRefusal, number>()
  readonly #loggedMs = new Map<LinkRefusal, number>()

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock
    this.#log = log
  }

  add(reason: LinkRefusal): void {
    const count = (this.#counts.get(reason) ?? 0) + 1
    this.#counts.set(reason, count)
    const now = this.#clock.now()
    if (now - (this.#loggedMs.get(reason) ?? -Infinity) < logEveryMs) return
    this.#loggedMs.set(reason, now)
    const { level, hint } = meanings[reason]
    this.#log[level]({ reason, count, hint }, 'link message refused')
  }

  counts(): Readonly<Partial<Record<LinkRefusal, number>>> {
    return Object.fromEntries(this.#counts)
  }
}
