import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { makePair } from '../../../ha/keys/make.ts'
import { temporaryFolder } from '../../support/folder.ts'

const pair = {
  cluster: 'voip1',
  nodes: [
    { name: 'EY-FTP1', address: '10.0.0.1' },
    { name: 'ey_ftp2', address: '2001:db8::2' },
  ],
  days: 30,
}

const place = async (t: TestContext) => join(await temporaryFolder(t), 'pair-voip1')

const modeOf = async (...path: string[]) => ((await stat(join(...path))).mode & 0o777).toString(8)

test('each node gets a folder to be copied, with the authority, its own certificate and key, secret and uuid', async (t) => {
  const folder = await place(t)
  const uuid = await makePair(folder, pair)
  assert.deepEqual((await readdir(folder)).toSorted(), ['EY-FTP1', 'ca.key', 'ca.pem', 'ey_ftp2'])
  const text = (...path: string[]) => readFile(join(folder, ...path), 'utf8')
  for (const node of ['EY-FTP1', 'ey_ftp2']) {
    assert.deepEqual((await readdir(join(folder, node))).toSorted(), [
      'ca.pem',
      'node.key',
      'node.pem',
      'secret',
      'uuid',
    ])
    assert.equal(await text(node, 'ca.pem'), await text('ca.pem'))
    assert.equal((await text(node, 'uuid')).trim(), uuid)
    assert.match(await text(node, 'secret'), /^[\da-f]{64}\n$/)
  }
  assert.equal(await text('EY-FTP1', 'secret'), await text('ey_ftp2', 'secret'))
  assert.notEqual(await text('EY-FTP1', 'node.key'), await text('ey_ftp2', 'node.key'))
  const x509 = new X509Certificate(await text('ey_ftp2', 'node.pem'))
  assert.equal(x509.checkHost('ey_ftp2'), 'ey_ftp2')
  assert.equal(x509.checkIP('2001:db8::2'), '2001:db8::2')
})

test('the authority is valid for ten years, and openssl accepts both chains', async (t) => {
  const folder = await place(t)
  await makePair(folder, pair)
  const authority = new X509Certificate(await readFile(join(folder, 'ca.pem')))
  const years = (authority.validToDate.getTime() - Date.now()) / (365 * 86_400_000)
  assert.equal(Math.round(years), 10)
  for (const node of ['EY-FTP1', 'ey_ftp2']) {
    const args = ['verify', '-x509_strict', '-CAfile', `${node}/ca.pem`, '-no-CApath', `${node}/node.pem`]
    const { stdout } = await execa('openssl', args, { cwd: folder, timeout: 10_000 })
    assert.equal(stdout, `${node}/node.pem: OK`)
  }
})

test('keys and secret are for their owner only, the rest for the group, whatever the umask', async (t) => {
  for (const umask of [0, 0o077]) {
    const folder = await place(t)
    const before = process.umask(umask)
    t.after(() => process.umask(before))
    await makePair(folder, pair)
    process.umask(before)
    assert.equal(await modeOf(folder), '700')
    assert.equal(await modeOf(folder, 'ca.key'), '600')
    assert.equal(await modeOf(folder, 'EY-FTP1'), '750')
    for (const [name, mode] of Object.entries({
      'ca.pem': '640',
      'node.pem': '640',
      'node.key': '600',
      secret: '600',
      uuid: '640',
    }))
      assert.equal(await modeOf(folder, 'EY-FTP1', name), mode, name)
  }
})

test('the keys of a pair are never overwritten, and when a new pair is asked for, they are kept beside it', async (t) => {
  const folder = await place(t)
  const first = await makePair(folder, pair)
  await assert.rejects(makePair(folder, pair), /holds the keys of a pair, which are kept; --renew .* --force/)
  const replaces = `${folder}.old-1`
  const second = await makePair(folder, pair, { replaces })
  assert.notEqual(second, first)
  assert.equal((await readFile(join(replaces, 'EY-FTP1', 'uuid'), 'utf8')).trim(), first)
  assert.equal((await readFile(join(folder, 'EY-FTP1', 'uuid'), 'utf8')).trim(), second)
})

test('a folder with something else in it is left alone, even by force', async (t) => {
  const folder = await place(t)
  await mkdir(folder)
  await writeFile(join(folder, 'twintone.toml'), '')
  await assert.rejects(makePair(folder, pair), /was not made by `ha init`; choose another place/)
  await assert.rejects(makePair(folder, pair, { replaces: `${folder}.old` }), /was not made by `ha init`/)
  await assert.rejects(makePair(join(folder, 'twintone.toml', 'x'), pair), /cannot be used: ENOTDIR|ENOTDIR/)
})

test('an empty folder may be filled, and what breaks off leaves nothing behind', async (t) => {
  const folder = await place(t)
  await mkdir(folder)
  await makePair(folder, pair)
  const other = join(await temporaryFolder(t), 'other')
  const nodes = [...pair.nodes, { name: 'no/folder', address: '10.0.0.3' }]
  await assert.rejects(makePair(other, { ...pair, nodes }), /ENOENT/)
  assert.deepEqual(await readdir(join(other, '..')), [])
})
