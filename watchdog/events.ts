import type { Protocol } from '../lib/base/protocol.ts'
import type { Message } from './message.ts'
import type { Finding } from './probe.ts'
import type { Rung } from './remedies.ts'
import type { Moment } from './rules.ts'
import type { ProbeState } from './verdict.ts'

/** What happens to the watchdog. A `tick` at least every second tells it that it is awake. */
export type Event = Moment &
  (
    | { type: 'tick' }
    | { type: 'finding'; name: string; finding: Finding }
    /** The act that was asked for has ended; `why` says how, or why it failed. */
    | { type: 'acted'; rung: Rung; ok: boolean; why: string }
    | { type: 'acknowledge'; incident: string; by: string }
    /** `untilMs` by the clock of the event. */
    | { type: 'snooze'; incident: string; untilMs: number; by: string }
    | { type: 'maintenance on'; untilMs: number; why: string }
    | { type: 'maintenance off' }
    /** Which phones are hurt, in words; empty if unknown. */
    | { type: 'hurt'; text: string }
  )

/** What is to be done, in this order. Only one of `reopen`, `restart` and `hand over` is under way, until `acted`. */
export type Effect =
  /** For the log. */
  | { do: 'note'; probe: string; from: ProbeState; to: ProbeState; why: string }
  | { do: 'note'; what: 'stood still' | 'maintenance over' | 'act unreported'; why: string }
  | { do: 'evidence'; incident: string }
  | { do: 'reopen'; protocol: Protocol; port: number; incident: string; probe: string }
  | { do: 'restart'; how: 'graceful' | 'hard'; incident: string; probe: string; reason: string }
  | { do: 'hand over'; incident: string; probe: string; reason: string }
  | { do: 'tell'; message: Message }
  /** It is due now; so says `due`, too. */
  | { do: 'probe soon'; name: string }
