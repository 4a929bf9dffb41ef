import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultConfig } from '../../../lib/base/config.ts'
import { networkHolds, policyFor } from '../../../watchdog/probes/policy.ts'
import { targetOf } from '../../../watchdog/probes/target.ts'

test('a network is an address, a prefix, a range or a CIDR block', () => {
  const holding = ['127.6.9.1', '127.6', '127.6.', '127.6.9.0-127.6.9.9', '127.0.0.0/8', '0.0.0.0/0']
  const others = [
    '127.6.9.2',
    '10',
    '127.6.9.2-127.6.9.9',
    '127.7.0.0/16',
    '::1',
    'nonsense',
    '127.6.9.1/99',
    '',
  ]
  for (const network of holding) assert.ok(networkHolds(network, '127.6.9.1'), network)
  for (const network of others) assert.ok(!networkHolds(network, '127.6.9.1'), network)
  assert.ok(networkHolds('::/0', '::1'))
})

test('the first row that fits counts, else the policy of the protocol', () => {
  const { userData } = defaultConfig()
  userData.policies = [
    { network: '10.0.0.0/8', protocols: ['ftp', 'http', 'https'], policy: 'open' },
    { network: '127.6', protocols: ['http'], policy: 'address-list' },
    { network: '127', protocols: ['http'], policy: 'open' },
  ]
  assert.equal(policyFor(userData, 'http', '127.6.9.1'), 'address-list')
  assert.equal(policyFor(userData, 'ftp', '127.6.9.1'), 'snmp')
})

test('a door is asked over IPv4 where it can be, from the address of the watchdog', () => {
  const own = '127.6.9.1'
  const target = (...addresses: string[]) => targetOf(addresses, 80, own)
  assert.deepEqual(target('::', '0.0.0.0'), { host: '127.0.0.1', port: 80, from: own })
  assert.deepEqual(target('10.1.2.3'), { host: '10.1.2.3', port: 80, from: own })
  assert.deepEqual(target('::'), { host: '::1', port: 80, from: '::1' })
  assert.deepEqual(target('fe80::1'), { host: 'fe80::1', port: 80, from: '::1' })
})
