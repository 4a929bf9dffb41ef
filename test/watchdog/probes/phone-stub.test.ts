import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../../lib/base/config.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { SnmpDirectory } from '../../../lib/phones/directory.ts'
import { snmpAsk } from '../../../lib/phones/snmp.ts'
import { PhoneStub } from '../../../watchdog/probes/phone-stub.ts'
import { freePort } from '../../support/probed-node.ts'

const address = '127.6.9.1'
const extension = 'watchdog0123456789abcdef'

async function stubFor(
  t: TestContext,
  change: Partial<Config['snmp']> = {},
  addresses = [address],
): Promise<{ settings: Config['snmp']; stub: PhoneStub }> {
  const port = await freePort(address)
  const settings = { ...defaultConfig().snmp, port, timeoutMs: 500, retries: 1, ...change }
  const stub = new PhoneStub(settings, addresses, extension)
  t.after(() => stub.close())
  return { settings, stub }
}

function directoryFor(t: TestContext, settings: Config['snmp']): SnmpDirectory {
  const alarms = new Alarms({ clock: systemClock, log: silentLog })
  const directory = new SnmpDirectory(settings, {
    ask: snmpAsk(settings),
    clock: systemClock,
    log: silentLog,
    alarms,
  })
  t.after(() => directory.stop())
  return directory
}

/** GetBulkRequest with -118 non-repeaters (RFC 3416, 4.2.3): net-snmp throws. */
const negativeBulk = '302702010104067075626c6963a51a0204035788cd02018a020105300c300a06062b06010201010500'

const v3 = { version: 'v3', user: 'file', authKey: 'authentication', privKey: 'encryption' } as const
const versions: Partial<Config['snmp']>[] = [
  { version: 'v1', community: 'guessless' },
  { version: 'v2c' },
  v3,
  { ...v3, privProtocol: 'none' },
  { ...v3, authProtocol: 'none' },
  {
    families: [
      {
        family: '46xx',
        sysObjectId: '1.3.6.1.4.1.9.1',
        extension: '1.3.6.1.4.1.9.2.1.0',
        model: '1.3.6.1.4.1.9.2.2.0',
      },
    ],
  },
  { families: [{ family: 'new', extension: '1.3.6.1.4.1.9.2.1.0', model: '1.3.6.1.4.1.9.2.2.0' }] },
]

for (const change of versions) {
  test(`the file server takes it for a 46xx: ${JSON.stringify(change)}`, async (t) => {
    const { settings, stub } = await stubFor(t, change)
    assert.equal(await stub.listen(), undefined)
    const phone = await directoryFor(t, settings).identify(address, '127.0.0.1')
    assert.equal(phone.family, '46xx')
    assert.equal(phone.extension, extension)
    assert.equal(phone.model, '4620')
  })
}

test('it answers on each of its addresses, over IPv6 too', async (t) => {
  const { settings, stub } = await stubFor(t, {}, [address, '::1'])
  assert.equal(await stub.listen(), undefined)
  assert.equal((await directoryFor(t, settings).identify('::1', '::1')).extension, extension)
})

test('a port that is taken is told as a sentence, and taken when it is free again', async (t) => {
  const { settings, stub } = await stubFor(t)
  const holder = createSocket('udp4')
  holder.bind(settings.port, address)
  await once(holder, 'listening')
  assert.match((await stub.listen()) ?? '', /UDP port \d+ of 127\.6\.9\.1, another program has it/)
  holder.close()
  await once(holder, 'close')
  assert.equal(await stub.listen(), undefined)
  assert.equal(await stub.listen(), undefined)
})

test('it is silent for another community, and survives nonsense', async (t) => {
  const { settings, stub } = await stubFor(t)
  await stub.listen()
  const stranger = directoryFor(t, { ...settings, community: 'guess', timeoutMs: 100, retries: 0 })
  await assert.rejects(stranger.identify(address, '127.0.0.1'), /did not answer SNMP/)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  for (const nonsense of ['', '00', '3082', '3003020101', negativeBulk])
    socket.send(Buffer.from(nonsense, 'hex'), settings.port, address)
  assert.equal((await directoryFor(t, settings).identify(address, '127.0.0.1')).extension, extension)
})

test('an empty community is told as a sentence', async (t) => {
  const { stub } = await stubFor(t, { community: '' })
  assert.match((await stub.listen()) ?? '', /snmp\.community is empty/)
})

test('closed, it may be closed again, and listens anew', async (t) => {
  const { stub } = await stubFor(t)
  await stub.listen()
  await stub.close()
  await stub.close()
  assert.equal(await stub.listen(), undefined)
})
