import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOf } from '../../../../lib/users/store/journal-lines.ts'
import { parseBatch, parseEntries } from '../../../../lib/users/twin/foreign-entries.ts'

const put = {
  seq: 7,
  at: '2026-11-22T12:00:00.000Z',
  epoch: 3,
  op: 'put',
  name: '4711_96xxdata.txt',
  size: 5,
  hash: 'a'.repeat(64),
  by: { protocol: 'http', address: '10.1.1.1', model: '9640' },
  previous: 'b'.repeat(64),
}
const withdrawal = { seq: 8, at: put.at, op: 'void', name: put.name, of: 7, previous: 'c'.repeat(64) }
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

test('a record stays as it came, so that its hash does', () => {
  const [entry] = parseEntries(overTheWire([{ record: put, look: { ino: 1, mtimeMs: 2 }, gone: true }]))
  assert.deepEqual(entry, { record: put })
  assert.equal(hashOf(entry?.record as never), hashOf(put as never))
})

test('deletions and withdrawals are read, too', () => {
  const entries = parseBatch(overTheWire([{ record: { ...put, op: 'delete' } }, { record: withdrawal }]))
  assert.deepEqual(
    entries.map(({ record }) => record.op),
    ['delete', 'void'],
  )
})

const wrong: Record<string, unknown> = {
  'no list': { record: put },
  'no record': [{}],
  'a list as record': [{ record: [] }],
  'a way out of the folder': [{ record: { ...put, name: '../../etc/passwd' } }],
  'an absolute path': [{ record: { ...put, name: '/etc/passwd' } }],
  'a dot file': [{ record: { ...put, name: '.state/journal' } }],
  'an address list': [{ record: { ...put, name: 'FTP_allow_IP.txt' } }],
  'a probe file': [{ record: { ...put, name: 'watchdog-0123456789abcdef.txt' } }],
  'an unknown kind': [{ record: { ...put, op: 'format' } }],
  'a number below one': [{ record: { ...put, seq: 0 } }],
  'half a number': [{ record: { ...put, seq: 1.5 } }],
  'no date': [{ record: { ...put, at: 'yesterday' } }],
  'a hash that is none': [{ record: { ...put, hash: 'x' } }],
  'no predecessor': [{ record: { ...put, previous: undefined } }],
  'a negative size': [{ record: { ...put, size: -1 } }],
  'an epoch in words': [{ record: { ...put, epoch: 'third' } }],
  'nobody’s': [{ record: { ...put, by: undefined } }],
  'an address that is an object': [{ record: { ...put, by: { ...put.by, address: {} } } }],
  'a model that is a number': [{ record: { ...put, by: { ...put.by, model: 9640 } } }],
  'what shrank from nothing': [{ record: { ...put, shrankFrom: 0 } }],
  'a withdrawal of nothing': [{ record: { ...withdrawal, of: undefined } }],
}

for (const [what, value] of Object.entries(wrong)) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseEntries(overTheWire(value)), Error)
  })
}

test('what happened at once is something, and stores each file once', () => {
  assert.throws(() => parseBatch([]), /nothing/)
  assert.throws(() => parseBatch([{ record: put }, { record: { ...put, seq: 8 } }]), /twice/)
})
