import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { parseMirrorPath } from '../../../ha/mirror/layout.ts'
import type { Entry } from '../../../ha/mirror/manifest.ts'
import { manifestOf, sha256Of, startFakeActive, type FakeActive } from '../../support/fake-active.ts'
import {
  lay,
  makeMirrors,
  placesBelow,
  startMirrors,
  untilAlike,
  type TestMirror,
} from '../../support/mirrors.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { needsRoot } from '../../support/programs.ts'
import { until } from '../../support/until.ts'

const entryOf = (path: string, content: Buffer): Entry => ({
  path: parseMirrorPath(path),
  size: content.length,
  sha256: sha256Of(content),
  mtimeMs: 1_700_000_000_000,
  mode: 0o644,
})
const untilThere = (path: string, content: Buffer) =>
  until(
    async () => ((await readFile(path).catch(() => undefined))?.equals(content) === true ? true : undefined),
    30_000,
  )

/** A standby whose active node does what the test says. */
async function standbyOfFake(t: TestContext): Promise<{ active: FakeActive; b: TestMirror }> {
  const { a, b } = await makeMirrors(t)
  const active = await startFakeActive(t, { ...a.settings, address: a.settings.node.address })
  await b.mirror.start()
  b.mirror.setRole('standby', true)
  return { active, b }
}

test('a fetch that broke off goes on where it was, and says so with Range', async (t) => {
  const { active, b } = await standbyOfFake(t)
  const content = randomBytes(2_000_000)
  active.blob = (asked, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(asked.headers.range ?? '')?.[1] ?? 0)
    if (from > 0) {
      response.writeHead(206, { 'content-range': `bytes ${from}-1999999/2000000` })
      return void response.end(content.subarray(from))
    }
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 700_000), () => setTimeout(() => response.destroy(), 300))
  }
  active.lines = manifestOf([entryOf('HTTPdata/fw.bin', content)])
  await untilThere(b.path('HTTPdata/fw.bin'), content)
  assert.deepEqual(active.ranges, ['', 'bytes=700000-'])
})

test('so does one that the end of our process broke off', async (t) => {
  const { active, b } = await standbyOfFake(t)
  const content = randomBytes(2_000_000)
  await b.mirror.stop()
  await writeFile(b.path(`.state/blobs/${sha256Of(content)}`), content.subarray(0, 500_000))
  active.blob = (_, response) => {
    response.writeHead(206, { 'content-range': `bytes 500000-1999999/2000000` })
    response.end(content.subarray(500_000))
  }
  active.lines = manifestOf([entryOf('HTTPdata/fw.bin', content)])
  const { b: again } = await makeMirrors(t, { b: { ...b.settings } })
  await again.mirror.start()
  again.mirror.setRole('standby', true)
  await untilThere(b.path('HTTPdata/fw.bin'), content)
  assert.deepEqual(active.ranges, ['bytes=500000-'])
})

test('content that is not what its hash says is not put in place, is an alarm, and is fetched anew', async (t) => {
  const { active, b } = await standbyOfFake(t)
  const content = randomBytes(1_000)
  let lies = true
  active.blob = (_, response) => void response.writeHead(200).end(lies ? randomBytes(1_000) : content)
  active.lines = manifestOf([entryOf('HTTPdata/a.txt', content)])
  await until(() => (active.ranges.length >= 2 ? true : undefined))
  await until(() =>
    b.alarms.list().some(({ text }) => text.includes('is not what its hash')) ? true : undefined,
  )
  assert.deepEqual(await readdir(b.path('HTTPdata')), [])
  assert.equal(b.mirror.status().behind?.files, 1)
  lies = false
  await untilThere(b.path('HTTPdata/a.txt'), content)
  await until(() => (b.alarms.list().length === 0 ? true : undefined))
})

test('an answer that never ends is cut off', async (t) => {
  const { active, b } = await standbyOfFake(t)
  const content = Buffer.from('short')
  active.blob = (_, response) => void response.writeHead(200).end(Buffer.alloc(5_000_000))
  active.lines = manifestOf([entryOf('HTTPdata/a.txt', content)])
  await until(() =>
    b.mirror.status().lastError?.includes('more than the 5 bytes') === true ? true : undefined,
  )
  assert.deepEqual(await readdir(b.path('.state/blobs')), [])
})

test('a manifest with one path that leads elsewhere changes nothing, and says why', async (t) => {
  const { active, b } = await standbyOfFake(t)
  const [line = ''] = manifestOf([])
  const rows = ['HTTPdata/../../escaped.txt', 'HTTPdata/good.txt'].map((path) =>
    JSON.stringify([path, 4, sha256Of('evil'), 1, 0o644]),
  )
  active.blob = (_, response) => void response.writeHead(200).end('evil')
  active.lines = [line.replace('"count":0', '"count":2'), ...rows]
  await until(() =>
    b.mirror.status().lastError?.includes('file name not allowed') === true ? true : undefined,
  )
  assert.deepEqual(await readdir(b.path('HTTPdata')), [])
  assert.deepEqual(active.ranges, [])
})

test('nothing is taken from a node that is not active', async (t) => {
  const { active, b } = await standbyOfFake(t)
  const content = Buffer.from('x')
  active.blob = (_, response) => void response.writeHead(200).end(content)
  active.lines = manifestOf([entryOf('HTTPdata/a.txt', content)], { role: 'standby' })
  await until(() => (b.mirror.status().lastError === 'node-a is not active' ? true : undefined))
  assert.deepEqual(await readdir(b.path('HTTPdata')), [])
  assert.equal(b.mirror.allHere().ready, false)
})

