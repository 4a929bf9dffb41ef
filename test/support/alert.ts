import type { Message } from '../../watchdog/message.ts'

/** A message as the watchdog has them. */
export const alert = (differences: Partial<Message> = {}): Message => ({
  incident: '20261124-0915-tftp-69',
  severity: 'critical',
  kind: 'down',
  node: 'pbx-a',
  subject: 'pbx-a: TFTP 69 is down',
  text: 'No answer since 09:12.\nPhones hurt: 12.\nRestarted once.',
  at: '2026-11-24T09:15:00.000Z',
  ...differences,
})
