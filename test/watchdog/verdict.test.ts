import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../watchdog/probe.ts'
import type { Rules } from '../../watchdog/rules.ts'
import { calmed } from '../../watchdog/flapping.ts'
import { firstVerdict, judged, stateOf, type Surroundings, type Verdict } from '../../watchdog/verdict.ts'
import { blind, missed, momentAt, ok, usualRules } from '../support/watchdog-simulation.ts'

const rules: Rules = { ...usualRules, graceMs: 0 }
const alone: Surroundings = { behind: undefined, confirmed: true }

/** `o` a success, `x` a miss, `b` blind; one every ten seconds. How it stands after each, by first letter. */
function played(answers: string, by: Rules = rules, around = alone): { letters: string; verdict: Verdict } {
  let verdict = firstVerdict(momentAt(0), by)
  let letters = ''
  Array.from(answers).forEach((answer, index) => {
    const finding: Finding = answer === 'o' ? ok : answer === 'x' ? missed() : blind
    verdict = judged(verdict, finding, around, momentAt((index + 1) * 10_000), by)
    letters += stateOf(verdict, false)[0]
  })
  return { letters, verdict }
}

for (const { answers, states, what } of [
  { what: 'a first answer makes it ok', answers: 'o', states: 'o' },
  { what: 'five misses in a row make it down', answers: 'oxxxxx', states: 'ossssd' },
  { what: 'a success counts one miss back', answers: 'oxxoxxxx', states: 'ossssssd' },
  { what: 'misses and successes in turn never add up', answers: 'oxoxoxoxoxox', states: 'osososososos' },
  {
    what: 'two misses for each success add up in the end',
    answers: 'oxxoxxoxxoxx',
    states: 'ossssssssssd',
  },
  { what: 'what is mended is ok with its second answer', answers: 'oxxxxxoo', states: 'ossssdro' },
  { what: 'a miss while recovering makes it down again', answers: 'oxxxxxoxoo', states: 'ossssdrdro' },
  { what: 'misses that could not be asked count neither way', answers: 'oxxxxbbbx', states: 'ossssbbbd' },
  { what: 'it may be down without ever having been ok', answers: 'xxxxx', states: 'ssssd' },
]) {
  test(`${what}: ${answers}`, () => assert.equal(played(answers).letters, states))
}

test('five misses with successes between, as the product of 2007 counted them, make it down', () => {
  // Counter: 1 2 1 2 3 2 3 4 5
  assert.equal(played('xxoxxoxxx').letters, 'ssssssssd')
})

test('with a limit of one, a miss makes it down and an answer ok', () => {
  assert.equal(played('oxo', { ...rules, failureLimit: 1 }).letters, 'odo')
})

test('three misses among the last five make it down although successes count back', () => {
  const byShare = { ...rules, failureLimit: 3, failuresOf: 5 }
  assert.equal(played('oxoxox', byShare).letters, 'ososod')
  assert.equal(played('oxooxoox', byShare).letters, 'osoosoos')
})

test('what was down by its share of misses is not down again for the same ones', () => {
  assert.equal(played('oxoxoxoox', { ...rules, failureLimit: 3, failuresOf: 5 }).letters, 'ososodros')
})

test('misses after a start do not count until the grace time is over or it has answered', () => {
  const slowStart = { ...rules, failureLimit: 1, graceMs: 35_000 }
  assert.equal(played('xxx', slowStart).letters, 'uuu')
  assert.equal(played('xxxx', slowStart).letters, 'uuud')
  assert.equal(played('ox', slowStart).letters, 'od')
})

test('what depends on something in trouble is not judged by its misses', () => {
  const { letters, verdict } = played('xxxxxxx', rules, { behind: 'file server', confirmed: false })
  assert.equal(letters, 'uuuuuuu')
  assert.equal(verdict.counter, 0)
  assert.equal(verdict.behind, 'file server')
})

test('it stays suspect until what it depends on was asked', () => {
  assert.equal(played('xxxxxxx', rules, { behind: undefined, confirmed: false }).letters, 'sssssss')
})

test('what is well is asked at the interval, some earlier and some later; what is not, as a suspect', () => {
  const dueAfter = (verdict: Verdict, finding: Finding, chance: number) =>
    judged(verdict, finding, alone, { ...momentAt(100_000), chance }, rules).dueMs - 100_000
  const well = played('o').verdict
  assert.deepEqual(
    [0, 0.5, 1].map((chance) => dueAfter(well, ok, chance)),
    [54_000, 60_000, 66_000],
  )
  assert.equal(dueAfter(well, missed(), 0.9), 10_000)
  assert.equal(dueAfter(well, blind, 0.9), 10_000)
  assert.equal(dueAfter(played('xxxxx').verdict, ok, 0.9), 10_000)
})

test('the third outage within ten minutes is flapping, until nothing has changed for ten answers', () => {
  const quick = { ...rules, failureLimit: 1 }
  assert.equal(played('oxoxox', quick).letters, 'ododod')
  const { verdict, letters } = played('oxoxoxoxo', quick)
  assert.equal(letters, 'odododfff')
  assert.equal(stateOf(calmed(verdict, 90_000 + 599_999, rules), false), 'flapping')
  assert.equal(stateOf(calmed(verdict, 90_000 + 600_000, rules), false), 'ok')
})

test('after flapping has ended, it takes three outages again', () => {
  const { verdict } = played('oxoxoxo', { ...rules, failureLimit: 1 })
  assert.deepEqual(calmed(verdict, 1_000_000, rules).changes, [])
})

test('what is suspected again and again flaps, though it is never down', () => {
  assert.equal(played('oxoxoxoxoxoxoxoxo').letters, 'ososososososososf')
  assert.equal(played('oxoxoxoxoxoxoxoxo', { ...rules, intervalMs: 1_000 }).letters, 'ososososososososo')
})

test('outages ten minutes apart are not flapping', () => {
  let verdict = firstVerdict(momentAt(0), { ...rules, failureLimit: 1 })
  for (let outage = 1; outage <= 10; outage += 1) {
    const at = outage * 601_000
    verdict = judged(verdict, missed(), alone, momentAt(at), { ...rules, failureLimit: 1 })
    verdict = judged(verdict, ok, alone, momentAt(at + 1_000), { ...rules, failureLimit: 1 })
  }
  assert.equal(stateOf(verdict, false), 'ok')
})

test('maintenance goes before everything, blindness before flapping', () => {
  const verdict: Verdict = { ...played('o').verdict, flapping: true, blind: { why: 'no disk', times: 1 } }
  assert.equal(stateOf(verdict, true), 'maintenance')
  assert.equal(stateOf(verdict, false), 'blind')
})

test('each change says why', () => {
  assert.equal(played('ox').verdict.why, 'no answer within 500 ms')
  assert.equal(played('oxo').verdict.why, 'it answers again')
})

test('a warning of a success stays over misses and ends with a success without it', () => {
  const warned: Finding = { outcome: 'ok', ms: 5, phases: {}, warning: 'ends in 9 days' }
  const before = judged(played('o').verdict, warned, alone, momentAt(1), rules)
  assert.equal(judged(before, missed(), alone, momentAt(2), rules).warning, 'ends in 9 days')
  assert.equal(judged(before, ok, alone, momentAt(2), rules).warning, undefined)
})
