import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { LogFile } from './log-file.ts'
import { hostile } from './printable.ts'
import { onExit } from './process.ts'
import { StandardOutput } from './standard-output.ts'

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
  setDetailed: (detailed: boolean) => void
  /** Resolves when what was logged has been handed to the system, or after two seconds when it cannot be. */
  close: () => Promise<void>
}

/** How long the end waits for a reader or a disk that takes no more lines. */
const closeMs = 2_000

const levelOf = (detailed: boolean) => (detailed ? 'debug' : 'info')

/**
 * JSON lines on standard output and in a file limited by size and count. A full disk or a reader that has gone does
 * not end the process: lines are lost, and the log says so when it can.
 * @throws Error naming log.file when the file cannot be opened
 */
export function openLog(name: string, settings: LogSettings): OpenLog {
  const outputs: (StandardOutput | LogFile)[] = []
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
        for (const output of outputs) output.add(safe)
      },
    },
  )
  if (settings.stdout) outputs.push(new StandardOutput(tellLosses(log, 'standard output')))
  if (settings.file !== '') outputs.push(openFile(settings, log))
  const forgetExit = onExit(() => outputs.forEach(flushNow))
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
      forgetExit()
    },
  }
}

/** Nothing that could be a secret is passed to the log by design; this is the second fence. */
const secret =
  /("\w*(?:password|passphrase|authorization|community|secret)":)(?:"(?:[^"\\]|\\.)*"|[^",{}[\]]+)/gi
/** Looked for first, because nearly no line has one and each transfer writes a line. */
const perhapsSecret = /password|passphrase|authorization|community|secret/i

/**
 * A line of JSON with secrets hidden, and with characters that could trick a terminal written as JSON's `\uNNNN`:
 * they only occur inside strings, so the line still means the same.
 */
export function safeLine(line: string): string {
  const hidden = perhapsSecret.test(line) ? line.replace(secret, '$1"[hidden]"') : line
  return `${hidden.trimEnd().replace(hostile, escaped)}\n`
}

const escaped = (char: string) =>
  char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** What was queued when the process ends otherwise than in order is what tells why. */
function flushNow(output: StandardOutput | LogFile): void {
  try {
    output.flushNow()
  } catch {
    // There is nobody left to tell.
  }
}

function openFile({ file, sizeMb, count }: LogSettings, log: Log): LogFile {
  try {
    return new LogFile({
      path: file,
      sizeBytes: Math.round(sizeMb * 1_048_576),
      count,
      ...tellLosses(log, file),
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

const tellLosses = (log: Log, to: string) => ({
  onBroken: (err: unknown) => log.error({ to, err }, 'log cannot be written'),
  onMended: (lostLines: number) => log.warn({ to, lostLines }, 'log can be written again'),
})

/** A log that says nothing, for tests and tools. */
export const silentLog: Log = pino({ level: 'silent' })
