import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import { silentLog } from '../../lib/base/log.ts'
import { Evidence } from '../../watchdog/evidence.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, startProgram } from '../support/program.ts'
import { runScript } from '../support/script.ts'
import { until } from '../support/until.ts'

const settingsWith = (port: number) => `
node.name = "pbx-a"
run.folder = "run"
data.folder = "data"
log = { file = "fileserver.log", stdout = true }
http = { addresses = ["127.0.0.1"], ports = [${port}] }
https.enabled = false
tftp.enabled = false
ftp.enabled = false
status.enabled = false
superUser.password = "hush-hush-settings"
`

/** A real file server, with secrets wherever a file server can have them. */
async function fileserver(t: TestContext) {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'twintone.toml'), settingsWith(await freePort()))
  for (const root of ['HTTPdata', 'FTPdata']) mkdirSync(join(folder, 'data', root), { recursive: true })
  const program = startProgram(t, ['cmd/fileserver.ts', '--config', join(folder, 'twintone.toml')], {
    TWINTONE_ALERT_MAIL_PASSWORD: 'hush-hush-environment',
  })
  await program.says('"ready"')
  return { folder, program, pid: program.child.pid ?? 0, evidence: evidenceOf(folder) }
}

const evidenceOf = (folder: string) =>
  new Evidence(
    {
      dataFolder: join(folder, 'data'),
      socketPath: join(folder, 'run', 'fileserver.sock'),
      logFile: join(folder, 'fileserver.log'),
    },
    { clock: systemClock, log: silentLog },
  )

const subject = (pid: number | undefined) => ({ incident: '20261124-0915-http-80', reason: 'no answer', pid })
const keptIn = (folder: string) => join(folder, 'data', '.state', 'watchdog', 'evidence')

test('of a file server that answers, all is kept, and nothing of it is secret', async (t) => {
  const { folder, pid, evidence } = await fileserver(t)
  const collected = await evidence.collect(subject(pid))
  assert.deepEqual(collected, { folder: join(keptIn(folder), '20261124-0915-http-80'), missing: [] })
  const read = (file: string) => readFileSync(join(collected.folder ?? '', file), 'utf8')
  assert.deepEqual(readdirSync(collected.folder ?? ''), [
    'about.json',
    'log.txt',
    'process.json',
    'report.json',
    'status.json',
  ])
  assert.equal(JSON.parse(read('about.json')).incident, '20261124-0915-http-80')
  assert.equal(JSON.parse(read('status.json')).process.pid, pid)
  assert.equal(JSON.parse(read('report.json')).header.processId, pid)
  assert.match(read('log.txt'), /"ready"/)
  const { descriptors, maps, limits, status, threads } = JSON.parse(read('process.json'))
  assert.ok(descriptors.socket > 0 && descriptors.file > 0 && descriptors['anon_inode:[eventpoll]'] > 0)
  assert.ok(maps.regions > 10 && threads.length > 1)
  assert.match(limits.join('\n'), /^Max open files +\d+/m)
  assert.match(status.join('\n'), /^VmRSS:/m)
  for (const file of readdirSync(collected.folder ?? '')) assert.doesNotMatch(read(file), /hush-hush/, file)
})

test('of one that is stopped, what the kernel knows is kept in time, and what is missing is said', async (t) => {
  const { program, pid, evidence } = await fileserver(t)
  program.child.kill('SIGSTOP')
  await until(() => (/^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')) ? true : undefined))
  const { folder, missing } = await evidence.collect(subject(pid))
  assert.equal(missing.length, 2)
  for (const file of ['report.json', 'status.json'])
    assert.match(missing.join('\n'), new RegExp(`^${file}: .*: no answer within 2000 ms$`, 'm'))
  assert.deepEqual(readdirSync(folder ?? ''), ['about.json', 'log.txt', 'process.json'])
  const facts = JSON.parse(readFileSync(join(folder ?? '', 'process.json'), 'utf8'))
  assert.match(facts.threads[0].state, /^T \(stopped\)/)
  assert.deepEqual(JSON.parse(readFileSync(join(folder ?? '', 'about.json'), 'utf8')).missing, missing)
})

test('of one that is gone there is the log, and why the rest is missing', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'fileserver.log'), 'last words\n')
  const collected = await evidenceOf(folder).collect(subject(undefined))
  assert.equal(readFileSync(join(collected.folder ?? '', 'log.txt'), 'utf8'), 'last words')
  assert.equal(collected.missing.length, 3)
  assert.match(collected.missing.join('\n'), /^process\.json: the process is not known, or does not run$/m)
  assert.match(collected.missing.join('\n'), /^status\.json: nothing is running behind/m)
})

test('what hangs is left out, said, and holds up neither the rest nor the cure', async (t) => {
  const folder = await temporaryFolder(t)
  const fifo = join(folder, 'fileserver.log')
  execFileSync('mkfifo', [fifo])
  // Whoever opens it to read waits for a writer, as for a disk that hangs.
  const { folder: kept, missing } = await evidenceOf(folder).collect(subject(process.pid))
  closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK))
  assert.ok(missing.includes('log.txt: not at hand in time'), missing.join('; '))
  assert.deepEqual(readdirSync(kept ?? ''), ['about.json', 'process.json'])
})

test('d116: where nothing can be written, that is said, and the cure is not held up', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'data'), 'not a folder')
  const { folder: kept, missing } = await evidenceOf(folder).collect(subject(process.pid))
  assert.equal(kept, undefined)
  assert.match(missing.join(), /ENOTDIR/)
})

test('d111: an incident of an odd name leads nowhere else', async (t) => {
  const folder = await temporaryFolder(t)
  const { folder: kept } = await evidenceOf(folder).collect({
    ...subject(undefined),
    incident: '../../../x $(id)',
  })
  assert.equal(kept, join(keptIn(folder), '_________x___id_'))
  assert.equal(existsSync(join(keptIn(folder), '../../../x $(id)')), false)
})

test('d116: without descriptors left there is no evidence, that is said, and it comes back with them', async (t) => {
  const folder = await temporaryFolder(t)
  const { stdout, stderr } = await runScript(
    t,
    `
      import { closeSync, openSync } from 'node:fs'
      import { systemClock } from 'LIB/base/clock.ts'
      import { silentLog } from 'LIB/base/log.ts'
      import { Evidence } from 'LIB/../watchdog/evidence.ts'
      const evidence = new Evidence(
        { dataFolder: '${folder}', socketPath: '${folder}/no.sock', logFile: '' },
        { clock: systemClock, log: silentLog },
      )
      const subject = { incident: 'i', reason: 'r', pid: process.pid }
      const held = []
      try {
        for (;;) held.push(openSync('/dev/null', 'r'))
      } catch (error) {
        console.log(error.code)
      }
      const without = await evidence.collect(subject)
      console.log(without.missing.some((text) => text.includes('EMFILE')))
      for (const each of held) closeSync(each)
      const again = await evidence.collect(subject)
      console.log(again.missing.some((text) => text.startsWith('process.json')))
    `,
  )
  assert.deepEqual([stdout, stderr], ['EMFILE\ntrue\nfalse\n', ''])
})
