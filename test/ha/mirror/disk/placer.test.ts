import assert from 'node:assert/strict'
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ContentChanged } from '../../../../ha/mirror/disk/content.ts'
import { parseMirrorPath } from '../../../../ha/mirror/layout.ts'
import type { Entry } from '../../../../ha/mirror/manifest.ts'
import { Placer } from '../../../../ha/mirror/disk/placer.ts'
import { Places } from '../../../../ha/mirror/places.ts'
import { recordingLog } from '../../../support/recording-log.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { lay, placesBelow } from '../../../support/mirrors.ts'

async function placerOf(t: TestContext) {
  const folder = await temporaryFolder(t)
  for (const name of ['HTTPdata', 'certs']) await mkdir(join(folder, name))
  const { log, events } = recordingLog()
  const path = (name: string) => join(folder, name)
  return { placer: new Placer(new Places(placesBelow(folder)), { log }), path, events }
}

const entryOf = (path: string, content: string): Entry => ({
  path: parseMirrorPath(path),
  size: content.length,
  sha256: sha256Of(content),
  mtimeMs: 1_700_000_000_123.456,
  mode: 0o640,
})

test('a file is put in place with date and mode, be it moved or copied, and the folders it needs are made', async (t) => {
  const { placer, path, events } = await placerOf(t)
  for (const isLast of [true, false]) {
    await lay(path('blob'), 'content', 0o600)
    const name = `HTTPdata/a/${String(isLast)}/b.txt`
    await placer.place(entryOf(name, 'content'), { path: path('blob'), isLast }, undefined)
    const { mode, mtimeMs } = await stat(path(name))
    assert.deepEqual([mode & 0o777, mtimeMs], [0o640, 1_700_000_000_123.456])
    assert.equal(await readFile(path(name), 'utf8'), 'content')
    assert.deepEqual(await readdir(join(path(name), '..')), ['b.txt'])
  }
  assert.equal(events('mirrored date not kept').length, 0)
})

test('what changed since it was looked at, or came since, is not replaced', async (t) => {
  const { placer, path } = await placerOf(t)
  await lay(path('blob'), 'new')
  await lay(path('HTTPdata/a.txt'), 'old')
  const seen = await lstat(path('HTTPdata/a.txt'))
  await writeFile(path('HTTPdata/a.txt'), 'by hand')
  for (const isLast of [true, false]) {
    const taken = { path: path('blob'), isLast }
    await assert.rejects(placer.place(entryOf('HTTPdata/a.txt', 'new'), taken, seen), ContentChanged)
    await assert.rejects(placer.place(entryOf('HTTPdata/a.txt', 'new'), taken, undefined), ContentChanged)
  }
  await assert.rejects(placer.remove(parseMirrorPath('HTTPdata/a.txt'), seen), ContentChanged)
  assert.equal(await readFile(path('HTTPdata/a.txt'), 'utf8'), 'by hand')
  assert.deepEqual(await readdir(path('HTTPdata')), ['a.txt'])
})

test('a copy whose source changed meanwhile is not put in place', async (t) => {
  const { placer, path } = await placerOf(t)
  await lay(path('HTTPdata/source.txt'), 'other')
  const taken = { path: path('HTTPdata/source.txt'), isLast: false }
  await assert.rejects(placer.place(entryOf('HTTPdata/a.txt', 'wanted'), taken, undefined), ContentChanged)
  assert.deepEqual(await readdir(path('HTTPdata')), ['source.txt'])
})

test('nothing is put where a link stands in the place of a folder', async (t) => {
  const { placer, path } = await placerOf(t)
  await lay(path('blob'), 'x')
  await mkdir(path('elsewhere'))
  await symlink(path('elsewhere'), path('HTTPdata/folder'))
  const placing = placer.place(
    entryOf('HTTPdata/folder/a.txt', 'x'),
    { path: path('blob'), isLast: false },
    undefined,
  )
  await assert.rejects(placing, /is no folder; move it away/)
  assert.deepEqual(await readdir(path('elsewhere')), [])
})

test('what a process that ended left in the folders is taken away at the next start', async (t) => {
  const { placer, path } = await placerOf(t)
  await lay(path('HTTPdata/sub/.mirror-1'), 'x')
  await lay(path('certs/.mirror-2'), 'x')
  await lay(path('.mirror-3'), 'x')
  await lay(path('HTTPdata/sub/a.txt'), 'x')
  await placer.sweep()
  assert.deepEqual(await readdir(path('HTTPdata/sub')), ['a.txt'])
  assert.deepEqual((await readdir(path('.'))).includes('.mirror-3'), false)
  assert.deepEqual(await readdir(path('certs')), [])
})

test('a folder that stands where a file is to be is told of, not removed', async (t) => {
  const { placer, path } = await placerOf(t)
  await lay(path('blob'), 'x')
  await mkdir(path('HTTPdata/a.txt'))
  const placing = placer.place(
    entryOf('HTTPdata/a.txt', 'x'),
    { path: path('blob'), isLast: true },
    undefined,
  )
  await assert.rejects(placing, /is a folder here; move it away/)
})

test('rescue takes the link that stands in the place of a folder, and nothing from where it leads', async (t) => {
  const { placer, path } = await placerOf(t)
  await lay(path('elsewhere/a.txt'), 'not ours')
  await symlink(path('elsewhere'), path('HTTPdata/folder'))
  assert.equal(await placer.rescue(parseMirrorPath('HTTPdata/folder/a.txt'), path('rescue')), true)
  assert.equal((await lstat(path('rescue/HTTPdata/folder'))).isSymbolicLink(), true)
  assert.deepEqual(await readdir(path('elsewhere')), ['a.txt'])
  assert.deepEqual(await readdir(path('HTTPdata')), [])
})
