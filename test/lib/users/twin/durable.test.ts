import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { callsOfReplacement, lastCalls, needsStrace } from '../../../support/disk-calls.ts'

/** Of the store that follows. */
const callsOf = (t: TestContext, mode: string, operation: string, count: number) =>
  lastCalls(t, count, { victim: 'twin-victim.ts', mode, operation, answer: 'done', below: 'b/' })

test(
  'what follows is durable before its record, the record before it is seen, and that before the answer',
  needsStrace,
  async (t) => {
    assert.deepEqual(await callsOf(t, 'follow', 'replace', 8), callsOfReplacement)
  },
)

test(
  'what is fetched to become equal is durable before the journal changes hands',
  needsStrace,
  async (t) => {
    const made = await callsOf(t, 'reseed', '-', 200)
    const at = (what: string) => made.findLastIndex((call) => call.startsWith(what))
    const switched = at('rename .state/journal/00000002.jsonl.new')
    assert.ok(made.indexOf('fsync .state/rescue/2/1') >= 0)
    assert.ok(made.indexOf('fsync .state/rescue/2/1') < made.indexOf('fsync .state/reseed'))
    const noted = at('rename .state/reseed/placing.json.new')
    assert.ok(made.slice(0, noted).includes('fsync .state/reseed/placing.json.new'))
    assert.ok(noted < switched)
    assert.ok(made.slice(0, switched).includes('fsync .state/reseed'))
    const moves = made.flatMap((call, index) =>
      /^rename \.state\/reseed\/[0-9a-f]{64}$/.test(call) ? [index] : [],
    )
    assert.ok(
      moves.length > 0 && moves.every((index) => index > switched),
      'content moves into place after that',
    )
    assert.ok(at('unlink .state/reseed/placing.json') > at('fsync .state/versions'))
  },
)
