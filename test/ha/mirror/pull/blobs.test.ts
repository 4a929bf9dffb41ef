import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Blobs, NoSpace, WrongContent, type Source } from '../../../../ha/mirror/pull/blobs.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { temporaryFolder } from '../../../support/folder.ts'

const never = new AbortController().signal
const content = Buffer.from('0123456789')
const wanted = { sha256: sha256Of(content), size: content.length }
const from: Source = (position) => pieces(content.subarray(position))

async function* pieces(...all: Buffer[]): AsyncGenerator<Buffer> {
  yield* all
}

test('space for other things is left: nothing is asked for that would take it', async (t) => {
  const folder = await temporaryFolder(t)
  const blobs = new Blobs(folder, { reserveBytes: 2 ** 60 })
  const asked: number[] = []
  const source: Source = (position) => {
    asked.push(position)
    return from(position)
  }
  await assert.rejects(blobs.receive(wanted, source, never), NoSpace)
  assert.deepEqual(asked, [])
  assert.deepEqual(await readdir(folder), [])
})

test('what is all here from before is hashed, not fetched', async (t) => {
  const folder = await temporaryFolder(t)
  const blobs = new Blobs(folder, { reserveBytes: 0 })
  await writeFile(blobs.pathOf(wanted.sha256), content)
  assert.equal(blobs.has(wanted.sha256), false)
  await blobs.receive(wanted, () => assert.fail('it was asked for'), never)
  assert.equal(blobs.has(wanted.sha256), true)
})

test('a part that is damaged costs one fetch, and then all is asked for anew', async (t) => {
  const blobs = new Blobs(await temporaryFolder(t), { reserveBytes: 0 })
  await writeFile(blobs.pathOf(wanted.sha256), 'xxx')
  await assert.rejects(blobs.receive(wanted, from, never), WrongContent)
  await blobs.receive(wanted, from, never)
  assert.equal(blobs.has(wanted.sha256), true)
})

test('what nobody waits for is removed, and nothing that is not a content', async (t) => {
  const folder = join(await temporaryFolder(t), 'blobs')
  await mkdir(folder)
  const blobs = new Blobs(folder, { reserveBytes: 0 })
  await blobs.receive(wanted, from, never)
  await writeFile(join(folder, 'f'.repeat(64)), 'x')
  await writeFile(join(folder, 'readme'), 'x')
  await blobs.keepOnly(new Set())
  assert.deepEqual(await readdir(folder), ['readme'])
  assert.equal(blobs.has(wanted.sha256), false)
})
