import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { HurtAnswer, ReopenAnswer } from '../../cmd/watchdog-routes.ts'
import { askControl, ControlRefused, controlSocketPath } from '../../lib/base/control-socket.ts'
import type { Protocol } from '../../lib/base/protocol.ts'
import type { Snapshot } from '../../lib/status/snapshot.ts'
import { deafen } from '../support/deaf-door.ts'
import { startNode, type TestNode } from '../support/node.ts'
import { tftpFetch } from '../support/tftp-client.ts'
import { until } from '../support/until.ts'

const token = '0123456789abcdef'
const check = `watchdog-${token}.txt`
const users = `watchdog${token}_96xxdata.txt`

function controlOf({ config }: TestNode) {
  const path = controlSocketPath(config.run.folder, 'fileserver')
  return {
    post: <Answer>(url: string, body?: unknown) => askControl<Answer>(path, url, { method: 'POST', body }),
    get: <Answer>(url: string) => askControl<Answer>(path, url),
  }
}

const transportOf = (protocol: Protocol) => (protocol === 'tftp' ? 'udp' : 'tcp')

async function openNode(t: TestContext) {
  const node = await startNode(t, (config) => {
    config.userData.http = 'open'
    config.userData.https = 'open'
    config.access.maxClients = 1
  })
  for (const protocol of ['http', 'https', 'tftp'] as const) await node.put(protocol, 'a.txt', 'content')
  return { node, control: controlOf(node) }
}

for (const protocol of ['http', 'https', 'tftp', 'ftp'] as const)
  test(`a ${protocol} door that has become deaf hears again once it was opened anew, on the same port`, async (t) => {
    const { node, control } = await openNode(t)
    const port = node.port(protocol)
    const doors = node.fileserver.snapshot().doors
    assert.equal(deafen(transportOf(protocol), port), 1)
    if (protocol !== 'tftp') await assert.rejects(reach(protocol, port))
    const { reopened } = await control.post<ReopenAnswer>('/doors/reopen', { protocol, port })
    assert.deepEqual(
      reopened.map((door) => [door.protocol, door.address, door.port]),
      [[protocol, '127.0.0.1', port]],
    )
    await reach(protocol, port)
    assert.deepEqual(node.fileserver.snapshot().doors, doors)
  })

test('a door that is well is opened anew too, and twice', async (t) => {
  const { node, control } = await openNode(t)
  for (const protocol of ['http', 'https', 'tftp', 'ftp'] as const)
    for (let time = 0; time < 2; time++) {
      await control.post('/doors/reopen', { protocol, port: node.port(protocol) })
      await reach(protocol, node.port(protocol))
    }
})

test('a port that no such door has is said to be none', async (t) => {
  const { node, control } = await openNode(t)
  for (const body of [
    { protocol: 'tftp', port: node.port('http') },
    { protocol: 'gopher', port: 70 },
    { protocol: 'http', port: 'x' },
  ])
    await assert.rejects(control.post('/doors/reopen', body), ControlRefused, JSON.stringify(body))
})

