import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import type { Config } from '../../../lib/base/config.ts'
import { Measurement } from '../../../ha/drill/measurement.ts'
import { giveUpMs } from '../../../ha/drill/prober.ts'
import { targetsOf, type Targets } from '../../../ha/drill/targets.ts'
import { startNode, type TestNode } from '../../support/node.ts'
import { freePort } from '../../support/program.ts'
import { startTcpRelay } from '../../support/tcp-relay.ts'

/** A prober of the test's own, which ends with it. */
async function prepare(t: TestContext, targets: Targets): Promise<Measurement> {
  const meter = await Measurement.prepare(targets, { host: 'c', clock: systemClock })
  t.after(() => meter.finish())
  return meter
}

const targetsAt = (node: TestNode): Targets => ({
  ...targetsOf(node.config, {
    vip: '127.0.0.1',
    nodes: [
      { name: 'A', address: '127.0.0.1' },
      { name: 'B', address: '127.0.0.2' },
    ],
    everyMs: 10,
  }),
  catchUpMs: 500,
  http: { port: node.port('http'), tls: false },
  tftpPort: node.port('tftp'),
  ftpPort: node.port('ftp'),
})

/** A file server whose users' data is open to us, at both nodes' addresses. */
async function openNode(t: TestContext, change: (config: Config) => void = () => {}): Promise<TestNode> {
  const port = await freePort()
  const node = await startNode(t, (config) => {
    config.http.addresses = ['127.0.0.1', '127.0.0.2']
    config.http.ports = [port]
    config.userData.http = 'open'
    config.userData.ftp = 'open'
    config.watchdog.address = '127.0.0.77'
    change(config)
  })
  await node.put('http', '46xxsettings.txt', 'SET DRILL 1\n')
  await node.put('tftp', '46xxsettings.txt', `SET DRILL 1 ${'#'.repeat(900)}\n`)
  return node
}

test('all doors are asked, nothing fails, what was saved is on both nodes and is taken away again', async (t) => {
  const node = await openNode(t)
  const meter = await prepare(t, targetsAt(node))
  assert.deepEqual(meter.protocols, ['http', 'put', 'tftp', 'ftp'])
  meter.start()
  await systemClock.sleep(600)
  const measured = await meter.finish()
  for (const each of measured.protocols) {
    assert.equal(each.failed, 0, each.protocol)
    assert.ok(each.asked > 5, `${each.protocol}: ${each.asked}`)
  }
  assert.deepEqual(
    measured.protocols.map(({ what }) => what),
    ['46xxsettings.txt', 'a small backup each', '46xxsettings.txt', 'login and a backup'],
  )
  const { saves } = measured
  assert.ok(saves.acknowledged > 5)
  assert.deepEqual(
    { ...saves, tried: 0, acknowledged: 0 },
    { tried: 0, acknowledged: 0, missing: [], unchecked: [], left: 0 },
  )
  const kept = await readdir(join(node.config.data.folder, 'FTPdata'))
  assert.deepEqual(
    kept.filter((name) => name.startsWith('drill')),
    [],
  )
  assert.deepEqual(measured.notes, [])
})

test('a door that is closed for a while is a gap of that length, not of the time limit of requests', async (t) => {
  const node = await openNode(t)
  const relay = await startTcpRelay(t, `127.0.0.1:${node.port('http')}`)
  const http = { port: Number(relay.endpoint.split(':')[1]), tls: false }
  const meter = await prepare(t, { ...targetsAt(node), http, nodes: [{ name: 'A', address: '127.0.0.1' }] })
  meter.start()
  await systemClock.sleep(300)
  const closedMs = systemClock.now()
  await relay.cut()
  await systemClock.sleep(400)
  await relay.mend()
  const openMs = systemClock.now()
  await systemClock.sleep(300)
  const measured = await meter.finish()
  const found = measured.protocols.find(({ protocol }) => protocol === 'http')
  assert.ok(found !== undefined && found.failed > 0)
  assert.ok(found.longestGapMs >= 400, `${found.longestGapMs} ms`)
  assert.ok(found.longestGapMs < openMs - closedMs + 1_000, `${found.longestGapMs} ms`)
  assert.equal(measured.protocols.find(({ protocol }) => protocol === 'tftp')?.failed, 0)
  assert.match(measured.notes.join('\n'), /the commonest failure: (?:http|put): ECONN(?:REFUSED|RESET)/)
  assert.deepEqual(measured.saves.missing, [])
  assert.deepEqual(measured.saves.unchecked, [])
})

test('an acknowledged save that a node has not got is missing', async (t) => {
  const node = await openNode(t)
  const other = await openNode(t)
  // Node B is another file server, which nothing is brought to.
  const targets = {
    ...targetsAt(node),
    nodes: [
      { name: 'A', address: '127.0.0.1' },
      { name: 'B', address: '127.0.0.3' },
    ],
  }
  const elsewhere = createServer((request, response) => void forward(request.url ?? '', other, response))
  elsewhere.listen(node.port('http'), '127.0.0.3')
  await once(elsewhere, 'listening')
  t.after(() => elsewhere.close())
  const meter = await prepare(t, targets)
  meter.start()
  await systemClock.sleep(100)
  const { saves } = await meter.finish()
  assert.equal(saves.missing.length, saves.acknowledged)
  assert.ok(saves.missing.every((each) => each.node === 'B' && each.file.startsWith('drill')))
})

