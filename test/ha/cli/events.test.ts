import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PairEvent } from '../../../ha/agent/views.ts'
import { eventsCommand } from '../../../ha/cli/events.ts'
import { chainOf, eventAsked, explainCommand } from '../../../ha/cli/explain.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import { wellPair } from '../../support/pair-status.ts'
import { run } from '../../support/run-command.ts'

const event = (second: number, weight: PairEvent['weight'], sentence: string, epoch = 6): PairEvent => ({
  at: new Date(Date.UTC(2026, 10, 24, 10, 0, second)).toISOString(),
  node: 'B',
  epoch,
  weight,
  sentence,
})

const story: readonly PairEvent[] = [
  event(0, 'note', 'B starts: watches first whether another node is active', 5),
  event(2, 'change', 'A is active', 5),
  event(40, 'trouble', 'A is not heard any more', 5),
  event(41, 'note', 'no renewal of A for 1650 ms', 5),
  event(42, 'note', 'asks for the role: A was not heard', 5),
  event(43, 'change', 'B is active'),
  event(50, 'note', 'A is back'),
]

test('the chain of a change begins where nothing had happened for a while, and ends with it', () => {
  const change = story[5]
  assert.ok(change)
  assert.deepEqual(
    chainOf(story, change).map(({ sentence }) => sentence),
    [
      'A is not heard any more',
      'no renewal of A for 1650 ms',
      'asks for the role: A was not heard',
      'B is active',
    ],
  )
})

test('a chain is not longer than can be read', () => {
  const many = Array.from({ length: 100 }, (_each, at) => event(at % 60, 'note', `${at}`))
  const last = many[59]
  assert.ok(last)
  assert.equal(chainOf(many, last).length, 20)
})

const asked: readonly [string | undefined, string | undefined][] = [
  [undefined, 'B is active'],
  ['5', 'A is active'],
  ['6', 'B is active'],
  ['7', undefined],
  ['2026-11-24T10:00:40', 'A is not heard any more'],
  ['no renewal', 'no renewal of A for 1650 ms'],
]

for (const [words, sentence] of asked) {
  test(`the event asked for by ${words ?? 'nothing'} is ${sentence ?? 'none'}`, () => {
    assert.equal(eventAsked(story, words)?.sentence, sentence)
  })
}

test('explain tells why each node is what it is, and then what led to the last change', async (t) => {
  const { words } = await fakeAgent(t, {
    'GET /status': () => wellPair(),
    'GET /events': () => ({ events: story }),
  })
  const { code, stdout } = await run(explainCommand, words, undefined, 'ha')
  assert.equal(code, 0)
  assert.match(stdout, /^A is active: serves\nB is standby: A is active, seen 120 ms ago\n\nwhat led to it/)
  assert.match(stdout, /! B \(5\) A is not heard any more\n[^]*\* B \(6\) B is active\n$/)
  const unknown = await run(explainCommand, ['99', ...words], undefined, 'ha')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /knows no event 99/)
})

test('events are told newest last, as many as wanted, with a mark for what changed and what is wrong', async (t) => {
  const { words } = await fakeAgent(t, { 'GET /events': () => ({ events: story }) })
  const { stdout } = await run(eventsCommand, ['-n', '2', ...words], undefined, 'ha')
  assert.match(
    stdout,
    /^11-24 \d\d:00:43\.000 \* B \(6\) B is active\n11-24 \d\d:00:50\.000 {3}B \(6\) A is back\n$/,
  )
  const json = await run(eventsCommand, ['--json', ...words], undefined, 'ha')
  assert.deepEqual(JSON.parse(json.stdout), story)
  assert.equal((await run(eventsCommand, ['-n', 'many', ...words], undefined, 'ha')).code, 2)
})

test('following goes on with what happens, until the agent ends', async (t) => {
  const { words } = await fakeAgent(t, {
    'GET /events': () => ({ events: story.slice(0, 1) }),
    'GET /events/live': () => story[5],
  })
  const { code, stdout } = await run(eventsCommand, ['-f', ...words], undefined, 'ha')
  assert.equal(code, 0)
  assert.match(stdout, /B starts[^]*B is active\n$/)
})
