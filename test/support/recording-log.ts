import { pino } from 'pino'
import type { Log } from '../../lib/base/log.ts'

export interface RecordingLog {
  log: Log
  /** The fields of each line of that event. */
  events: (event: string) => Record<string, unknown>[]
  /** All that was written, at whatever level. */
  text: () => string
}

/** A log that keeps all lines. */
export function recordingLog(): RecordingLog {
  const lines: string[] = []
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => void lines.push(line) })
  return {
    log,
    events: (event) => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === event),
    text: () => lines.join(''),
  }
}