async function forward(path: string, node: TestNode, response: ServerResponse): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${node.port('http')}${path}`)
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
}

test('a node that does not answer is told as unchecked, not as having lost what was saved', async (t) => {
  const node = await openNode(t)
  const targets = { ...targetsAt(node), nodes: [{ name: 'B', address: '127.0.0.9' }] }
  const meter = await prepare(t, targets)
  meter.start()
  await systemClock.sleep(100)
  const { saves, notes } = await meter.finish()
  assert.deepEqual(saves.missing, [])
  assert.deepEqual(saves.unchecked, ['B'])
  assert.match(notes.join('\n'), /B could not be asked whether it has what was saved/)
})

test('where this host may not save, that is not measured, and the report says what would let it', async (t) => {
  const node = await openNode(t, (config) => {
    config.userData.http = 'address-list'
    config.userData.ftp = 'address-list'
  })
  const meter = await prepare(t, targetsAt(node))
  assert.deepEqual(meter.protocols, ['http', 'tftp', 'ftp'])
  assert.match(
    meter.notes.join('\n'),
    /put is not measured: this host may not save \(status 403\); a row of userData\.policies/,
  )
  const { protocols } = await meter.finish()
  assert.equal(protocols.at(-1)?.what, 'welcome and farewell')
})

test('where no file is known, that there is none is an answer', async (t) => {
  const node = await startNode(t)
  const meter = await prepare(t, targetsAt(node))
  meter.start()
  await systemClock.sleep(200)
  const [http, tftp] = (await meter.finish()).protocols
  assert.deepEqual([http?.protocol, http?.what, http?.failed], ['http', 'whether there is a file', 0])
  assert.deepEqual([tftp?.protocol, tftp?.what, tftp?.failed], ['tftp', 'whether there is a file', 0])
})

test('where nothing answers, it says so at once', async (t) => {
  const targets: Targets = {
    vip: '127.0.0.9',
    nodes: [],
    everyMs: 10,
    http: { port: await freePort(), tls: false },
  }
  await assert.rejects(
    prepare(t, targets),
    /nothing answers at 127\.0\.0\.9.*http is not measured: ECONNREFUSED/s,
  )
})

test('HTTPS is asked where there is no HTTP, whoever the certificate is from', async (t) => {
  const node = await openNode(t, (config) => {
    config.https.addresses = ['127.0.0.1', '127.0.0.2']
  })
  await node.put('https', '46xxsettings.txt', 'SET DRILL 1\n')
  const { http } = targetsOf(
    { ...node.config, http: { ...node.config.http, enabled: false } },
    { vip: '', nodes: [], everyMs: 10 },
  )
  assert.equal(http?.tls, true)
  const targets: Targets = {
    vip: '127.0.0.1',
    nodes: [],
    everyMs: 10,
    http: { port: node.port('https'), tls: true },
  }
  const meter = await prepare(t, targets)
  meter.start()
  await systemClock.sleep(200)
  const [web] = (await meter.finish()).protocols
  assert.deepEqual([web?.what, web?.failed], ['46xxsettings.txt', 0])
})

test('an answer of an earlier reign after one of a later reign is found', async (t) => {
  let epoch = 6
  const http = await webServer(t, (response) => {
    response.writeHead(200, { 'X-HA-Epoch': String(epoch) }).end('x')
  })
  const targets: Targets = { vip: '127.0.0.1', nodes: [], everyMs: 10, http }
  const meter = await prepare(t, targets)
  meter.start()
  await systemClock.sleep(100)
  epoch = 5
  await systemClock.sleep(100)
  const measured = await meter.finish()
  assert.equal(measured.epochsOverlap, true)
  assert.match(measured.notes.join('\n'), /answers came from epochs 5, 6/)
})

test('a door that hangs is asked on meanwhile: its gap is not the time limit of the requests that hang', async (t) => {
  let hangs = false
  const place = await webServer(t, (response) => {
    if (!hangs) response.end('x')
  })
  const meter = await prepare(t, { vip: '127.0.0.1', nodes: [], everyMs: 10, http: place })
  meter.start()
  await systemClock.sleep(100)
  hangs = true
  await systemClock.sleep(300)
  hangs = false
  await systemClock.sleep(300)
  const [http] = (await meter.finish()).protocols
  assert.ok(http !== undefined && http.failed > 3, `${http?.failed} failed`)
  assert.ok(http.longestGapMs < giveUpMs, `${http.longestGapMs} ms`)
})

async function webServer(
  t: TestContext,
  answer: (response: ServerResponse) => void,
): Promise<{ port: number; tls: false }> {
  const server = createServer((_request, response) => answer(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const place = server.address()
  assert.ok(typeof place === 'object' && place !== null)
  return { port: place.port, tls: false }
}
