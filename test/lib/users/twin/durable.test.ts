import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { withProgram } from '../../../support/programs.ts'

// A killed process leaves what it wrote to the kernel; only a power cut shows a sync that is missing. So the calls
// themselves are looked at, of the store that follows.

const victim = new URL('../../../support/twin-victim.ts', import.meta.url).pathname
const calls = 'fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat'
const needs = withProgram('strace')

test(
  'what follows is durable before its record, the record before it is seen, and that before the answer',
  needs,
  async (t) => {
    assert.deepEqual(await callsOf(t, 'follow', 'replace', 8), [
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

test('what is fetched to become equal is durable before the journal changes hands', needs, async (t) => {
  const made = await callsOf(t, 'reseed', '-', 200)
  const at = (what: string) => made.findLastIndex((call) => call.startsWith(what))
  const switched = at('rename .state/journal/00000002.jsonl.new')
  assert.ok(made.indexOf('fsync .state/rescue/2/1') >= 0)
  assert.ok(made.indexOf('fsync .state/rescue/2/1') < made.indexOf('fsync .state/reseed'))
  assert.ok(at('rename .state/reseed/placing.json.new') < switched)
  assert.ok(made.slice(0, switched).includes('fsync .state/reseed'))
  const moves = made.flatMap((call, index) =>
    /^rename \.state\/reseed\/[0-9a-f]{64}$/.test(call) ? [index] : [],
  )
  assert.ok(
    moves.length > 0 && moves.every((index) => index > switched),
    'content moves into place after that',
  )
  assert.ok(at('unlink .state/reseed/placing.json') > at('fsync .state/versions'))
})

/** The last calls of the store that follows, as `call path`; syncs that run at once are in the order of their names. */
async function callsOf(t: TestContext, mode: string, operation: string, count: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
  t.after(() => rm(folder, { recursive: true }))
  const trace = join(folder, 'trace')
  const program = [process.execPath, victim, mode, folder, operation, 'none']
  await execa('strace', ['-f', '-y', '-o', trace, '-e', `trace=${calls},write`, ...program])
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const answer = lines.findIndex((line) => line.includes('"done'))
  assert.ok(answer > 0)
  const below = join(folder, 'b/')
  const made = lines
    .slice(0, answer)
    .flatMap((line) => {
      const [, call = '', path = ''] = /^\d+ +(\w+)\((?:\d+<|")([^">]+)/.exec(line) ?? []
      return call === 'write' || !path.startsWith(below) ? [] : [`${call} ${path.slice(below.length)}`]
    })
    .map((line) => line.replace(/staging\/.*/, 'staging/*'))
    .slice(-count)
  return sortedSyncs(made)
}

function sortedSyncs(made: readonly string[]): string[] {
  const runs: string[][] = []
  const isSync = (call: string) => /^f(?:data)?sync(?! .*journal)/.test(call)
  for (const call of made) {
    const last = runs.at(-1)
    if (isSync(call) && last?.every(isSync) === true) last.push(call)
    else runs.push([call])
  }
  return runs.flatMap((run) => run.toSorted())
}
