import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeBytes, describeDuration, describePhone, describeTime } from '../../../lib/status/words.ts'

test('bytes are told in steps of a thousand, never as a thousand of the smaller unit', () => {
  const cases: readonly [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 KB'],
    [8_192, '8.2 KB'],
    [999_949, '999.9 KB'],
    [999_950, '1.0 MB'],
    [1_000_000, '1.0 MB'],
    [268_435_456, '268.4 MB'],
    [999_999_999, '1.0 GB'],
    [5e12, '5.0 TB'],
    [5e15, '5000.0 TB'],
  ]
  for (const [bytes, text] of cases) assert.equal(describeBytes(bytes), text)
})

test('of a duration the two largest parts are told', () => {
  const cases: readonly [number, string][] = [
    [0, '0 s'],
    [0.9, '0 s'],
    [59, '59 s'],
    [60, '1 min 0 s'],
    [725, '12 min 5 s'],
    [3_600, '1 h 0 min'],
    [86_399, '23 h 59 min'],
    [86_400, '1 d 0 h'],
    [273_600, '3 d 4 h'],
    [-5, '0 s'], // the wall clock was set back
  ]
  for (const [seconds, text] of cases) assert.equal(describeDuration(seconds), text)
})

test('a time is local and told to the second', () => {
  assert.equal(describeTime(new Date(2026, 0, 2, 3, 4, 5, 999).getTime()), '2026-01-02 03:04:05')
  assert.equal(describeTime(new Date(2026, 10, 22, 20, 15, 4).getTime()), '2026-11-22 20:15:04')
})

test('of a phone is told what it told', () => {
  const all = { vendor: 'Avaya', model: 'J139', version: '4.1.5.0.6', mac: 'c81f4aef9689' }
  assert.equal(describePhone(all), 'Avaya J139 4.1.5.0.6, MAC c81f4aef9689')
  assert.equal(describePhone({ model: 'J139' }), 'J139')
  assert.equal(describePhone({ mac: 'c81f4aef9689' }), 'MAC c81f4aef9689')
  assert.equal(describePhone({}), '')
})
