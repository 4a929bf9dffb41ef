import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Alarms } from '../../../../lib/base/alarms.ts'
import { silentLog } from '../../../../lib/base/log.ts'
import { Archive } from '../../../../lib/users/archive/archive.ts'
import { Archivist } from '../../../../lib/users/archive/archivist.ts'
import { MemoryStore } from '../../../support/archived-store.ts'
import { TestClock } from '../../../support/clock.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { runScript } from '../../../support/script.ts'
import { until } from '../../../support/until.ts'

async function setUp(t: TestContext, now = '2026-12-01T00:30:00.000Z') {
  const folder = join(await temporaryFolder(t), 'archive')
  const clock = new TestClock(0, new Date(now))
  const store = new MemoryStore()
  const alarms = new Alarms({ clock, log: silentLog })
  const parts = { store, alarms, clock, log: silentLog }
  return { folder, clock, store, alarms, parts, archive: new Archive(folder, parts) }
}

const unpack = async (path: string) => gunzipSync(await readFile(path)).toString()
const archived = async (folder: string, month = '2026-11') => (await readdir(join(folder, month))).toSorted()

test('a month holds each file as it stood at the end, packed, beside a manifest', async (t) => {
  const { folder, store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'old')
  const { hash, seq } = store.write('4711_96xxdata.txt', 'at the end')
  store.write('4711_96xxdata.txt', 'too late', '2026-12-01T00:10:00.000Z')
  store.write('4712_96xxdata.txt', 'deleted in time')
  store.write('4712_96xxdata.txt', undefined)
  const report = await archive.run()
  assert.deepEqual(report, {
    outcome: 'written',
    month: '2026-11',
    files: 1,
    bytes: 10,
    reused: 0,
    missing: [],
  })
  assert.deepEqual(await archived(folder), ['.manifest.json', '4711_96xxdata.txt.gz'])
  assert.equal(await unpack(join(folder, '2026-11/4711_96xxdata.txt.gz')), 'at the end')
  assert.deepEqual(JSON.parse(await readFile(join(folder, '2026-11/.manifest.json'), 'utf8')), {
    month: '2026-11',
    complete: true,
    madeAt: '2026-12-01T00:30:00.000Z',
    files: [{ name: '4711_96xxdata.txt', size: 10, hash, seq }],
    missing: [],
  })
})

test('a file deleted after the end of the month is in its archive', async (t) => {
  const { folder, store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'kept')
  store.write('4711_96xxdata.txt', undefined, '2026-12-01T00:10:00.000Z')
  await archive.run()
  assert.equal(await unpack(join(folder, '2026-11/4711_96xxdata.txt.gz')), 'kept')
})

test('names with a folder keep it, and empty files are files', async (t) => {
  const { folder, store, archive } = await setUp(t)
  store.write('0004f2aabbcc/boot.log', '')
  await archive.run()
  assert.equal(await unpack(join(folder, '2026-11/0004f2aabbcc/boot.log.gz')), '')
})

test('a month without files leaves no folder', async (t) => {
  const { folder, store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'too late', '2026-12-01T00:10:00.000Z')
  assert.deepEqual(await archive.run(), { outcome: 'nothing', month: '2026-11' })
  await assert.rejects(readdir(folder), { code: 'ENOENT' })
})

test('the current month can be archived by hand, and is done again when it is over', async (t) => {
  const { folder, clock, store, archive } = await setUp(t, '2026-11-20T00:00:00.000Z')
  store.write('4711_96xxdata.txt', 'half')
  store.write('4712_96xxdata.txt', 'will be deleted')
  await archive.run('2026-11')
  assert.partialDeepStrictEqual(await archive.list(), [{ month: '2026-11', complete: false, files: 2 }])
  store.write('4711_96xxdata.txt', 'whole', '2026-11-25T00:00:00.000Z')
  store.write('4712_96xxdata.txt', undefined, '2026-11-25T00:00:00.000Z')
  clock.setWall(new Date('2026-12-01T00:00:00.000Z'))
  await archive.run()
  assert.partialDeepStrictEqual(await archive.list(), [{ month: '2026-11', complete: true, files: 1 }])
  assert.equal(await unpack(join(folder, '2026-11/4711_96xxdata.txt.gz')), 'whole')
  assert.deepEqual(await readdir(folder), ['2026-11'])
})

