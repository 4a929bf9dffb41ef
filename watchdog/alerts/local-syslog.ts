import { runHook } from '../../lib/base/run-hook.ts'
import type { Channel } from '../message.ts'
import { hookFailure } from './script.ts'
import { plainLine } from './plain.ts'
import { oneLine, priorityWords, syslogName } from './syslog-line.ts'

const timeoutMs = 10_000

/**
 * The log of this system, through logger(1) of util-linux: /dev/log is a datagram socket, which Node cannot open. In
 * the form that socket is for (syslog(3)): journald, which listens there on most systems, does not read RFC 5424.
 *
 * @param socket instead of /dev/log
 */
export function localSyslogChannel(socket?: string): Channel {
  return {
    name: 'local syslog',
    async send(message, signal) {
      const text = `[${plainLine(message.incident, 200)}] ${oneLine(message)}`
      const args = [
        `--priority=${priorityWords(message)}`,
        `--tag=${syslogName}`,
        '--size=8192',
        '--socket-errors=on', // otherwise it ends well though nobody listens
        ...(socket === undefined ? [] : [`--socket=${socket}`]),
        '--',
        text,
      ]
      const result = await runHook('logger', args, { timeoutMs, signal })
      signal.throwIfAborted()
      const failure = hookFailure(result)
      if (failure !== undefined) throw new Error(`logger: ${failure}`)
    },
  }
}
