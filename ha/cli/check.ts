import type { Command, OptionValues } from '../../lib/base/command.ts'
import { NotRunning } from '../../lib/base/control-socket.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { show } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import { judge, type Check, type Judgement } from '../agent/judge.ts'
import { pairStatus } from './node.ts'
import { paintFor, type Paint, type Tone } from './paint.ts'
import { none } from './words.ts'

export const exitCodes: Record<Judgement['answer'], number> = { ok: 0, degraded: 1, cannot: 2, down: 3 }

export const checkCommand: Command = {
  name: 'check',
  summary: 'Could the other node take over now?',
  usage: 'check [--json] [--config FILE]',
  help: `
Exit code 0: yes; 1: yes, but something needs attention; 2: no, or the agent of this node does not run;
3: no node is active, phones get nothing.${nodeHelp}
      --json               as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words, options }, io) {
    none(words)
    const status = await statusOrWhy(options)
    if (typeof status === 'string') {
      io.stderr(`no: ${status}\n`)
      return exitCodes.cannot
    }
    const judgement = judge(status)
    show(io, options, judgement, checkText(judgement, paintFor(io)))
    return exitCodes[judgement.answer]
  },
}

/** Whoever watches over this by its exit code takes an agent that is gone for a pair that cannot fail over, and is right. */
async function statusOrWhy(options: OptionValues): Promise<PairStatus | string> {
  try {
    return await pairStatus(options)
  } catch (error) {
    if (error instanceof NotRunning) return error.message
    throw error
  }
}

const answers: Record<Judgement['answer'], [Tone, string]> = {
  ok: ['good', 'yes, the other node could take over now'],
  degraded: ['doubtful', 'yes, but something needs attention'],
  cannot: ['bad', 'no, the other node could not take over now'],
  down: ['bad', 'no node is active: phones get nothing'],
}

const tones: Record<Check['verdict'], Tone> = { ok: 'good', warning: 'doubtful', no: 'bad' }

export function checkText({ answer, checks }: Judgement, paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.map(
    ({ name, verdict, why }) =>
      `${paint(tones[verdict], verdict.padEnd(7))}  ${name.padEnd(width)}  ${why}\n`,
  )
  return `${paint(...answers[answer])}\n\n${lines.join('')}`
}
