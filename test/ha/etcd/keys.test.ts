import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import * as keys from '../../../ha/etcd/keys.ts'

const parsers = {
  leader: keys.parseLeader,
  term: keys.parseTerm,
  insync: keys.parseInsync,
  pause: keys.parsePause,
  standby: keys.parseStandby,
  member: keys.parseMember,
  cluster: keys.parseCluster,
  handover: keys.parseHandover,
  history: keys.parseHistory,
}

const records: Record<keyof typeof parsers, object> = {
  leader: { node: 'a', nonce: 'x', n: 3, phase: 'active' },
  term: { node: 'a', nonce: 'x' },
  insync: { nodes: ['a', 'b'] },
  pause: { by: 'root', why: 'work', untilMs: 1_800_000_000_000 },
  standby: { by: 'root', why: 'work' },
  member: { address: '10.0.0.1', machine: 'm' },
  cluster: { uuid: 'u' },
  handover: { id: 'i', to: 'b', drainMs: 0, why: 'planned' },
  history: { node: 'a', at: '2026-11-22T12:00:00.000Z', why: 'first' },
}

for (const [name, parse] of Object.entries(parsers)) {
  const record = records[name as keyof typeof parsers]
  test(`a ${name} record is read as it was written, and what else stands in it is left out`, () => {
    assert.deepEqual(parse(JSON.stringify(record)), record)
    assert.deepEqual(parse(JSON.stringify({ ...record, later: 'field' })), record)
  })

  test(`a ${name} record that lacks a field, or has one of another kind, is none`, () => {
    for (const field of Object.keys(record)) {
      const { [field]: _, ...rest } = record as Record<string, unknown>
      assert.equal(parse(JSON.stringify(rest)), undefined, field)
      assert.equal(parse(JSON.stringify({ ...record, [field]: { odd: true } })), undefined, field)
      assert.equal(parse(JSON.stringify({ ...record, [field]: null })), undefined, field)
    }
  })
}

test('no text makes a parser throw', () => {
  const json = fc.oneof(fc.string(), fc.json(), fc.constantFrom('null', '[]', '"x"', '1', '{"nodes":[1]}'))
  fc.assert(
    fc.property(json, (text) => {
      for (const parse of Object.values(parsers)) parse(text)
    }),
  )
})

test('a leader that is released may say who shall take it', () => {
  const released = { node: 'a', nonce: 'x', n: 0, phase: 'released', handTo: 'b', why: 'planned' }
  assert.deepEqual(keys.parseLeader(JSON.stringify(released)), released)
  assert.equal(keys.parseLeader(JSON.stringify({ ...released, phase: 'odd' })), undefined)
})

test('pairs that share an etcd have keys apart, and one prefix for each', () => {
  const own = keys.keysOf('office')
  const all = [own.cluster, own.leader, own.term, own.insync, own.pause, own.handover]
  const made = [own.member('a'), own.standby('a'), own.history('7'), own.drill('2026')]
  for (const key of [...all, ...made]) assert.ok(key.startsWith('/ha/office/'), key)
  assert.equal(new Set([...all, ...made]).size, 10)
  assert.ok(!keys.keysOf('office2').leader.startsWith(own.prefix))
})
