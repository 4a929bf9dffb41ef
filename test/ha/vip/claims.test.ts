import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimsInArpTable, claimsInProbe } from '../../../ha/vip/claims.ts'

const head = 'IP address       HW type     Flags       HW address            Mask     Device\n'
const line = (address: string, mac: string, device: string) =>
  `${address.padEnd(17)}0x1         0x2         ${mac}     *        ${device}\n`

test('a floating address in the ARP table is the claim of whoever it names', () => {
  const table =
    head + line('10.0.0.9', '02:00:00:00:00:09', 'eth0') + line('10.0.0.50', '02:00:00:00:00:01', 'eth0')
  assert.deepEqual(claimsInArpTable(table, ['10.0.0.50'], 'eth0'), [
    { address: '10.0.0.50', mac: '02:00:00:00:00:01' },
  ])
})

test('an entry that says nothing yet is no claim, nor is one of another interface', () => {
  const table =
    head + line('10.0.0.50', '00:00:00:00:00:00', 'eth0') + line('10.0.0.50', '02:00:00:00:00:01', 'eth1')
  assert.deepEqual(claimsInArpTable(table, ['10.0.0.50'], 'eth0'), [])
})

test('a table that cannot be read has no claims', () => {
  assert.deepEqual(claimsInArpTable('', ['10.0.0.50'], 'eth0'), [])
  assert.deepEqual(claimsInArpTable('10.0.0.50 0x1 0x2 nonsense * eth0', ['10.0.0.50'], 'eth0'), [])
})

test('a probe names who answered, for IPv4 and IPv6', () => {
  assert.deepEqual(claimsInProbe('10.0.0.50 02:00:00:00:00:0A\nfd00::50 02:00:00:00:00:0b\n\n10.0.0.51 \n'), [
    { address: '10.0.0.50', mac: '02:00:00:00:00:0a' },
    { address: 'fd00::50', mac: '02:00:00:00:00:0b' },
  ])
})
