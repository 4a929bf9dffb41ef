import type { Config } from '../../lib/base/config.ts'
import { runHook, type HookResult } from '../../lib/base/run-hook.ts'
import type { Channel, Message } from '../message.ts'
import { plainLine, plainText } from './plain.ts'

/** A program of the customer's own, told in its environment. It has taken the message when it ends with 0. */
export function scriptChannel({
  program,
  timeoutMs,
}: Pick<Config['alertScript'], 'program' | 'timeoutMs'>): Channel {
  return {
    name: 'script',
    async send(message, signal) {
      const result = await runHook(program, [], { timeoutMs, env: environmentOf(message), signal })
      signal.throwIfAborted()
      const failure = hookFailure(result)
      if (failure !== undefined) throw new Error(`${program}: ${failure}`)
    },
  }
}

/** @returns why the program did not do its work, if so */
export function hookFailure(result: HookResult): string | undefined {
  const said = plainLine(result.stderr, 200)
  const saying = said === '' ? '' : `: ${said}`
  if (result.outcome !== 'ended') return `${result.outcome} (${plainLine(result.why, 200)})${saying}`
  return result.exitCode === 0 ? undefined : `ended with ${result.exitCode}${saying}`
}

/** Linux takes 128 KiB for one variable (execve(2)), and a NUL ends it. */
const mostText = 30_000

const environmentOf = ({ severity, incident, kind, node, subject, text, at }: Message) => ({
  SEVERITY: severity,
  INCIDENT: plainLine(incident, 200),
  KIND: plainLine(kind, 60),
  NODE: plainLine(node, 255),
  SUBJECT: plainLine(subject, 1_000),
  TEXT: plainText(text, mostText),
  AT: plainLine(at, 60),
})
