import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { callsOfReplacement, lastCalls, needsStrace } from '../../../support/disk-calls.ts'

const callsOf = (t: TestContext, operation: string, count: number) =>
  lastCalls(t, count, { victim: 'user-store-victim.ts', mode: 'step', operation, answer: 'acknowledged' })

test(
  'a new version is durable before its record, the record before the rename, that before the answer',
  needsStrace,
  async (t) => {
    assert.deepEqual(await callsOf(t, 'replace', 8), callsOfReplacement)
  },
)

test('a new folder is durable before the answer', needsStrace, async (t) => {
  assert.deepEqual(await callsOf(t, 'new in a folder', 6), [
    'fdatasync .state/staging/*',
    'fsync .state/staging',
    'fdatasync .state/journal/00000001.jsonl',
    'rename .state/staging/*',
    'fsync FTPdata',
    'fsync FTPdata/00040d123456',
  ])
})

test(
  'a deletion is durable before its file goes, and its going before the answer',
  needsStrace,
  async (t) => {
    assert.deepEqual(await callsOf(t, 'delete', 5), [
      'link FTPdata/old.txt',
      'fsync .state/versions',
      'fdatasync .state/journal/00000001.jsonl',
      'unlink FTPdata/old.txt',
      'fsync FTPdata',
    ])
  },
)

test(
  'a compacted journal is durable before it counts, and counts before the old one goes',
  needsStrace,
  async (t) => {
    assert.deepEqual(await callsOf(t, 'compaction', 4), [
      'fsync .state/journal/00000002.jsonl.new',
      'rename .state/journal/00000002.jsonl.new',
      'fsync .state/journal',
      'unlink .state/journal/00000001.jsonl',
    ])
  },
)
