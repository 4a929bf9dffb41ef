import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { execa } from 'execa'
import { Datagrams } from '../../../ha/link/datagrams.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { isRoot } from '../../../lib/base/process.ts'
import { TestClock } from '../../support/clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

/** An address for documentation (RFC 5737), which no machine has. */
const absent = { address: '192.0.2.1', port: 7_001 }
const remote = { address: '127.8.0.2', port: 9 }

test('an address that is not there yet is tried again, and told of once', async (t) => {
  const clock = new TestClock()
  const { log, events } = recordingLog()
  const datagrams = new Datagrams({ local: absent, remote, clock, log, onPacket: () => {} })
  t.after(() => datagrams.stop())
  await datagrams.start()
  for (let tries = 0; tries < 5; tries += 1) {
    clock.advance(500)
    for (let turns = 0; turns < 20; turns += 1) await turn()
    assert.equal(datagrams.send(Buffer.of(1)), false)
  }
  const lost = events('link socket lost')
  assert.equal(lost.length, 1)
  assert.match(String(lost[0]?.['why']), /EADDRNOTAVAIL/)
})

test('a socket whose address comes late, goes and comes back sends again', async (t) => {
  if (!isRoot()) return t.skip('only root may make a network namespace')
  const script = new URL('../../support/link-address.ts', import.meta.url).pathname
  const { stdout } = await execa('unshare', ['--net', process.execPath, script], { timeout: 60_000 })
  assert.deepEqual(stdout.split('\n'), [
    'sent without an address: false',
    'sent once the address was there',
    'noticed that the address was gone',
    'sent again; logged 2 losses and 2 returns',
  ])
})

test('datagrams go both ways over IPv6, too', async (t) => {
  const other = createSocket('udp6').bind(0, '::1')
  t.after(() => other.close())
  await once(other, 'listening')
  const packets: string[] = []
  const datagrams = new Datagrams({
    local: { address: '::1', port: 0 },
    remote: { address: '::1', port: other.address().port },
    clock: systemClock,
    log: recordingLog().log,
    onPacket: (packet) => packets.push(Buffer.from(packet).toString()),
  })
  t.after(() => datagrams.stop())
  await datagrams.start()
  other.on('message', (packet, { port }) => other.send(`${packet.toString()} back`, port, '::1'))
  await until(() => {
    datagrams.send(Buffer.from('there'))
    return packets.includes('there back') ? true : undefined
  })
})
