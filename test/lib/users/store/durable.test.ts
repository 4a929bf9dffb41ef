import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { withProgram } from '../../../support/programs.ts'

// A killed process leaves what it wrote to the kernel; only a power cut shows a sync that is missing. So the calls
// themselves are looked at.

const victim = new URL('../../../support/user-store-victim.ts', import.meta.url).pathname
const calls = 'fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat'
const needs = withProgram('strace')

test(
  'a new version is durable before its record, the record before the rename, that before the answer',
  needs,
  async (t) => {
    assert.deepEqual(await lastCalls(t, 'replace', 8), [
      'link FTPdata/old.txt',
      'fdatasync .state/staging/*',
      'fsync .state/staging',
      'fsync .state/versions',
      'fdatasync .state/journal/00000001.jsonl',
      'rename .state/staging/*',
      'fsync FTPdata',
      'unlink .state/versions/2', // over the limit of two
    ])
  },
)

test('a new folder is durable before the answer', needs, async (t) => {
  assert.deepEqual(await lastCalls(t, 'new in a folder', 6), [
    'fdatasync .state/staging/*',
    'fsync .state/staging',
    'fdatasync .state/journal/00000001.jsonl',
    'rename .state/staging/*',
    'fsync FTPdata',
    'fsync FTPdata/00040d123456',
  ])
})

test('a deletion is durable before its file goes, and its going before the answer', needs, async (t) => {
  assert.deepEqual(await lastCalls(t, 'delete', 5), [
    'link FTPdata/old.txt',
    'fsync .state/versions',
    'fdatasync .state/journal/00000001.jsonl',
    'unlink FTPdata/old.txt',
    'fsync FTPdata',
  ])
})

test(
  'a compacted journal is durable before it counts, and counts before the old one goes',
  needs,
  async (t) => {
    assert.deepEqual(await lastCalls(t, 'compaction', 4), [
      'fsync .state/journal/00000002.jsonl.new',
      'rename .state/journal/00000002.jsonl.new',
      'fsync .state/journal',
      'unlink .state/journal/00000001.jsonl',
    ])
  },
)

/** The last calls before the answer, as `call path`; syncs that run at once are in the order of their names. */
async function lastCalls(t: TestContext, operation: string, count: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
  t.after(() => rm(folder, { recursive: true }))
  const trace = join(folder, 'trace')
  const program = [process.execPath, victim, 'step', folder, operation, 'none']
  await execa('strace', ['-f', '-y', '-o', trace, '-e', `trace=${calls},write`, ...program])
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const answer = lines.findIndex((line) => line.includes('"acknowledged'))
  assert.ok(answer > 0)
  const made = lines
    .slice(0, answer)
    .flatMap((line) => {
      const [, call = '', path = ''] = /^\d+ +(\w+)\((?:\d+<|")([^">]+)/.exec(line) ?? []
      return call === 'write' || !path.startsWith(folder) ? [] : [`${call} ${path.slice(folder.length + 1)}`]
    })
    .map((line) => line.replace(/staging\/.*/, 'staging/*'))
    .slice(-count)
  return sortedSyncs(made)
}

function sortedSyncs(made: readonly string[]): string[] {
  const runs: string[][] = []
  for (const call of made) {
    const isSync = /^f(?:data)?sync(?! .*journal)/.test(call)
    const last = runs.at(-1)
    if (isSync && last?.every((other) => /^f(?:data)?sync(?! .*journal)/.test(other)) === true)
      last.push(call)
    else runs.push([call])
  }
  return runs.flatMap((run) => run.toSorted())
}
