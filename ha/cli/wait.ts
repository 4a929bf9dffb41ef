import { systemClock, type Clock } from '../../lib/base/clock.ts'
import { UsageError, type Command } from '../../lib/base/command.ts'
import { NotRunning } from '../../lib/base/control-socket.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import { agentOf, type Ask } from './node.ts'
import { durationIn, none, wordIn } from './words.ts'

/** What can be waited for, and why it is not so yet. */
const conditions: Readonly<Record<string, (status: PairStatus) => string | undefined>> = {
  active: ({ active }) => (active === undefined ? 'no node is active' : undefined),
  insync: ({ insync, nodes }) => {
    const missing = nodes.filter(({ name }) => !insync.includes(name)).map(({ name }) => name)
    return missing.length === 0 ? undefined : `${missing.join(' and ')} not in sync`
  },
}

export const waitCommand: Command = {
  name: 'wait',
  summary: 'Waits until a node is active, or both are in sync; for scripts.',
  usage: 'wait --until active|insync [--timeout 60s] [--json] [--config FILE]',
  help: `
Exit code 0: it is so; 1: not within the time.
      --until WHAT         active: one node is; insync: both have every acknowledged save
      --timeout TIME       at most so long; otherwise 60s${nodeHelp}
      --json               the pair's status as JSON`,
  options: {
    ...nodeOptions,
    until: { type: 'string' },
    timeout: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run({ words, options }, io) {
    none(words)
    const what = wordIn(options, 'until') ?? ''
    const whyNot = Object.hasOwn(conditions, what) ? conditions[what] : undefined
    if (whyNot === undefined) throw new UsageError('say what to wait for: --until active or --until insync')
    const timeoutMs = durationIn(options, 'timeout', 60_000)
    const found = await pollStatus(agentOf(options), whyNot, { timeoutMs, clock: systemClock })
    if (options['json'] === true && found.status !== undefined) io.stdout(asJson(found.status))
    if (found.why === undefined) return 0
    io.stderr(`not within the time: ${found.why}\n`)
    return 1
  },
}

const everyMs = 100

export interface Polled {
  /** Undefined: it is so. */
  why: string | undefined
  /** The last that was heard. */
  status: PairStatus | undefined
}

/** Asks until nothing speaks against it any more. An agent that does not answer, or not yet, is waited for too. */
export async function pollStatus(
  ask: Ask,
  whyNot: (status: PairStatus) => string | undefined,
  { timeoutMs, clock, signal }: { timeoutMs: number; clock: Clock; signal?: AbortSignal },
): Promise<Polled> {
  const end = clock.now() + timeoutMs
  let status: PairStatus | undefined
  for (;;) {
    const heard = await statusOrWhy(ask)
    if (typeof heard !== 'string') status = heard
    const why = typeof heard === 'string' ? heard : whyNot(heard)
    if (why === undefined || clock.now() >= end || signal?.aborted === true) return { why, status }
    await clock.sleep(everyMs)
  }
}

async function statusOrWhy(ask: Ask): Promise<PairStatus | string> {
  try {
    return await ask<PairStatus>('/status', { timeoutMs: 2_000 })
  } catch (error) {
    if (error instanceof NotRunning) return error.message
    throw error
  }
}
