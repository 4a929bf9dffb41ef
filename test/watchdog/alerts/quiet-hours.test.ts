import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isQuiet, parseQuietHours } from '../../../watchdog/alerts/quiet-hours.ts'

let timeZone: string | undefined
before(() => {
  timeZone = process.env['TZ']
  process.env['TZ'] = 'Europe/Berlin'
})
after(() => {
  if (timeZone === undefined) delete process.env['TZ']
  else process.env['TZ'] = timeZone
})

const quiet = (hours: string, utc: string) => isQuiet(parseQuietHours(hours), new Date(utc))

// Berlin is an hour before UTC in winter.
for (const [hours, utc, expected] of [
  ['', '2026-11-24T02:00:00Z', false],
  ['08:00-08:00', '2026-11-24T07:00:00Z', false],
  ['12:00-13:00', '2026-11-24T10:59:59Z', false],
  ['12:00-13:00', '2026-11-24T11:00:00Z', true],
  ['12:00-13:00', '2026-11-24T11:59:59Z', true],
  ['12:00-13:00', '2026-11-24T12:00:00Z', false],
  ['22:00-06:30', '2026-11-24T20:59:00Z', false],
  ['22:00-06:30', '2026-11-24T21:00:00Z', true],
  ['22:00-06:30', '2026-11-24T22:59:00Z', true],
  ['22:00-06:30', '2026-11-24T23:00:00Z', true],
  ['22:00-06:30', '2026-11-25T05:29:00Z', true],
  ['22:00-06:30', '2026-11-25T05:30:00Z', false],
  ['00:00-24:00', '2026-11-25T05:30:00Z', true],
] as const) {
  test(`${hours || 'no window'} at ${utc} is ${expected ? 'quiet' : 'not quiet'}`, () => {
    assert.equal(quiet(hours, utc), expected)
  })
}

test('d115: the hour that clocks skip in spring ends a window that ends in it', () => {
  // 01:59 becomes 03:00 at 01:00 UTC.
  assert.equal(quiet('22:00-02:30', '2026-03-29T00:59:00Z'), true)
  assert.equal(quiet('22:00-02:30', '2026-03-29T01:00:00Z'), false)
})

test('d115: a window within the hour that clocks show twice in autumn holds twice', () => {
  // 02:59 becomes 02:00 at 01:00 UTC.
  for (const [utc, expected] of [
    ['2026-10-25T00:15:00Z', true],
    ['2026-10-25T00:45:00Z', false],
    ['2026-10-25T01:15:00Z', true],
    ['2026-10-25T01:45:00Z', false],
  ] as const)
    assert.equal(quiet('02:00-02:30', utc), expected, utc)
})
