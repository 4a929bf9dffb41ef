import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Protocol } from '../../lib/base/protocol.ts'
import { rootOf } from '../../lib/files/roots.ts'
import type { FinishedTransfer } from '../../lib/status/activity.ts'
import { ask, doors } from '../support/ask.ts'
import { startNode, type TestNode } from '../support/node.ts'
import { until } from '../support/until.ts'

/** How each protocol says no. */
const forbidden: Partial<Record<Protocol, number>> = { http: 403, https: 403, tftp: 2 }
const busy: Partial<Record<Protocol, number>> = { http: 503, https: 503, tftp: 0 }

function watch(node: TestNode): FinishedTransfer[] {
  const finished: FinishedTransfer[] = []
  node.fileserver.activity.onFinished((each) => finished.push(each))
  return finished
}

for (const protocol of doors) {
  test(`${protocol}: a phone that is on no line of the list is refused, and one that is on it is served`, async (t) => {
    const node = await startNode(t)
    await node.put(protocol, '46xxsettings.txt', 'SET A 1\n')
    await node.put(protocol, 'allow_IP.txt', '127.0.0.2\n')
    assert.equal((await ask(node, protocol, '46xxsettings.txt', '127.0.0.1')).code, forbidden[protocol])
    assert.equal((await ask(node, protocol, '46xxsettings.txt', '127.0.0.2')).body.toString(), 'SET A 1\n')
    await node.put(protocol, `${protocol.toUpperCase()}_allow_IP.txt`, '127.0.0.1\n')
    assert.equal(
      (await ask(node, protocol, '46xxsettings.txt', '127.0.0.1')).code,
      200,
      'the specific list wins, at once',
    )
    assert.equal((await ask(node, protocol, '46xxsettings.txt', '127.0.0.2')).code, forbidden[protocol])
  })

  test(`d70: ${protocol}: a refused phone gets the fxd_ file where there is one, marked, and a refusal where there is none`, async (t) => {
    const node = await startNode(t)
    const finished = watch(node)
    await node.put(protocol, '46xxupgrade.scr', 'full\n')
    await node.put(protocol, '46xxsettings.txt', 'full\n')
    await node.put(protocol, 'allow_IP.txt', '10.0.0.0/8\n')
    assert.equal((await ask(node, protocol, '46xxupgrade.scr')).code, forbidden[protocol])
    await node.put(protocol, 'fxd_upgrade.scr', 'safe upgrade\n')
    await node.put(protocol, 'fxd_settings.txt', 'safe settings\n')
    assert.equal((await ask(node, protocol, '46xxupgrade.scr')).body.toString(), 'safe upgrade\n')
    assert.equal((await ask(node, protocol, '46xxsettings.txt')).body.toString(), 'safe settings\n')
    assert.equal(
      (await ask(node, protocol, 'firmware.bin')).code,
      forbidden[protocol],
      'nothing stands in for firmware',
    )
    await until(() => (finished.length === 4 ? true : undefined))
    assert.deepEqual(
      finished.map(({ fallback, file }) => [fallback === true, file]),
      [
        [false, undefined],
        [true, 'fxd_upgrade.scr'],
        [true, 'fxd_settings.txt'],
        [false, undefined],
      ],
    )
  })

  test(`d28, d29: ${protocol}: with all slots taken a new address is told to come back, and is let in when a slot is free`, async (t) => {
    const node = await startNode(t, (config) => {
      config.access.maxClients = 2
      config.access.sessionSeconds = 1
    })
    const finished = watch(node)
    await node.put(protocol, 'a.txt', 'a')
    assert.equal((await ask(node, protocol, 'a.txt', '127.0.0.1')).code, 200)
    assert.equal((await ask(node, protocol, 'a.txt', '127.0.0.2')).code, 200)
    const refused = await ask(node, protocol, 'a.txt', '127.0.0.3')
    assert.equal(refused.code, busy[protocol])
    if (protocol !== 'tftp') assert.match(String(refused.headers['retry-after']), /^\d+$/)
    assert.equal((await ask(node, protocol, 'a.txt', '127.0.0.1')).code, 200, 'who holds a slot goes on')
    await until(() => (finished.some(({ reason }) => reason === 'busy') ? true : undefined))
    assert.equal(node.fileserver.snapshot().totals[protocol]?.reasons['busy'], 1)
    await until(async () =>
      (await ask(node, protocol, 'a.txt', '127.0.0.3')).code === 200 ? true : undefined,
    )
  })
}

test('one slot is one address, whichever doors it asks', async (t) => {
  const node = await startNode(t, (config) => {
    config.access.maxClients = 1
  })
  for (const protocol of doors) await node.put(protocol, 'a.txt', 'a')
  for (const protocol of doors)
    assert.equal((await ask(node, protocol, 'a.txt', '127.0.0.1')).code, 200, protocol)
  for (const protocol of doors)
    assert.equal((await ask(node, protocol, 'a.txt', '127.0.0.2')).code, busy[protocol], protocol)
})

test('d88: a list that becomes damaged or vanishes while phones boot never opens the door, and an alarm says so', async (t) => {
  const node = await startNode(t)
  await node.put('http', 'a.txt', 'a')
  await node.put('http', 'allow_IP.txt', '127.0.0.2\n')
  assert.equal((await ask(node, 'http', 'a.txt')).code, 403)
  await node.put('http', 'allow_IP.txt', '127.0.0.2\n127.0.0.1/99\n')
  assert.equal((await ask(node, 'http', 'a.txt')).code, 403)
  assert.equal((await ask(node, 'http', 'a.txt', '127.0.0.2')).code, 200)
  assert.match(
    node.fileserver.snapshot().alarms[0]?.text ?? '',
    /allow_IP\.txt cannot be used, so the last good list stays in force: .*line 2/,
  )
  await rm(join(rootOf(node.config.data.folder, 'http'), 'allow_IP.txt'))
  assert.equal((await ask(node, 'http', 'a.txt')).code, 403)
  node.fileserver.reload()
  assert.equal((await ask(node, 'http', 'a.txt')).code, 200)
  assert.deepEqual(node.fileserver.snapshot().alarms, [])
})
