import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closed, noIncidents, opened, type Incident } from '../../watchdog/incidents.ts'
import { lengthOf, messageOf, recoveryOf, type Telling } from '../../watchdog/messages.ts'
import { momentAt } from '../support/watchdog-simulation.ts'

const opening = {
  about: 'fault',
  probe: 'tftp 69',
  slug: 'tftp 69',
  severity: 'critical',
  why: 'no answer within 10000 ms',
} as const
const { incidents, incident } = opened(noIncidents, opening, momentAt(0))
const telling: Telling = {
  node: 'pbx-a',
  wall: momentAt(252_000).wall,
  atMs: 252_000,
  hurt: '12 phones asked over TFTP in the last hour, among them 10.0.0.4',
  about: { kind: 'door', protocol: 'tftp', port: 69 },
  next: 'trying to open tftp 69 anew',
}

test('a message says what, since when, who is hurt, what was tried, what is done and what to do', () => {
  const tried = { rung: 'reopen', probe: 'tftp 69', began: '2026-11-24T09:16:00+01:00', endedMs: 0 } as const
  const message = messageOf(
    'down',
    { ...incident, tried: [{ ...tried, ok: false, why: 'no answer from the control socket' }] },
    telling,
  )
  assert.deepEqual(
    { ...message, text: '' },
    {
      incident: '20261124-0915-tftp-69',
      severity: 'critical',
      kind: 'down',
      node: 'pbx-a',
      subject: 'pbx-a: tftp 69 is down',
      text: '',
      at: '2026-11-24T09:19:12.000+01:00',
    },
  )
  for (const part of [
    'no answer within 10000 ms.',
    'Since 2026-11-24 09:15:00, for 4 min 12 s.',
    'Phones: 12 phones asked over TFTP',
    '2026-11-24 09:16:00  open tftp 69 anew: failed, no answer from the control socket',
    'Now: trying to open tftp 69 anew.',
    'What to do: `twintone status` says',
  ]) {
    assert.ok(message.text.includes(part), `${part}\n---\n${message.text}`)
  }
})

test('a recovery says how long it was and what mended it', () => {
  const [over] = closed(incidents, incident.id, momentAt(252_000)).closed
  assert.ok(over)
  const { subject, text, kind } = recoveryOf(over, telling)
  assert.equal(kind, 'recovered')
  assert.equal(subject, 'pbx-a: tftp 69 is well again after 4 min 12 s')
  assert.match(text, /What mended it: it mended by itself\./)
})

test('a subject is one line of bounded length', () => {
  const long: Incident = { ...incident, about: 'warning', why: `bad\r\nBcc: eva ${'x'.repeat(500)}` }
  const { subject } = messageOf('warning', long, telling)
  assert.match(subject, /^pbx-a: tftp 69: bad Bcc: eva x+$/)
  assert.equal(subject.length, 200)
})

test('phones that nobody knows of are not mentioned', () => {
  assert.doesNotMatch(messageOf('down', incident, { ...telling, hurt: '' }).text, /Phones/)
})

for (const [ms, words] of [
  [0, '0 s'],
  [59_400, '59 s'],
  [252_000, '4 min 12 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
] as const) {
  test(`${ms} ms are ${words}`, () => assert.equal(lengthOf(ms), words))
}
