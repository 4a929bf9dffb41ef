import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { LogFile } from './log-file.ts'
import { hostile } from './printable.ts'

/** Events, not prose: `log.info({ phone, file }, 'file sent')`. The text is the event's stable name. */
export type Log = pino.Logger

export interface LogSettings {
  /** Path of the log file; empty: none. */
  file: string
  sizeMb: number
  /** Old files kept beside the current one. */
  count: number
  stdout: boolean
  detailed: boolean
}

export interface OpenLog {
  log: Log
  /** Switches detailed logging on or off at once, for this process; not for `log.child()`, which keeps its level. */
  setDetailed(detailed: boolean): void
  /** Resolves when what was logged has been handed to the system, or after two seconds when it cannot be. */
  close(): Promise<void>
}

interface Output {
  write(line: string): unknown
  close(): Promise<void>
}

const levelOf = (detailed: boolean) => (detailed ? 'debug' : 'info')

/** How long the end of the process waits for a reader or a disk that takes no more lines. */
const closeMs = 2_000

/**
 * JSON lines on standard output and in a file limited by size and count. A full disk or a reader that has gone does
 * not end the process: lines are lost, and the log says so when it can.
 * @throws Error naming log.file when the file cannot be opened
 */
export function openLog(name: string, settings: LogSettings): OpenLog {
  const outputs: Output[] = settings.stdout ? [standardOutput()] : []
  const log = pino(
    {
      name,
      level: levelOf(settings.detailed),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        const safe = safeLine(line)
        for (const output of outputs) output.write(safe)
      },
    },
  )
  if (settings.file !== '') outputs.push(openFile(settings, log))
  return {
    log,
    setDetailed(detailed) {
      log.level = levelOf(detailed)
    },
    async close() {
      const limit = new AbortController()
      const closed = Promise.all(outputs.map((output) => output.close()))
      await Promise.race([closed, delay(closeMs, undefined, { signal: limit.signal }).catch(() => {})])
      limit.abort()
    },
  }
}

/** Nothing that could be a secret is passed to the log by design; this is the second fence. */
const secret =
  /("\w*(?:password|passphrase|authorization|community|secret)":)(?:"(?:[^"\\]|\\.)*"|[^",{}[\]]+)/gi

/**
 * A line of JSON with secrets hidden, and with characters that could trick a terminal written as JSON's `\uNNNN`:
 * they only occur inside strings, so the line still means the same.
 */
export const safeLine = (line: string): string =>
  `${line.trimEnd().replace(secret, '$1"[hidden]"').replace(hostile, escaped)}\n`

const escaped = (char: string) =>
  char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/**
 * Surprises of pino's destination, shown in test/lib/base/log.test.ts: an error that nobody listens to ends the
 * process, and without a `minLength` flush() does not wait.
 */
function standardOutput(): Output {
  const stdout = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: 32 * 1_048_576 })
  stdout.on('error', () => {})
  return {
    write: (line) => stdout.write(line),
    close: () => new Promise((resolve) => stdout.flush(() => resolve())),
  }
}

function openFile({ file, sizeMb, count }: LogSettings, log: Log): Output {
  try {
    return new LogFile({
      path: file,
      sizeBytes: Math.round(sizeMb * 1_048_576),
      count,
      onBroken: (err) => log.error({ file, err }, 'log file cannot be written'),
      onMended: (lostLines) => log.warn({ file, lostLines }, 'log file can be written again'),
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `log.file: ${file} cannot be written (${why}); mend its owner and mode, or choose another`,
      {
        cause,
      },
    )
  }
}

/** A log that says nothing, for tests and tools. */
export const silentLog: Log = pino({ level: 'silent' })
