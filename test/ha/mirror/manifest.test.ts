import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { companionsOf, parseMirrorPath } from '../../../ha/mirror/layout.ts'
import { manifestLines, ManifestReader, type Entry, type Manifest } from '../../../ha/mirror/manifest.ts'
import { listNames } from '../../../lib/files/roots.ts'
import { hostileNames } from '../../support/hostile-names.ts'
import { refusedAs } from '../../support/refused.ts'

const sha256 = 'a'.repeat(64)
const entryAt = (path: string): Entry => ({
  path: parseMirrorPath(path),
  size: 3,
  sha256,
  mtimeMs: 1_700_000_000_000.123,
  mode: 0o644,
})
const manifest: Manifest = {
  node: 'node-a',
  role: 'active',
  run: 'r',
  entries: [entryAt('HTTPdata/a.txt'), entryAt('HTTPdata/firmware/b.bin'), entryAt('credentials')].toSorted(
    (a, b) => (a.path < b.path ? -1 : 1),
  ),
  unsure: ['TFTPdata/'],
  pending: [{ sha256, size: 9 }],
}

function read(lines: readonly string[]): Manifest {
  const reader = new ManifestReader()
  for (const line of lines) reader.add(line)
  return reader.end()
}

const row = (
  path: unknown,
  size: unknown = 1,
  hash: unknown = sha256,
  mtimeMs: unknown = 1,
  mode: unknown = 0o644,
) => JSON.stringify([path, size, hash, mtimeMs, mode])
const withRows = (...rows: string[]) => [
  ...manifestLines({ ...manifest, entries: [] }).map((line) =>
    line.replace('"count":0', `"count":${rows.length}`),
  ),
  ...rows,
]

test('a manifest is read as it was written', () => {
  assert.deepEqual(read(manifestLines(manifest)), manifest)
})

test('no path of a manifest leads out of the places of both nodes, however it is spelled', () => {
  for (const { name } of hostileNames()) {
    for (const path of [
      name,
      `HTTPdata/${name}`,
      `certs/${name}`,
      `credentials/${name}`,
      `HTTPdata/../${name}`,
    ]) {
      let parsed: string
      try {
        parsed = parseMirrorPath(path)
      } catch (error) {
        assert.ok(refusedAs('badName', 'notFound')(error), String(error))
        continue
      }
      const [tag] = parsed.split('/')
      const place = resolve('/data', parsed)
      assert.equal(place, `/data/${parsed}`, parsed)
      assert.ok(['HTTPdata', 'certs'].includes(tag ?? ''), parsed)
      assert.doesNotMatch(parsed, /(?:^|\/)\.|\0|\\/)
    }
  }
})

for (const path of [
  '/etc/passwd',
  'HTTPdata',
  'HTTPdata/',
  'HTTPdata/../certs/server.key',
  'HTTPdata//etc/passwd',
  'HTTPdata/.mirror-x',
  'HTTPdata/watchdog-0123456789abcdef.txt',
  'HTTPdata/server.key',
  'HTTPdata/x.bak',
  'HTTPdata/TFTP_allow_IP.txt',
  'HTTPdata/firmware/allow_IP.txt',
  'FTPdata/4711_96xxdata.txt',
  'FTPdata/sub/allow_IP.txt',
  'certs/sub/a.pem',
  'certs/a.txt',
  'certs/../pair/node.key',
  'credentials/x',
  'twintone.toml',
  '.state/journal/1',
  'constructor',
  'constructor/a.txt',
  '__proto__/a.txt',
]) {
  test(`a manifest with ${path} is refused as a whole`, () => {
    assert.throws(() => read(withRows(row(path))), refusedAs('badName', 'notFound'))
  })
}

const broken: Record<string, string[]> = {
  'nothing at all': [],
  'no JSON': ['{'],
  'no header': ['[]'],
  'null for a header': ['null'],
  'another format': withRows().map((line) => line.replace('"format":1', '"format":2')),
  'a role that is none': withRows().map((line) => line.replace('"active"', '"king"')),
  'fewer entries than it says': withRows(row('HTTPdata/a.txt')).slice(0, 1),
  'more entries than it says': [...withRows(), row('HTTPdata/a.txt')],
  'an entry twice': withRows(row('HTTPdata/a.txt'), row('HTTPdata/a.txt')),
  'entries out of order': withRows(row('HTTPdata/b.txt'), row('HTTPdata/a.txt')),
  'a path that is a number': withRows(row(1)),
  'an entry that is null': withRows('null'),
  'a negative size': withRows(row('HTTPdata/a.txt', -1)),
  'a size that is no whole number': withRows(row('HTTPdata/a.txt', 1.5)),
  'a size of more than any file has': withRows(row('HTTPdata/a.txt', 2 ** 50)),
  'a hash that is a path': withRows(row('HTTPdata/a.txt', 1, '../../etc/passwd')),
  'a date that is none': withRows(row('HTTPdata/a.txt', 1, sha256, 1e300)),
  'a mode with more than permissions': withRows(row('HTTPdata/a.txt', 1, sha256, 1, 0o4755)),
  'a pending content whose hash is a path': withRows().map((line) => line.replace(sha256, '../x')),
}

for (const [what, lines] of Object.entries(broken)) {
  test(`a manifest with ${what} is refused`, () => {
    assert.throws(() => read(lines), refusedAs('incomplete'))
  })
}

test('the address lists that doors read belong to both nodes', () => {
  for (const protocol of ['http', 'https', 'tftp', 'ftp'] as const)
    for (const name of listNames(protocol)) parseMirrorPath(`${protocol.toUpperCase()}data/${name}`)
})

test('a certificate has its key for a companion, in the settings and by its name in the folder', () => {
  assert.deepEqual(companionsOf(parseMirrorPath('certificate')), ['key'])
  assert.deepEqual(companionsOf(parseMirrorPath('certs/a.b.pem')), ['certs/a.b.crt', 'certs/a.b.key'])
  assert.deepEqual(companionsOf(parseMirrorPath('HTTPdata/a.pem')), [])
})