test('a month that was archived when it was over is not written again, for versions may be gone by then', async (t) => {
  const { store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'x')
  await archive.run()
  assert.deepEqual(await archive.run('2026-11'), { outcome: 'there', month: '2026-11' })
})

test('a month that has not begun, and what is no month, are refused', async (t) => {
  const { archive } = await setUp(t)
  await assert.rejects(archive.run('2027-01'), { name: 'Refusal', detail: '2027-01 has not begun' })
  await assert.rejects(archive.run('../etc'), { name: 'Refusal', reason: 'badName' })
  await assert.rejects(archive.restore('2026-11/..'), { name: 'Refusal', reason: 'badName' })
})

test('after a crash, what is there and whole is not done again, and what is torn is', async (t) => {
  const { folder, store, archive, parts } = await setUp(t)
  for (const n of [1, 2, 3]) store.write(`471${n}_96xxdata.txt`, `data of ${n}`)
  const stop = new AbortController()
  const interrupted = archive.run('2026-11', {
    signal: stop.signal,
    progress: (done) => {
      if (done === 2) stop.abort()
    },
  })
  await assert.rejects(interrupted, { name: 'AbortError' })
  const partial = join(folder, '2026-11.partial')
  assert.deepEqual(await readdir(folder), ['2026-11.partial'])
  const packed = await readFile(join(partial, '4712_96xxdata.txt.gz'))
  await writeFile(join(partial, '4712_96xxdata.txt.gz'), packed.subarray(0, -3))
  await writeFile(join(partial, 'stray.gz'), 'x')
  const report = await new Archive(folder, parts).run('2026-11')
  assert.partialDeepStrictEqual(report, { outcome: 'written', files: 3, reused: 1 })
  assert.deepEqual(await archived(folder), [
    '.manifest.json',
    '4711_96xxdata.txt.gz',
    '4712_96xxdata.txt.gz',
    '4713_96xxdata.txt.gz',
  ])
  assert.equal(await unpack(join(folder, '2026-11/4712_96xxdata.txt.gz')), 'data of 2')
})

test('a run that is killed (SIGKILL) is gone on with, from the files that were whole', async (t) => {
  const { folder, store, archive } = await setUp(t)
  for (const n of [1, 2, 3]) store.write(`471${n}_96xxdata.txt`, `data of ${n}`)
  const { signal } = await runScript(
    t,
    `import { Archive } from 'LIB/users/archive/archive.ts'
     import { Alarms } from 'LIB/base/alarms.ts'
     import { silentLog } from 'LIB/base/log.ts'
     import { MemoryStore } from 'LIB/../test/support/archived-store.ts'
     import { TestClock } from 'LIB/../test/support/clock.ts'
     const clock = new TestClock(0, new Date('2026-12-01T00:30:00.000Z'))
     const store = new MemoryStore()
     for (const n of [1, 2, 3]) store.write(\`471\${n}_96xxdata.txt\`, \`data of \${n}\`)
     const alarms = new Alarms({ clock, log: silentLog })
     await new Archive(${JSON.stringify(folder)}, { store, alarms, clock, log: silentLog }).run('2026-11', {
       progress: (done) => done === 2 && process.kill(process.pid, 'SIGKILL'),
     })`,
  )
  assert.equal(signal, 'SIGKILL')
  assert.partialDeepStrictEqual(await archive.run('2026-11'), { outcome: 'written', files: 3, reused: 2 })
})

test('a crash while a month is replaced by a whole newer one leaves the newer one', async (t) => {
  const { folder, store, archive, parts } = await setUp(t)
  store.write('4711_96xxdata.txt', 'newer')
  await archive.run()
  await rename(join(folder, '2026-11'), join(folder, '2026-11.partial'))
  await mkdir(join(folder, '2026-11.old'))
  assert.partialDeepStrictEqual(await new Archive(folder, parts).list(), [{ month: '2026-11', files: 1 }])
  assert.deepEqual(await readdir(folder), ['2026-11'])
})

test('a crash before the newer one was whole leaves the older one', async (t) => {
  const { folder, store, archive, parts } = await setUp(t)
  store.write('4711_96xxdata.txt', 'older')
  await archive.run()
  await rename(join(folder, '2026-11'), join(folder, '2026-11.old'))
  await mkdir(join(folder, '2026-11.partial'))
  assert.partialDeepStrictEqual(await new Archive(folder, parts).list(), [{ month: '2026-11', files: 1 }])
  assert.deepEqual((await readdir(folder)).toSorted(), ['2026-11', '2026-11.partial'])
})

