import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { LogFile, type LogFileOptions } from '../../../lib/base/log-file.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { needsRoot } from '../../support/programs.ts'

const line = (number: number) => `${JSON.stringify({ number, text: 'x'.repeat(80) })}\n`
const numbersIn = (text: string) => [...text.matchAll(/"number":(\d+)/g)].map(([, number]) => Number(number))

/** A log file, and what it told of itself. */
function openIn(t: TestContext, folder: string, options: Partial<LogFileOptions> = {}) {
  const told: string[] = []
  const file = new LogFile({
    path: join(folder, 'a.log'),
    sizeBytes: 10_000,
    count: 3,
    onBroken: (error) => told.push(error instanceof Error ? error.message : String(error)),
    onMended: (lostLines) => told.push(`${lostLines} lines lost`),
    ...options,
  })
  t.after(() => file.close())
  return { file, told }
}

const read = (folder: string, name = 'a.log') => readFileSync(join(folder, name), 'utf8')

test('lines are in the file, in order, once it is closed', async (t) => {
  const folder = await temporaryFolder(t)
  const { file, told } = openIn(t, folder, { sizeBytes: 1_000_000 })
  for (let number = 0; number < 1000; number += 1) file.add(line(number))
  await file.close()
  assert.deepEqual(numbersIn(read(folder)), [...Array(1000).keys()])
  assert.deepEqual(told, [])
})

test('an uninterrupted burst leaves the newest lines in count + 1 files of the asked size and no more', async (t) => {
  const folder = await temporaryFolder(t)
  const { file } = openIn(t, folder)
  for (let number = 0; number < 3000; number += 1) file.add(line(number))
  await file.close()
  assert.deepEqual(readdirSync(folder).toSorted(), ['a.log', 'a.log.1', 'a.log.2', 'a.log.3'])
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size < 20_000, name)
  const kept = ['a.log.3', 'a.log.2', 'a.log.1', 'a.log'].flatMap((name) => numbersIn(read(folder, name)))
  assert.deepEqual(kept, [...Array(3000).keys()].slice(-kept.length))
})

test('lines with pauses between them rotate the same way', async (t) => {
  const folder = await temporaryFolder(t)
  const { file } = openIn(t, folder, { sizeBytes: 1000, count: 2 })
  for (let number = 0; number < 200; number += 1) {
    file.add(line(number))
    await new Promise(setImmediate)
  }
  await file.close()
  assert.deepEqual(readdirSync(folder).toSorted(), ['a.log', 'a.log.1', 'a.log.2'])
  assert.ok(statSync(join(folder, 'a.log.1')).size < 2500)
})

test('an existing file is continued', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'a.log'), 'before\n')
  const { file } = openIn(t, folder)
  file.add('after\n')
  await file.close()
  assert.equal(read(folder), 'before\nafter\n')
})

test('neither the file nor its folder can be written by others, whatever the umask', async (t) => {
  const folder = join(await temporaryFolder(t), 'log')
  const before = process.umask(0)
  try {
    openIn(t, folder)
  } finally {
    process.umask(before)
  }
  assert.equal(statSync(folder).mode & 0o777, 0o750)
  assert.equal(statSync(join(folder, 'a.log')).mode & 0o777, 0o640)
})

test('the file that is begun after a rotation has the same mode', async (t) => {
  const folder = await temporaryFolder(t)
  const before = process.umask(0)
  try {
    const { file } = openIn(t, folder, { sizeBytes: 100 })
    for (let number = 0; number < 5; number += 1) file.add(line(number))
    await file.close()
  } finally {
    process.umask(before)
  }
  assert.equal(statSync(join(folder, 'a.log')).mode & 0o777, 0o640)
})

test('what is not a file is refused at once', async (t) => {
  const folder = await temporaryFolder(t)
  mkdirSync(join(folder, 'a.log'))
  assert.throws(() => openIn(t, folder), /it is not a file/)
  rmSync(join(folder, 'a.log'), { recursive: true })
  execFileSync('mkfifo', [join(folder, 'a.log')])
  assert.throws(() => openIn(t, folder), /it is not a file/)
})

test('a file that cannot be made is refused at once', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  assert.throws(() => openIn(t, join(folder, 'file')), /EEXIST|ENOTDIR/)
})

test('writing after the end is ignored', async (t) => {
  const folder = await temporaryFolder(t)
  const { file, told } = openIn(t, folder)
  await file.close()
  file.add(line(1))
  await file.close()
  assert.equal(read(folder), '')
  assert.deepEqual(told, [])
})

test('when the process ends, what waits is written at once', async (t) => {
  const folder = await temporaryFolder(t)
  const { file } = openIn(t, folder)
  for (let number = 0; number < 50; number += 1) file.add(line(number))
  file.flushNow()
  const written = numbersIn(read(folder))
  assert.deepEqual(
    written.filter((number) => number > 0),
    [...Array(50).keys()].slice(1),
  )
})

test(
  'd116: a full disk loses lines and harms nothing; with room again the log goes on',
  needsRoot('mount'),
  async (t) => {
    const disk = smallDisk(t)
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, 'x'.repeat(40_000))
    const { file, told } = openIn(t, disk, { sizeBytes: 1_000_000, retryMs: 0 })
    let number = 0
    while (told.length === 0) await writeOne(file, (number += 1))
    assert.match(told[0] ?? '', /ENOSPC/)
    for (let more = 0; more < 100; more += 1) await writeOne(file, (number += 1))
    assert.equal(told.length, 1, 'it is told once')
    rmSync(ballast)
    while (told.length === 1) await writeOne(file, (number += 1))
    await file.close()
    assert.match(told[1] ?? '', /^\d+ lines lost$/)
    assert.equal(JSON.parse(read(disk).trimEnd().split('\n').at(-1) ?? '').number, number)
  },
)

/** With time for the disk to answer, so that few lines wait. */
async function writeOne(file: LogFile, number: number): Promise<void> {
  file.add(line(number))
  await delay(1)
}

/** A file system of 64 KB. */
function smallDisk(t: TestContext): string {
  const disk = mkdtempSync(join(tmpdir(), 'twintone-test-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
  t.after(() => {
    // Lazily: the log file in it is closed by a later clean-up when the test failed.
    execFileSync('umount', ['-l', disk])
    rmdirSync(disk)
  })
  return disk
}
