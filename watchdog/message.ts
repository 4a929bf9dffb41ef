export type Severity = 'info' | 'warning' | 'critical'

/** What a person is told, whichever way. */
export interface Message {
  /** One for each incident, from the first miss to the recovery: `20261124-0915-http-80`. Tests of alerts have one too. */
  incident: string
  severity: Severity
  /** `down`, `reminder`, `recovered`, `warning`, `blind`, `flapping`, `gave up`, `test`. */
  kind: string
  node: string
  /** One line: `pbx-a: TFTP 69 is down`. */
  subject: string
  /** Plain text: what, since when, which phones are hurt, what was tried, what to do. */
  text: string
  /** ISO 8601. */
  at: string
}

/** One way of telling. Made with its settings. */
export interface Channel {
  /** `mail`, `syslog`, `script`, `webhook`, `trap`. */
  readonly name: string
  /** Resolves once the receiver has taken it. @throws Error whose message says why not, without secrets */
  send(message: Message, signal: AbortSignal): Promise<void>
}
