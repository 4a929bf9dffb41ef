import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { PublishRefused, type PublishOrder, type PublishProgress } from '../../../ha/mirror/publisher.ts'
import { refusedAs } from '../../support/refused.ts'
import { lay, startMirrors, untilAlike, type TestMirror } from '../../support/mirrors.ts'
import { until } from '../../support/until.ts'

const never = new AbortController().signal
const order = (a: TestMirror, changes: Partial<PublishOrder> = {}): PublishOrder => ({
  source: a.path('incoming.bin'),
  root: 'HTTPdata',
  name: 'firmware/fw.bin',
  wait: true,
  ...changes,
})

async function publishAll(
  a: TestMirror,
  wanted: PublishOrder,
  onStep?: (progress: PublishProgress) => void,
): Promise<string[]> {
  const steps: string[] = []
  for await (const progress of a.mirror.publish(wanted, never)) {
    onStep?.(progress)
    if (steps.at(-1) !== progress.step) steps.push(progress.step)
  }
  return steps
}

const untilText = (path: string, text: string) =>
  until(async () => ((await readFile(path, 'utf8')) === text ? true : undefined))
const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

test('a file that is published is on the other node before phones get it from either', async (t) => {
  const pair = await startMirrors(t, { a: { mbitPerSecond: 40 } })
  const { a, b } = pair
  const content = randomBytes(5_000_000)
  await lay(a.path('incoming.bin'), content)
  await lay(a.path('HTTPdata/a.txt'), 'x')
  await until(() => (b.mirror.status().files === 1 ? true : undefined))
  const publishing = publishAll(a, order(a))
  await until(async () => ((await readdir(b.path('.state/blobs'))).length > 0 ? true : undefined))
  assert.equal(await isThere(a.path('HTTPdata/firmware/fw.bin')), false)
  assert.equal(a.mirror.status().pending[0]?.size, 5_000_000)
  assert.deepEqual(await publishing, ['copied', 'sending', 'on the other node', 'published'])
  assert.deepEqual(await readFile(a.path('HTTPdata/firmware/fw.bin')), content)
  await untilAlike(pair)
  assert.deepEqual(await readFile(b.path('HTTPdata/firmware/fw.bin')), content)
  const [mine, theirs] = [
    await stat(a.path('HTTPdata/firmware/fw.bin')),
    await stat(b.path('HTTPdata/firmware/fw.bin')),
  ]
  assert.equal(theirs.mtimeMs, mine.mtimeMs)
  for (const folder of [a.path('.state/publish'), b.path('.state/blobs')]) {
    await until(async () => ((await readdir(folder)).length === 0 ? true : undefined))
  }
  assert.deepEqual(a.mirror.status().pending, [])
})

test('it replaces what was there, and the other node puts it in place without fetching it a second time', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/firmware/fw.bin'), 'old')
  await untilAlike(pair)
  await lay(a.path('incoming.bin'), 'new')
  await publishAll(a, order(a))
  await untilText(b.path('HTTPdata/firmware/fw.bin'), 'new')
  assert.equal(b.recorded.events('mirror content fetched').length, 2)
})

test('when this node is no longer active by the time the other one has it, nothing is changed', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/firmware/fw.bin'), 'old')
  await untilAlike(pair)
  await lay(a.path('incoming.bin'), 'new')
  const publishing = publishAll(a, order(a), ({ step }) => {
    if (step === 'on the other node') a.mirror.setRole('none', true)
  })
  await assert.rejects(publishing, /node-a is not active/)
  assert.equal(await readFile(a.path('HTTPdata/firmware/fw.bin'), 'utf8'), 'old')
  assert.equal(await readFile(b.path('HTTPdata/firmware/fw.bin'), 'utf8'), 'old')
})

test('while the other node is not in sync it is refused, unless it need not wait', async (t) => {
  const { a } = await startMirrors(t)
  await lay(a.path('incoming.bin'), 'content')
  a.mirror.setRole('active', false)
  await assert.rejects(
    publishAll(a, order(a)),
    (error) => error instanceof PublishRefused && error.message.includes('node-b is not in sync'),
  )
  assert.equal(await isThere(a.path('HTTPdata/firmware/fw.bin')), false)
  assert.deepEqual(await publishAll(a, order(a, { wait: false })), ['copied', 'published'])
  assert.equal(await readFile(a.path('HTTPdata/firmware/fw.bin'), 'utf8'), 'content')
})

test('when the other node falls out of sync meanwhile, nothing is published and nothing is left', async (t) => {
  const { a, b } = await startMirrors(t)
  await b.mirror.stop()
  await lay(a.path('incoming.bin'), 'content')
  await assert.rejects(
    publishAll(a, order(a), ({ step }) => {
      if (step === 'sending') a.mirror.setRole('active', false)
    }),
    PublishRefused,
  )
  assert.equal(await isThere(a.path('HTTPdata/firmware/fw.bin')), false)
  assert.deepEqual(await readdir(a.path('.state/publish')), [])
  assert.deepEqual(a.mirror.status().pending, [])
})

test('on the standby, twice at once, under names that are none and from what is no file it is refused', async (t) => {
  const { a, b } = await startMirrors(t)
  await lay(a.path('incoming.bin'), 'content')
  await lay(b.path('incoming.bin'), 'content')
  await assert.rejects(publishAll(b, order(b)), /node-b is not active/)
  for (const name of ['../x.bin', '/etc/x.bin', 'x.bak', 'allow_IP.txt/..'])
    await assert.rejects(publishAll(a, order(a, { name })), refusedAs('badName'))
  await assert.rejects(publishAll(a, order(a, { root: 'FTPdata' as never })), refusedAs('badName'))
  await assert.rejects(publishAll(a, order(a, { source: '/dev/zero' })), refusedAs('notFound'))
  const first = a.mirror.publish(order(a), never)
  await first.next()
  await assert.rejects(publishAll(a, order(a, { name: 'other.bin' })), /is being published already/)
  await first.return(undefined)
  assert.deepEqual(await readdir(a.path('.state/publish')), [])
})