test('a folder that is written again has no manifest until it is whole again', async (t) => {
  const { folder, store, archive, parts } = await setUp(t)
  for (const n of [1, 2]) store.write(`471${n}_96xxdata.txt`, 'x')
  await archive.run()
  await rename(join(folder, '2026-11'), join(folder, '2026-11.partial'))
  const stop = AbortSignal.abort()
  await assert.rejects(new Archive(folder, parts).run('2026-11', { signal: stop }), { name: 'AbortError' })
  assert.deepEqual(await archived(folder, '2026-11.partial'), [
    '4711_96xxdata.txt.gz',
    '4712_96xxdata.txt.gz',
  ])
})

test('a file that cannot be read does not keep the others out, and is an alarm', async (t) => {
  const { store, alarms, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'fine')
  store.write('4712_96xxdata.txt', 'lost')
  const read = store.readVersion.bind(store)
  store.readVersion = async (name, seq) => {
    if (name.startsWith('4712')) throw new Error('EIO: i/o error')
    return read(name, seq)
  }
  assert.partialDeepStrictEqual(await archive.run(), { files: 1, missing: ['4712_96xxdata.txt'] })
  assert.match(alarms.list()[0]?.text ?? '', /2026-11 lacks 4712_96xxdata\.txt/)
})

test('content that differs from its record is not archived as if it were good', async (t) => {
  const { store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'right')
  store.readVersion = async () => Buffer.from('wrong')
  assert.partialDeepStrictEqual(await archive.run(), { files: 0, missing: ['4711_96xxdata.txt'] })
})

test('a run that cannot write is an alarm, until one succeeds', async (t) => {
  const { folder, store, alarms, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'x')
  await writeFile(folder, 'not a folder')
  await assert.rejects(archive.run())
  assert.match(alarms.list()[0]?.text ?? '', /^2026-11 could not be written, and is tried again each hour: /)
  await rename(folder, `${folder}.away`)
  await archive.run()
  assert.deepEqual(alarms.list(), [])
})

test('a month is put back as new versions, but for files that are the same', async (t) => {
  const { store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'as it was')
  store.write('4712_96xxdata.txt', 'the same')
  store.write('4713_96xxdata.txt', 'deleted later')
  await archive.run()
  store.write('4711_96xxdata.txt', 'spoilt', '2026-12-01T00:40:00.000Z')
  store.write('4713_96xxdata.txt', undefined, '2026-12-01T00:40:00.000Z')
  assert.deepEqual(await archive.restore('2026-11'), {
    restored: ['4711_96xxdata.txt', '4713_96xxdata.txt'],
    unchanged: ['4712_96xxdata.txt'],
    refused: [],
  })
  assert.equal(store.current('4711_96xxdata.txt'), 'as it was')
  assert.equal(store.current('4713_96xxdata.txt'), 'deleted later')
  assert.deepEqual(store.putBy[0], {
    protocol: 'local',
    address: '',
    why: 'restored from the archive of 2026-11',
  })
})

test('one file of a month can be put back; one it does not have is not found', async (t) => {
  const { store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'a')
  store.write('4712_96xxdata.txt', 'b')
  await archive.run()
  store.write('4711_96xxdata.txt', 'spoilt')
  store.write('4712_96xxdata.txt', 'newer')
  assert.deepEqual((await archive.restore('2026-11', '4711_96xxdata.txt')).restored, ['4711_96xxdata.txt'])
  assert.equal(store.current('4712_96xxdata.txt'), 'newer')
  await assert.rejects(archive.restore('2026-11', '4799_96xxdata.txt'), { reason: 'notFound' })
  await assert.rejects(archive.restore('2026-10'), { reason: 'notFound' })
})

