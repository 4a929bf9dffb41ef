import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ContentChanged, hashFile } from '../../../../ha/mirror/disk/content.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { lay } from '../../../support/mirrors.ts'

const { signal } = new AbortController()

test('a file that is written while it is read has no hash', async (t) => {
  const path = join(await temporaryFolder(t), 'a.txt')
  await lay(path, 'one')
  const check = () => writeFileSync(path, 'two')
  await assert.rejects(hashFile(path, await stat(path), { signal, check }), ContentChanged)
  assert.equal(await hashFile(path, await stat(path), { signal }), sha256Of('two'))
})

test('nor has one that is another file by now', async (t) => {
  const folder = await temporaryFolder(t)
  const [path, other] = [join(folder, 'a.bin'), join(folder, 'b.bin')]
  await lay(path, Buffer.alloc(100_000))
  await lay(other, Buffer.alloc(100_000))
  const seen = await stat(path)
  await rename(other, path)
  await assert.rejects(hashFile(path, seen, { signal }), ContentChanged)
})

test('a long file is read in pieces, and gives up when it is not wanted any more', async (t) => {
  const path = join(await temporaryFolder(t), 'a.bin')
  const content = Buffer.alloc(1_000_000, 'abc')
  await lay(path, content)
  assert.equal(await hashFile(path, await stat(path), { signal }), sha256Of(content))
  await assert.rejects(hashFile(path, await stat(path), { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
})
