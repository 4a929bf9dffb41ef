import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fleetFiles, makeFleet } from '../../../ops/bench/fleet.ts'

test('every phone of a fleet has an address of its own in 127.0.0.0/8, and never 127.0.0.1', () => {
  const addresses = makeFleet(70_000).map(({ address }) => address)
  assert.equal(new Set(addresses).size, 70_000)
  assert.deepEqual(
    addresses.filter((address) => !/^127\.10[01]\.\d{1,3}\.\d{1,3}$/.test(address)),
    [],
  )
})

test('the families are mixed by their shares', () => {
  const counts = Object.groupBy(makeFleet(2_000), ({ family }) => family)
  const hundreds = Object.entries(counts).map(([family, phones]) => [
    family,
    Math.round((phones?.length ?? 0) / 100),
  ])
  assert.deepEqual(Object.fromEntries(hundreds), { '46xx': 6, '96x1': 7, J100: 5, 'J100 with TLS': 2 })
})

test('every file a phone asks for is there, except the one of its own', () => {
  const missing = makeFleet(100).flatMap(({ boot }) => boot.filter(({ file }) => !(file in fleetFiles)))
  assert.ok(missing.length > 0)
  assert.deepEqual(
    missing.filter(({ kind }) => kind !== 'own file'),
    [],
  )
})