test('a large file that changes while it is sent arrives as it is then, whole', async (t) => {
  const pair = await startMirrors(t, { a: { mbitPerSecond: 40 } })
  const { a, b } = pair
  await lay(a.path('HTTPdata/fw.bin'), randomBytes(4_000_000))
  await until(async () => ((await readdir(b.path('.state/blobs'))).length > 0 ? true : undefined))
  const later = randomBytes(3_000_000)
  await writeFile(a.path('HTTPdata/fw.bin'), later) // in place, as an editor does
  await untilThere(b.path('HTTPdata/fw.bin'), later)
  await untilAlike(pair)
})

test('a large file on a slow line does not hold up small ones', async (t) => {
  const pair = await startMirrors(t, { a: { mbitPerSecond: 80 } })
  const { a, b } = pair
  await lay(a.path('HTTPdata/fw.bin'), randomBytes(50_000_000))
  await until(async () => ((await readdir(b.path('.state/blobs'))).length > 0 ? true : undefined))
  await lay(a.path('HTTPdata/46xxsettings.txt'), 'SET')
  await untilThere(b.path('HTTPdata/46xxsettings.txt'), Buffer.from('SET'))
  assert.ok(
    !(await readdir(b.path('HTTPdata'))).includes('fw.bin'),
    'the firmware was here before the settings',
  )
})

test('what could not be put in place is an alarm, and comes once its place is free; it is not taken for removed', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await mkdir(b.path('HTTPdata/a.txt'))
  await lay(a.path('HTTPdata/a.txt'), 'content')
  await until(() =>
    b.alarms.list().some(({ text }) => text.includes('is a folder here')) ? true : undefined,
  )
  await rm(b.path('HTTPdata/a.txt'), { recursive: true })
  await untilThere(b.path('HTTPdata/a.txt'), Buffer.from('content'))
  await untilAlike(pair)
  assert.deepEqual(b.mirror.status().drift, [])
  await until(() => (b.alarms.list().length === 0 ? true : undefined))
})

test(
  'folders on a disk of their own are served from that disk, and what is rescued from it is copied',
  needsRoot('mount a small disk'),
  async (t) => {
    const disk = await mountSmallDisk(t)
    const folder = await temporaryFolder(t)
    const places = { ...placesBelow(folder), HTTPdata: disk }
    const pair = await startMirrors(t, { b: { dataFolder: folder, places } })
    const { a, b } = pair
    const content = randomBytes(500_000)
    await lay(a.path('HTTPdata/fw.bin'), content)
    await untilThere(join(disk, 'fw.bin'), content)
    await untilAlike(pair)
    await lay(join(disk, 'fw.bin'), 'by hand')
    await until(() => (b.mirror.status().drift.length === 1 ? true : undefined))
    const { folder: rescue } = await b.mirror.resync()
    assert.equal(await readFile(join(rescue, 'HTTPdata/fw.bin'), 'utf8'), 'by hand')
    await untilThere(join(disk, 'fw.bin'), content)
    assert.deepEqual(await readdir(disk), ['fw.bin'])
  },
)

test(
  'on a full disk the old file stays and an alarm says why; once there is room the new one comes',
  needsRoot('mount a small disk'),
  async (t) => {
    const folder = await mountSmallDisk(t)
    const pair = await startMirrors(t, { b: { dataFolder: folder } })
    const { a, b } = pair
    await lay(a.path('HTTPdata/fw.bin'), 'old')
    await untilThere(b.path('HTTPdata/fw.bin'), Buffer.from('old'))
    await untilAlike(pair)
    const ballast = await fillUp(folder, 900_000)
    const later = randomBytes(1_500_000)
    await lay(a.path('HTTPdata/fw.bin'), later)
    await until(() =>
      b.alarms.list().some(({ text }) => text.includes('no space for 1500000 bytes')) ? true : undefined,
    )
    assert.equal(await readFile(b.path('HTTPdata/fw.bin'), 'utf8'), 'old')
    assert.deepEqual(await readdir(b.path('.state/blobs')), [])
    await truncate(ballast)
    await untilThere(b.path('HTTPdata/fw.bin'), later)
    await until(() => (b.alarms.list().length === 0 ? true : undefined))
  },
)

test(
  'a disk that runs full in the middle of a fetch is left with no part of it',
  needsRoot('mount a small disk'),
  async (t) => {
    const folder = await mountSmallDisk(t)
    const { a, b } = await startMirrors(t, { a: { mbitPerSecond: 8 }, b: { dataFolder: folder } })
    await lay(a.path('HTTPdata/fw.bin'), randomBytes(2_500_000))
    const blobs = b.path('.state/blobs')
    await until(async () => {
      const [name] = await readdir(blobs)
      const stats = name === undefined ? undefined : await stat(join(blobs, name)).catch(() => undefined)
      return (stats?.size ?? 0) > 300_000 ? true : undefined
    })
    await assert.rejects(writeFile(join(folder, 'ballast'), Buffer.alloc(4_194_304)), { code: 'ENOSPC' })
    await until(() => (b.alarms.list().some(({ text }) => text.includes('no space for')) ? true : undefined))
    assert.deepEqual(await readdir(blobs), [])
    assert.deepEqual(await readdir(b.path('HTTPdata')), [])
  },
)

/** Mounted before anything is started there, since what is registered first is cleaned up first. */
async function mountSmallDisk(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder])
  t.after(async () => {
    await execa('umount', ['--lazy', folder], { reject: false })
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

/** Leaves so many bytes free. @returns the file that takes the rest */
async function fillUp(folder: string, leave: number): Promise<string> {
  const ballast = join(folder, 'ballast')
  const { stdout } = await execa('df', ['--output=avail', '-B1', folder])
  await writeFile(ballast, Buffer.alloc(Number(stdout.split('\n')[1]) - leave))
  return ballast
}
