import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../../lib/files/view.ts'
import { allFacts, listing, timeValue } from '../../../lib/ftp/listing.ts'

const now = new Date('2026-11-22T12:00:00Z')
const entry = (name: string, changed: string, kind: Entry['kind'] = 'file', size = 1_234): Entry => ({
  name,
  kind,
  size,
  changedAt: new Date(changed),
})
const entries = [
  entry('data', '2026-11-01T10:20:30Z', 'folder', 0),
  entry('4711_4620data.txt', '2026-11-01T10:20:30Z'),
  entry('old name.txt', '2007-07-04T01:02:03Z', 'file', 12_345_678_901),
  entry('from tomorrow', '2026-11-23T12:00:00Z'),
]

test('LIST looks like ls -l, with the time for files of the last half year and the year for others', () => {
  assert.equal(
    listing(entries, { format: 'LIST', facts: allFacts, now }),
    [
      'drwxr-xr-x   1 ftp      ftp                 0 Nov  1 10:20 data',
      '-rw-r--r--   1 ftp      ftp              1234 Nov  1 10:20 4711_4620data.txt',
      '-rw-r--r--   1 ftp      ftp       12345678901 Jul  4  2007 old name.txt',
      '-rw-r--r--   1 ftp      ftp              1234 Nov 23  2026 from tomorrow',
      '',
    ].join('\r\n'),
  )
})

test('NLST has names, and MLSD the facts that were chosen', () => {
  const two = entries.slice(0, 2)
  assert.equal(listing(two, { format: 'NLST', facts: [], now }), 'data\r\n4711_4620data.txt\r\n')
  assert.equal(
    listing(two, { format: 'MLSD', facts: allFacts, now }),
    'type=dir;size=0;modify=20261101102030; data\r\ntype=file;size=1234;modify=20261101102030; 4711_4620data.txt\r\n',
  )
  assert.equal(
    listing(two, { format: 'MLSD', facts: ['size'], now }),
    'size=0; data\r\nsize=1234; 4711_4620data.txt\r\n',
  )
})

test('d3: a name that would break its line is left out', () => {
  const names = ['a\r\nb', 'a\nb', 'a\0b', 'a\x1b[2J', '\ud800', 'good']
  const all = names.map((name) => entry(name, '2026-11-01T10:20:30Z'))
  assert.equal(listing(all, { format: 'NLST', facts: [], now }), 'good\r\n')
})

test('a time is told to the second, in UTC', () => {
  assert.equal(timeValue(new Date('2026-01-02T03:04:05.678Z')), '20260102030405')
})