const damages: [what: string, damage: (packed: Buffer) => Buffer][] = [
  ['other content', () => gzipSync('forged')],
  [
    'a flipped bit',
    (packed) => packed.map((byte, at) => (at === packed.length - 10 ? byte ^ 1 : byte)) as Buffer,
  ],
  ['a missing end', (packed) => packed.subarray(0, 12)],
  ['far more than was packed', () => gzipSync(Buffer.alloc(50_000_000))],
]
for (const [what, damage] of damages) {
  test(`an archived file with ${what} is refused with both hashes, and the others are restored`, async (t) => {
    const { folder, store, archive } = await setUp(t)
    const { hash } = store.write('4711_96xxdata.txt', 'genuine')
    store.write('4712_96xxdata.txt', 'genuine too')
    await archive.run()
    store.write('4711_96xxdata.txt', 'newer')
    store.write('4712_96xxdata.txt', 'newer')
    const path = join(folder, '2026-11/4711_96xxdata.txt.gz')
    await writeFile(path, damage(await readFile(path)))
    const { restored, refused } = await archive.restore('2026-11')
    assert.deepEqual(restored, ['4712_96xxdata.txt'])
    assert.match(
      refused[0]?.why ?? '',
      new RegExp(`had the hash ${hash} when it was made, and has [0-9a-f]{64} now`),
    )
    assert.equal(store.current('4711_96xxdata.txt'), 'newer')
  })
}

test('a manifest that names a path outside is not obeyed', async (t) => {
  const { folder, store, archive } = await setUp(t)
  store.write('4711_96xxdata.txt', 'x')
  await archive.run()
  const path = join(folder, '2026-11/.manifest.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('4711_96xxdata.txt', '../../escaped'))
  await assert.rejects(archive.restore('2026-11'), /\.manifest\.json cannot be used/)
  assert.match(JSON.stringify(await archive.list()), /"damaged":".*cannot be used/)
})

test('the archivist does the month that is over once, and removes what is too old', async (t) => {
  const { folder, clock, store, archive, parts } = await setUp(t, '2026-11-30T22:30:00.000Z')
  store.write('4711_96xxdata.txt', 'x', '2026-09-10T00:00:00.000Z')
  await archive.run('2026-09')
  await archive.run('2026-10')
  const archivist = new Archivist({ enabled: true, months: 1 }, { archive, clock, log: parts.log })
  t.after(() => archivist.stop())
  await archivist.start()
  await until(async () => ((await readdir(folder)).length === 1 ? true : undefined))
  assert.deepEqual(await readdir(folder), ['2026-10'])
  clock.setWall(new Date('2026-12-01T00:00:00.000Z'))
  await until(async () => {
    clock.advance(3_600_000)
    return (await readdir(folder)).join() === '2026-11' ? true : undefined
  })
})

test('the archivist does not let an hour of the new month go by', async (t) => {
  const { folder, clock, store, archive, parts } = await setUp(t)
  const end = new Date(2026, 11, 1)
  clock.setWall(new Date(end.getTime() - 60_000))
  store.write('4711_96xxdata.txt', 'x')
  await archive.run('2026-10')
  const archivist = new Archivist({ enabled: true, months: 24 }, { archive, clock, log: parts.log })
  t.after(() => archivist.stop())
  await archivist.start()
  const advanced = { ms: 0 }
  await until(async () => {
    clock.advance(1_000)
    advanced.ms += 1_000
    return (await readdir(folder).catch((): string[] => [])).includes('2026-11') ? true : undefined
  })
  assert.ok(advanced.ms >= 61_000 && advanced.ms < 600_000, `${advanced.ms} ms`)
})

test('an archivist that is switched off does nothing, and one that works stops after the file at hand', async (t) => {
  const { folder, clock, store, archive, parts, alarms } = await setUp(t)
  for (const n of [1, 2, 3]) store.write(`471${n}_96xxdata.txt`, 'x')
  const reading = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const read = store.readVersion.bind(store)
  store.readVersion = async (name, seq) => {
    reading.resolve()
    await goOn.promise
    return read(name, seq)
  }
  const off = new Archivist({ enabled: false, months: 1 }, { archive, clock, log: parts.log })
  await off.start()
  await off.stop()
  await assert.rejects(readdir(folder), { code: 'ENOENT' })
  const archivist = new Archivist({ enabled: true, months: 1 }, { archive, clock, log: parts.log })
  await archivist.start()
  await reading.promise
  const stopped = archivist.stop()
  goOn.resolve()
  await stopped
  assert.deepEqual(await readdir(join(folder, '2026-11.partial')), ['4711_96xxdata.txt.gz'])
  assert.deepEqual(alarms.list(), [])
})
