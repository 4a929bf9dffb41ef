import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { execa } from 'execa'
import { temporaryFolder } from './folder.ts'
import { withProgram } from './programs.ts'
import { victimPath, type Victim } from './victims.ts'

// A killed process leaves what it wrote to the kernel; only a power cut shows a sync that is missing. So the calls
// themselves are looked at.

const calls = 'fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat'

export const needsStrace = withProgram('strace')

/** Of a file that is replaced, whichever node it is. */
export const callsOfReplacement: readonly string[] = [
  'link FTPdata/old.txt',
  'fdatasync .state/staging/*',
  'fsync .state/staging',
  'fsync .state/versions',
  'fdatasync .state/journal/00000001.jsonl',
  'rename .state/staging/*',
  'fsync FTPdata',
  'unlink .state/versions/2', // over the limit of two
]

export interface Watched {
  victim: Victim
  mode: string
  operation: string
  /** What it writes when it has done that. */
  answer: string
  /** The folder in its own that is looked at, with a slash at the end; empty: all of it. */
  below?: string
}

/** Its last calls before the answer, as `call path`; syncs that run at once are in the order of their names. */
export async function lastCalls(t: TestContext, count: number, watched: Watched): Promise<string[]> {
  const { victim, mode, operation, answer, below = '' } = watched
  const folder = await temporaryFolder(t)
  const trace = join(folder, 'trace')
  const program = [process.execPath, victimPath(victim), mode, folder, operation, 'none']
  await execa('strace', ['-f', '-y', '-o', trace, '-e', `trace=${calls},write`, ...program])
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const answered = lines.findIndex((line) => line.includes(`"${answer}`))
  assert.ok(answered > 0)
  const made = lines
    .slice(0, answered)
    .flatMap((line) => callIn(line, `${folder}/${below}`))
    .slice(-count)
  return sortedSyncs(made)
}

function callIn(line: string, top: string): string[] {
  const [, call = '', path = ''] = /^\d+ +(\w+)\((?:\d+<|")([^">]+)/.exec(line) ?? []
  if (call === 'write' || !path.startsWith(top)) return []
  return [`${call} ${path.slice(top.length)}`.replace(/staging\/.*/, 'staging/*')]
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