test('d110: a door whose port another process has taken says who, and is opened when the port is free', async (t) => {
  const { node, control } = await openNode(t)
  const port = node.port('http')
  deafen('tcp', port)
  const other = createServer().listen(port, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  await assert.rejects(
    control.post('/doors/reopen', { protocol: 'http', port }),
    new RegExp(`http\\.ports: TCP port ${port} on 127\\.0\\.0\\.1 is held by .*pid ${process.pid}`),
  )
  assert.equal(
    node.fileserver.snapshot().doors.some((door) => door.protocol === 'http'),
    false,
  )
  other.close()
  await once(other, 'close')
  await control.post('/doors/reopen', { protocol: 'http', port })
  await reach('http', port)
})

test("d109: the watchdog's probes leave no count, no slot, no trace, no metric and no file", async (t) => {
  const { node, control } = await openNode(t)
  await control.post('/watchdog/hello', { token, pid: 4711 })
  for (const protocol of ['http', 'https', 'tftp'] as const) await node.put(protocol, check, 'random')
  const before = await control.get<Snapshot>('/status')
  for (const protocol of ['http', 'https'] as const) {
    const port = node.port(protocol)
    assert.deepEqual(await ask(protocol, port, check), [200, 'random'])
    assert.deepEqual(await ask(protocol, port, users, 'PUT', 'saved'), [201, ''])
    assert.deepEqual(await ask(protocol, port, users), [200, 'saved'])
    assert.deepEqual(await ask(protocol, port, users, 'DELETE'), [204, ''])
  }
  assert.equal(String((await tftpFetch(check, { port: node.port('tftp') })).bytes), 'random')
  const after = await control.get<Snapshot>('/status')
  assert.deepEqual(after.totals, before.totals)
  assert.deepEqual([after.slots.used, after.active, after.users.files], [0, [], 0])
  assert.deepEqual(await control.get('/phones'), [])
  assert.deepEqual(await control.get('/backups'), [])
  assert.deepEqual(await control.get('/backups?deleted='), [])
  assert.deepEqual(readdirSync(join(node.config.data.folder, '.state', 'versions')), [])
  const journal = join(node.config.data.folder, '.state', 'journal')
  for (const file of readdirSync(journal))
    assert.equal(readFileSync(join(journal, file), 'utf8').includes('watchdog'), false)
})

test('what phones ask for is counted as ever while the watchdog is there', async (t) => {
  const { node, control } = await openNode(t)
  await control.post('/watchdog/hello', { token, pid: 4711 })
  await ask('http', node.port('http'), 'watchdog-00000000000000aa.txt')
  await tftpFetch('a.txt', { port: node.port('tftp') })
  const { totals, slots } = await until(async () => {
    const now = await control.get<Snapshot>('/status')
    return now.totals.tftp === undefined ? undefined : now
  })
  assert.deepEqual([totals.http?.requests.refused, totals.tftp?.requests.sent, slots.used], [1, 1, 1])
})

test('the status tells when the watchdog was heard last, until it says goodbye', async (t) => {
  const { node, control } = await openNode(t)
  await assert.rejects(control.post('/watchdog/hello', { token: 'no token', pid: 1 }), ControlRefused)
  assert.equal((await control.get<Snapshot>('/status')).watchdog, undefined)
  await control.post('/watchdog/hello', { token, pid: 4711 })
  await control.post('/watchdog/beat', { round: 7, ok: true })
  const { watchdog } = await control.get<Snapshot>('/status')
  assert.deepEqual([watchdog?.pid, watchdog?.round, watchdog?.ok, watchdog?.silent], [4711, 7, true, false])
  await node.put('tftp', check, 'left')
  await control.post('/watchdog/bye')
  assert.equal((await control.get<Snapshot>('/status')).watchdog, undefined)
  assert.equal(existsSync(join(node.config.data.folder, 'TFTPdata', check)), false)
})

test('who is hurt when a door fails is told by what came over it', async (t) => {
  const { node, control } = await openNode(t)
  await tftpFetch('a.txt', { port: node.port('tftp') })
  await until(async () => ((await control.get<Snapshot>('/status')).totals.tftp ? true : undefined))
  assert.deepEqual(await control.get<HurtAnswer>('/watchdog/hurt?protocol=tftp'), {
    phones: 1,
    models: { unknown: 1 },
    addresses: ['127.0.0.1'],
  })
  assert.equal((await control.get<HurtAnswer>('/watchdog/hurt?protocol=ftp')).phones, 0)
  await assert.rejects(control.get('/watchdog/hurt?protocol=gopher'), ControlRefused)
})

test('the diagnostic report has neither environment nor command line, which may hold secrets', async (t) => {
  process.env['TWINTONE_TEST_SECRET'] = 'hush-hush'
  t.after(() => delete process.env['TWINTONE_TEST_SECRET'])
  const { control } = await openNode(t)
  const report = await control.get<Record<string, unknown>>('/report')
  const text = JSON.stringify(report)
  assert.ok('javascriptHeap' in report && 'libuv' in report)
  assert.doesNotMatch(text, /hush-hush|commandLine|environmentVariables/)
})

/** Fetches a file as a phone would. Rejects when nobody is there. */
async function reach(protocol: Protocol, port: number): Promise<void> {
  if (protocol === 'tftp') assert.equal(String((await tftpFetch('a.txt', { port })).bytes), 'content')
  else if (protocol === 'ftp') assert.match(await greeting(port), /^220/)
  else assert.deepEqual(await ask(protocol, port, 'a.txt'), [200, 'content'])
}

async function greeting(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  try {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    return String(chunk)
  } finally {
    socket.destroy()
  }
}

/** @returns status and body */
async function ask(
  protocol: Protocol,
  port: number,
  name: string,
  method = 'GET',
  body?: string,
): Promise<[number | undefined, string]> {
  const options = {
    port,
    host: '127.0.0.1',
    path: `/${name}`,
    method,
    agent: false,
    rejectUnauthorized: false,
  } as const
  const headers = body === undefined ? {} : { 'content-length': String(body.length) }
  const asked = (protocol === 'https' ? requestTls : request)({ ...options, headers })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return [response.statusCode, (await response.setEncoding('utf8').toArray()).join('')]
}
