import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configSchema, defaultConfig } from '../../../lib/base/config.ts'

const accepts = (tree: unknown) => configSchema.safeParse(tree).success

test('an empty file gives the ports of the product and the safe TLS profile', () => {
  const { http, https, tftp, status, access } = defaultConfig()
  assert.deepEqual(http.ports, [80, 81])
  assert.deepEqual(https.ports, [411])
  assert.equal(https.profile, 'modern')
  assert.equal(tftp.port, 69)
  assert.deepEqual([status.port, status.addresses], [6090, ['127.0.0.1']])
  assert.deepEqual(access, { maxClients: 0, sessionSeconds: 0 })
})

test('two configurations share nothing that one of them could change', () => {
  defaultConfig().http.ports.push(8080)
  defaultConfig().https.profileOfPort['411'] = 'legacy'
  assert.deepEqual(defaultConfig().http.ports, [80, 81])
  assert.deepEqual(defaultConfig().https.profileOfPort, {})
})

test('unknown settings are refused at every depth', () => {
  assert.equal(accepts({ nodes: {} }), false)
  assert.equal(accepts({ http: { port: 80 } }), false)
  assert.equal(accepts({ tftp: { quirks: [{ models: '4602' }] } }), false)
})

test('ports are whole numbers from 1 to 65535', () => {
  assert.equal(accepts({ http: { ports: [1, 65_535] } }), true)
  for (const port of [0, 65_536, -80, 80.5, '80', Number.NaN])
    assert.equal(accepts({ http: { ports: [port] } }), false, String(port))
})

test('addresses are addresses, not names, prefixes or shortened forms', () => {
  assert.equal(accepts({ http: { addresses: ['10.0.0.1', '::1', 'fe80::1'] } }), true)
  for (const address of ['localhost', '10.0.0.0/8', '10.1', '010.0.0.1', ''])
    assert.equal(accepts({ http: { addresses: [address] } }), false, address)
})

test('a time that a timer cannot hold is refused', () => {
  assert.equal(accepts({ tftp: { giveUpMs: 86_400_000 } }), true)
  assert.equal(accepts({ tftp: { giveUpMs: 2_147_483_648 } }), false)
})

test('d73: a weak TLS profile must be chosen by name, for all ports or for one', () => {
  assert.equal(accepts({ https: { profile: 'legacy', profileOfPort: { 443: 'authenticate-only' } } }), true)
  assert.equal(accepts({ https: { profile: 'LEGACY' } }), false)
  assert.equal(accepts({ https: { profileOfPort: { 443: 'old' } } }), false)
})

test('the port with a TLS profile of its own is written as its number, so that no row is silently unused', () => {
  for (const name of ['abc', '', '0411', '4 1', '+411'])
    assert.equal(accepts({ https: { profileOfPort: { [name]: 'legacy' } } }), false, name)
})
