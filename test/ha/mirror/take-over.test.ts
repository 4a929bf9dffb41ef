import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { randomBytes } from 'node:crypto'
import { open, readFile, readdir, rm } from 'node:fs/promises'
import { test } from 'node:test'
import { lay, makeMirrors, startMirrors, untilAlike } from '../../support/mirrors.ts'
import { until } from '../../support/until.ts'

const never = new AbortController().signal

test('a node that takes over before a file has come says so, until it has it in another way', async (t) => {
  const { a, b } = await startMirrors(t, { a: { mbitPerSecond: 8 } })
  await lay(a.path('HTTPdata/fw.bin'), randomBytes(20_000_000))
  await until(() => (b.mirror.status().behind?.bytes === 20_000_000 ? true : undefined))
  assert.deepEqual(b.mirror.allHere(), { ready: false, why: '1 files (20000000 bytes) are not here yet' })
  a.mirror.setRole('none', false)
  b.mirror.setRole('active', false)
  await until(() =>
    b.alarms.list().some(({ text }) => text.includes('such as HTTPdata/fw.bin')) ? true : undefined,
  )
  await lay(b.path('HTTPdata/fw.bin'), 'laid by hand')
  await until(() => (b.alarms.list().length === 0 ? true : undefined))
})

test('both nodes read all files anew when they are compared, and what the disk of one changed is found and mended', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/a.txt'), 'content')
  await untilAlike(pair)
  assert.deepEqual(await a.mirror.verify(never), { files: 1, differences: [] })
  const good = await readFile(b.path('HTTPdata/a.txt'))
  const handle = await open(b.path('HTTPdata/a.txt'), 'r+') // by hand, which the dates show
  await handle.write('damaged')
  await handle.close()
  await until(() => (b.mirror.status().drift.length === 1 ? true : undefined))
  assert.deepEqual((await b.mirror.verify(never)).differences, [
    { path: 'HTTPdata/a.txt', why: 'content differs' },
  ])
  assert.equal((await a.mirror.verify(never)).differences.length, 1)
  await b.mirror.resync()
  await untilAlike(pair)
  assert.deepEqual(await readFile(b.path('HTTPdata/a.txt')), good)
})

test('the other node being away is no reason not to start, nor is a port that is taken', async (t) => {
  const { b } = await makeMirrors(t)
  const other = createServer().listen(b.settings.port, b.settings.node.address)
  await once(other, 'listening')
  t.after(() => other.close())
  await b.mirror.start()
  b.mirror.setRole('standby', true)
  await until(() =>
    b.alarms.list().some(({ text }) => text.startsWith('pair.mirrorPort: cannot listen')) ? true : undefined,
  )
  await until(() => (b.mirror.status().lastError === undefined ? undefined : true))
  assert.equal(b.mirror.allHere().ready, false)
  assert.equal(b.mirror.status().behind, undefined)
})

test('a standby that never had a folder gets it, and one whose folder vanished does not have it filled in silence', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await rm(b.path('TFTPdata'), { recursive: true })
  await lay(a.path('TFTPdata/a.txt'), 'a')
  await untilAlike(pair)
  await rm(b.path('TFTPdata'), { recursive: true })
  await until(() => (b.mirror.status().drift.length === 1 ? true : undefined))
  assert.deepEqual(await readdir(b.path('TFTPdata')), [])
})

test('only the standby is brought in line', async (t) => {
  const { a } = await startMirrors(t)
  await assert.rejects(a.mirror.resync(), /node-a is not the standby/)
})

test('a role that is told before the start is over is taken up then', async (t) => {
  const pair = await makeMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/a.txt'), 'x')
  pair.begin()
  await a.mirror.start()
  await b.mirror.start()
  await untilAlike(pair)
})

test('stopping is harmless before the start, and twice', async (t) => {
  const { a, b } = await makeMirrors(t)
  await a.mirror.stop()
  await b.mirror.start()
  b.mirror.setRole('standby', true)
  await b.mirror.stop()
  await b.mirror.stop()
})
