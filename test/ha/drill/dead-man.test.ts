import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { perform, startOf, type Act } from '../../../ha/drill/acts.ts'
import { DeadMan } from '../../../ha/drill/dead-man.ts'
import { playFault } from '../../../ha/drill/play.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { startScript } from '../../support/script.ts'
import { until } from '../../support/until.ts'

const ha = new URL('../../../ha', import.meta.url).href
const context = { clock: systemClock, signal: new AbortController().signal, tell: () => {} }

/** A process of the test's own, to be frozen and killed. */
async function victim(t: TestContext): Promise<{ pid: number; startedAt: string }> {
  const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  const { pid = 0 } = child
  const startedAt = await until(() => startOf(pid))
  return { pid, startedAt }
}

const stateOf = async (pid: number): Promise<string | undefined> =>
  /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))?.[1]

const becomes = (pid: number, state: string) =>
  until(async () => ((await stateOf(pid)) === state ? true : undefined))

const signalTo = (
  process: { pid: number; startedAt: string },
  signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL',
): Act => ({
  do: 'signal',
  signal,
  ...process,
})

test('a process that was frozen goes on when the fault is taken back', async (t) => {
  const frozen = await victim(t)
  const fault = { inflict: [signalTo(frozen, 'SIGSTOP')], undo: [signalTo(frozen, 'SIGCONT')] }
  const playing = playFault(fault, 1_500, context)
  await becomes(frozen.pid, 'T')
  assert.deepEqual(await playing, [])
  assert.equal(await stateOf(frozen.pid), 'S')
})

test('the fault is taken back in time though whoever did it is killed meanwhile', async (t) => {
  const frozen = await victim(t)
  const script = await startScript(
    t,
    `import { playFault } from '${ha}/drill/play.ts'
    import { systemClock } from 'LIB/base/clock.ts'
    const context = { clock: systemClock, signal: new AbortController().signal, tell: (line) => console.log(line) }
    const frozen = ${JSON.stringify(frozen)}
    const fault = { inflict: [{ do: 'signal', signal: 'SIGSTOP', ...frozen }], undo: [{ do: 'signal', signal: 'SIGCONT', ...frozen }] }
    await playFault(fault, 1_000, context)`,
  )
  await becomes(frozen.pid, 'T')
  script.child.kill('SIGKILL')
  await script.ended
  assert.equal(await stateOf(frozen.pid), 'T')
  // Its time and the grace of five seconds.
  await until(async () => ((await stateOf(frozen.pid)) === 'S' ? true : undefined), 30_000)
})

test('the fault begins only once the timer runs', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'made')
  const before = new Set(await drillFolders())
  // The act itself looks whether a timer is armed.
  const look = `ls ${tmpdir()}/twintone-drill-*/armed > ${file}`
  const inflict: Act[] = [{ do: 'run', program: 'sh', args: ['-c', look] }]
  await playFault({ inflict, undo: [] }, 10, context)
  const armed = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  assert.ok(armed.some((line) => !before.has(line.split('/').at(-2) ?? '')))
})

const drillFolders = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('twintone-drill-'))

test('what cannot be done is taken back at once, and told', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'made')
  const inflict: Act[] = [
    { do: 'run', program: 'touch', args: [file] },
    { do: 'run', program: 'false', args: [] },
  ]
  await assert.rejects(
    playFault({ inflict, undo: [{ do: 'remove', file }] }, 60_000, context),
    /false: exit code 1/,
  )
  assert.deepEqual(await readdir(folder), [])
})

test('what cannot be taken back is told with its reason, and nothing else is left out for it', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'made')
  await writeFile(file, '')
  const deadMan = await DeadMan.arm({
    afterMs: 60_000,
    acts: [
      { do: 'run', program: 'false', args: [] },
      { do: 'remove', file },
    ],
  })
  assert.deepEqual(await deadMan.undoNow(), [{ act: 'false', why: 'false: exit code 1' }])
  await assert.rejects(stat(file))
})

test('a process that has ended is not mistaken for a later one with its number', async (t) => {
  const { pid } = await victim(t)
  const another = { pid, startedAt: '12' }
  await assert.rejects(perform(signalTo(another, 'SIGKILL')), /has ended already/)
  await perform(signalTo(another, 'SIGCONT'))
  assert.equal(await stateOf(pid), 'S')
})

test('the plan is nobody else to read: it may hold an environment', async () => {
  const before = new Set(await drillFolders())
  const deadMan = await DeadMan.arm({ afterMs: 60_000, acts: [] })
  const [folder] = (await drillFolders()).filter((name) => !before.has(name))
  const { mode } = await stat(join(tmpdir(), folder ?? ''))
  assert.equal(mode & 0o077, 0)
  assert.deepEqual(await deadMan.undoNow(), [])
  await assert.rejects(stat(join(tmpdir(), folder ?? '')))
})
