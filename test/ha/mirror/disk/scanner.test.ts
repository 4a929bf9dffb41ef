import assert from 'node:assert/strict'
import { link, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { parseMirrorPath } from '../../../../ha/mirror/layout.ts'
import { Places } from '../../../../ha/mirror/places.ts'
import { Scanner } from '../../../../ha/mirror/disk/scanner.ts'
import { systemClock } from '../../../../lib/base/clock.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { lay, placesBelow } from '../../../support/mirrors.ts'

const never = new AbortController().signal

async function scannerOf(t: TestContext, settledMs = 0) {
  const folder = await temporaryFolder(t)
  for (const name of ['HTTPdata', 'HTTPSdata', 'TFTPdata', 'FTPdata', 'certs'])
    await mkdir(join(folder, name))
  const scanner = new Scanner(new Places(placesBelow(folder)), { settledMs, clock: systemClock })
  return { folder, scanner, scan: () => scanner.scan(never), path: (name: string) => join(folder, name) }
}

test('a file that did not change is not read again, one that did is', async (t) => {
  const { scan, path } = await scannerOf(t)
  await lay(path('HTTPdata/a.txt'), 'a')
  await lay(path('HTTPdata/b.txt'), 'b')
  const first = await scan()
  await writeFile(path('HTTPdata/b.txt'), 'c')
  const second = await scan()
  assert.equal(second.here.get('HTTPdata/a.txt'), first.here.get('HTTPdata/a.txt'))
  const b = second.here.get('HTTPdata/b.txt')
  assert.equal(b?.is === 'file' && b.entry.sha256, sha256Of('c'))
})

test('content of the same length is noticed though somebody set the date back', async (t) => {
  const { scan, path } = await scannerOf(t)
  await lay(path('HTTPdata/a.txt'), 'a')
  await utimes(path('HTTPdata/a.txt'), 1_000, 1_000)
  await scan()
  await writeFile(path('HTTPdata/a.txt'), 'b')
  await utimes(path('HTTPdata/a.txt'), 1_000, 1_000)
  const a = (await scan()).here.get('HTTPdata/a.txt')
  assert.equal(a?.is === 'file' && a.entry.sha256, sha256Of('b'))
})

test('a file that was written a moment ago is not taken for whole, whatever date it has', async (t) => {
  const { scan, path } = await scannerOf(t, 60_000)
  await lay(path('HTTPdata/a.txt'), 'half')
  const { here, unsure } = await scan()
  assert.deepEqual(here.get('HTTPdata/a.txt'), { is: 'busy' })
  assert.deepEqual(unsure, ['HTTPdata/a.txt'])
})

test('what was just put in place is known at once', async (t) => {
  const { scanner, scan, path } = await scannerOf(t, 60_000)
  await lay(path('HTTPdata/a.txt'), 'a')
  await scanner.remember(parseMirrorPath('HTTPdata/a.txt'), sha256Of('a'))
  assert.equal((await scan()).here.get('HTTPdata/a.txt')?.is, 'file')
})

test('content that changed while no date did is the work of the disk, and does not go to the other node', async (t) => {
  const { scanner, scan, path } = await scannerOf(t)
  await lay(path('HTTPdata/a.txt'), 'damaged')
  await scanner.remember(parseMirrorPath('HTTPdata/a.txt'), sha256Of('as it was'))
  assert.deepEqual((await scan()).damaged, [])
  scanner.forget()
  for (let times = 0; times < 2; times += 1) {
    const { damaged, here } = await scan()
    assert.deepEqual(damaged, ['HTTPdata/a.txt'])
    assert.equal(here.get('HTTPdata/a.txt')?.is, 'odd')
    scanner.forget()
  }
  await lay(path('HTTPdata/a.txt'), 'laid anew')
  assert.deepEqual((await scan()).damaged, [])
})

test('links, pipes and files with a name elsewhere are told of and left out', async (t) => {
  const { scan, path } = await scannerOf(t)
  await lay(path('elsewhere'), 'x')
  await link(path('elsewhere'), path('HTTPdata/hard.txt'))
  await symlink(path('elsewhere'), path('HTTPdata/soft.txt'))
  await symlink(path('TFTPdata'), path('HTTPdata/folder'))
  await execa('mkfifo', [path('HTTPdata/pipe.txt')])
  await lay(path('TFTPdata/a.txt'), 'x')
  await link(path('TFTPdata/a.txt'), path('TFTPdata/b.txt'))
  const { here, leftOut } = await scan()
  assert.deepEqual(leftOut.map(({ path: each }) => each).toSorted(), [
    'HTTPdata/folder',
    'HTTPdata/hard.txt',
    'HTTPdata/pipe.txt',
    'HTTPdata/soft.txt',
  ])
  assert.deepEqual(
    [...here]
      .filter(([, { is }]) => is === 'file')
      .map(([each]) => each)
      .toSorted(),
    ['TFTPdata/a.txt', 'TFTPdata/b.txt'],
  )
})

test('a file with a tag of its own is told of once, also where it lies in the folder of certificates', async (t) => {
  const { scan, path } = await scannerOf(t)
  for (const name of ['server.pem', 'server.key', 'other.pem', 'readme.txt', 'sub/deep.pem'])
    await lay(path(`certs/${name}`), name)
  assert.deepEqual([...(await scan()).here.keys()].toSorted(), ['certificate', 'certs/other.pem', 'key'])
})

test('a folder that is gone, or a single file whose folder is gone, is not known rather than empty', async (t) => {
  const { folder, scan, path } = await scannerOf(t)
  await rm(path('HTTPdata'), { recursive: true })
  await rm(path('certs'), { recursive: true })
  assert.deepEqual((await scan()).unsure.toSorted(), ['HTTPdata/', 'certificate', 'certs/', 'key'])
  await rename(folder, `${folder}-away`)
  t.after(() => rm(`${folder}-away`, { recursive: true, force: true }))
  assert.ok((await scan()).unsure.includes('FTPdata/FTP_allow_IP.txt'))
})

test('what vanishes while it is looked at does no harm', async (t) => {
  const { scanner, path } = await scannerOf(t)
  for (let index = 0; index < 300; index += 1) await lay(path(`HTTPdata/sub/${index}.txt`), `${index}`)
  const scanning = scanner.scan(never)
  await rm(path('HTTPdata/sub'), { recursive: true })
  for (const [, here] of (await scanning).here) assert.notEqual(here.is, 'odd')
  assert.equal((await scanner.scan(never)).here.size, 0)
})

test('a look that is not wanted any more ends', async (t) => {
  const { scanner, path } = await scannerOf(t)
  await lay(path('HTTPdata/a.txt'), 'a')
  await assert.rejects(scanner.scan(AbortSignal.abort()), { name: 'AbortError' })
})
