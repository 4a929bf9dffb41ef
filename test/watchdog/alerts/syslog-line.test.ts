import assert from 'node:assert/strict'
import { test } from 'node:test'
import { syslogLine } from '../../../watchdog/alerts/syslog-line.ts'
import { alert } from '../../support/alert.ts'

const line = (differences: Parameters<typeof alert>[0]) =>
  syslogLine(alert({ text: 'x', ...differences }), 2_000)

test('a message is one line of RFC 5424', () => {
  assert.equal(
    line({}),
    '<26>1 2026-11-24T09:15:00.000Z pbx-a twintone-watchdog - down ' +
      '[twintone@32473 incident="20261124-0915-tftp-69" probe="tftp-69" kind="down" severity="critical"] ' +
      'pbx-a: TFTP 69 is down: x',
  )
})

for (const [priority, differences] of [
  ['<26>', { severity: 'critical' }],
  ['<28>', { severity: 'warning' }],
  ['<30>', { severity: 'info' }],
  ['<29>', { severity: 'info', kind: 'recovered' }],
] as const) {
  test(`${JSON.stringify(differences)} has priority ${priority}`, () => {
    assert.ok(line(differences).startsWith(`${priority}1 `))
  })
}

test('what stands in structured data cannot end it', () => {
  assert.match(
    line({ incident: '20261124-0915-a"]\\[x' }),
    / incident="20261124-0915-a\\"\\\]\\\\\[x" probe="a/,
  )
})

test('names hold no space, and an absent one is a dash', () => {
  assert.match(line({ node: 'a b\nc', kind: 'gave up' }), / a-b-c twintone-watchdog - gave-up \[/)
  assert.match(line({ node: '' }), /Z - twintone-watchdog/)
})

test('a date that is none is a dash', () => {
  assert.match(line({ at: 'yesterday' }), /^<26>1 - pbx-a/)
})

test('UTF-8 is marked as such, ASCII is not', () => {
  assert.match(line({ text: 'ü' }), /\] \uFEFFpbx-a: TFTP 69 is down: ü$/)
})

test('a long message is cut between characters', () => {
  const cut = syslogLine(alert({ text: '電'.repeat(2_000) }), 1_000)
  assert.ok(Buffer.byteLength(cut) <= 1_000 && Buffer.byteLength(cut) > 990)
  assert.doesNotMatch(cut, /\uFFFD/)
})
