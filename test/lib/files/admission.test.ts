import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admission } from '../../../lib/files/admission.ts'

const addressesOf = (admission: Admission, now: number) =>
  admission.clients(now).map(({ address }) => address)

test('until the maximum is reached every new address is admitted, and then none', () => {
  const admission = new Admission({ maxClients: 2, sessionMs: 60_000 })
  assert(admission.admit('10.0.0.1', 0))
  assert(admission.admit('10.0.0.2', 1))
  assert(!admission.admit('10.0.0.3', 2))
  assert(!admission.admit('10.0.0.3', 3))
  assert.deepEqual(addressesOf(admission, 3), ['10.0.0.1', '10.0.0.2'])
})

test('d29: who holds a slot goes on being served while all slots are taken', () => {
  const admission = new Admission({ maxClients: 1, sessionMs: 60_000 })
  for (let now = 0; now < 100; now++) assert(admission.admit('10.0.0.1', now))
  assert(!admission.admit('10.0.0.2', 100))
  assert.deepEqual(admission.clients(100), [
    { address: '10.0.0.1', admittedAt: 0, lastAt: 99, requests: 100 },
  ])
})

test('d28: a slot is free once the session time has gone by since the last request, and not before', () => {
  const admission = new Admission({ maxClients: 1, sessionMs: 1_000 })
  admission.admit('10.0.0.1', 0)
  admission.admit('10.0.0.1', 500)
  assert(!admission.admit('10.0.0.2', 1_499))
  assert(admission.admit('10.0.0.2', 1_500))
  assert(!admission.admit('10.0.0.1', 1_501), 'the first one has to wait in turn')
})

test('each slot has its own time: the one unused longest is free first', () => {
  const admission = new Admission({ maxClients: 2, sessionMs: 1_000 })
  admission.admit('10.0.0.1', 0)
  admission.admit('10.0.0.2', 100)
  admission.admit('10.0.0.1', 900)
  assert(admission.admit('10.0.0.3', 1_100))
  assert.deepEqual(addressesOf(admission, 1_100), ['10.0.0.1', '10.0.0.3'])
})

test('a phone that comes back after its time begins anew', () => {
  const admission = new Admission({ maxClients: 5, sessionMs: 1_000 })
  admission.admit('10.0.0.1', 0)
  admission.admit('10.0.0.1', 5_000)
  assert.deepEqual(admission.clients(5_000), [
    { address: '10.0.0.1', admittedAt: 5_000, lastAt: 5_000, requests: 1 },
  ])
})

test('a session time of 0 reserves a slot for good', () => {
  const admission = new Admission({ maxClients: 1, sessionMs: 0 })
  admission.admit('10.0.0.1', 0)
  assert(!admission.admit('10.0.0.2', 1e12))
})

test('a maximum of 0 admits everybody', () => {
  const admission = new Admission({ maxClients: 0, sessionMs: 0 })
  for (let client = 0; client < 1_000; client++)
    assert(admission.admit(`10.0.${client >> 8}.${client & 255}`, client))
  assert.equal(admission.clients(1_000).length, 1_000)
})

test('d27: without a maximum the list of clients is bounded all the same, and forgets the one seen longest ago', () => {
  const admission = new Admission({ maxClients: 0, sessionMs: 0 })
  for (let client = 0; client < 50_000; client++) admission.admit(`client ${client}`, client)
  admission.admit('client 0', 50_000)
  for (let client = 50_000; client < 50_010; client++) admission.admit(`client ${client}`, client)
  const addresses = addressesOf(admission, 60_000)
  assert.equal(addresses.length, 50_000)
  assert.equal(addresses[0], 'client 11')
  assert(addresses.includes('client 0'))
})

test('d27: refused addresses are not remembered', () => {
  const admission = new Admission({ maxClients: 1, sessionMs: 0 })
  admission.admit('10.0.0.1', 0)
  for (let client = 0; client < 1_000; client++) admission.admit(`stranger ${client}`, client)
  assert.deepEqual(addressesOf(admission, 1_000), ['10.0.0.1'])
})

test('an evicted address loses its slot to the next one that asks', () => {
  const admission = new Admission({ maxClients: 1, sessionMs: 0 })
  admission.admit('10.0.0.1', 0)
  assert(admission.evict('10.0.0.1'))
  assert(!admission.evict('10.0.0.1'))
  assert(admission.admit('10.0.0.2', 1))
  assert(!admission.admit('10.0.0.1', 2))
})

test('d115: only the time given in counts, so a wall clock that jumps frees and holds nothing', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const admission = new Admission({ maxClients: 1, sessionMs: 1_000 })
  admission.admit('10.0.0.1', 0)
  t.mock.timers.setTime(1e12)
  assert(!admission.admit('10.0.0.2', 999))
  t.mock.timers.setTime(0)
  assert(admission.admit('10.0.0.2', 1_000))
})
