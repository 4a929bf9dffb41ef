import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { BootTraces } from '../../../lib/status/boot-traces.ts'
import { Metrics } from '../../../lib/status/metrics.ts'
import type { Snapshot } from '../../../lib/status/snapshot.ts'
import { StatusServer } from '../../../lib/status/status-server.ts'
import { TestClock } from '../../support/clock.ts'
import { parseExposition } from '../../support/exposition.ts'
import { finished, quietNode } from '../../support/snapshot.ts'

const settings = { enabled: true, port: 0, addresses: ['127.0.0.1'], allow: [], refreshSeconds: 10 }

async function startServer(
  t: TestContext,
  { allowed = ['127.0.0.1'], now = quietNode() }: { allowed?: string[]; now?: Snapshot } = {},
) {
  let looks = 0
  const snapshot = () => {
    looks++
    return now
  }
  const traces = new BootTraces({ phones: 10, boots: 3 }, { clock: new TestClock(), kindOf: () => 'other' })
  const metrics = new Metrics(snapshot)
  const server = new StatusServer(settings, {
    snapshot,
    traces,
    metrics,
    allows: (address) => allowed.includes(address),
  })
  t.after(() => server.stop())
  await server.start()
  const [port = 0] = server.ports
  const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
  return { server, port, traces, metrics, get, looks: () => looks }
}

test('the overview is a page that may hold no script and is not kept', async (t) => {
  const { get } = await startServer(t)
  const answer = await get('/')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(
    answer.headers.get('content-security-policy'),
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
  )
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.match(await answer.text(), /^<!doctype html>[^]*node-a: serving[^]*href="\/style\.css"/)
})

test('the style sheet of the pages comes from the same server', async (t) => {
  const { get } = await startServer(t)
  const answer = await get('/style.css')
  assert.match(answer.headers.get('content-type') ?? '', /^text\/css/)
  assert.match(await answer.text(), /table \{/)
})

test('the status is there as JSON', async (t) => {
  const { get } = await startServer(t)
  const answer = await get('/status.json')
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  assert.deepEqual(await answer.json(), JSON.parse(JSON.stringify(quietNode())))
})

test('healthz tells that it serves, and how many alarms there are', async (t) => {
  const { get } = await startServer(t, {
    now: quietNode({ alarms: [{ subject: 'a', text: 'b', since: new Date(0) }] }),
  })
  const answer = await get('/healthz')
  assert.equal(answer.status, 200)
  assert.deepEqual(await answer.json(), { status: 'ok', alarms: 1 })
})

test('metrics are there for Prometheus', async (t) => {
  const { get, metrics } = await startServer(t)
  metrics.record(finished())
  const answer = await get('/metrics')
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const { samples } = parseExposition(await answer.text())
  assert.equal(samples.get('twintone_transfer_seconds_count{protocol="http"}'), 1)
})

test('a phone has a page, by address or MAC, and all phones are there as JSON', async (t) => {
  const { get, traces } = await startServer(t)
  traces.record(finished({ asked: 'a.txt', phone: { mac: 'c81f4aef9689' } }))
  traces.record(finished({ address: '2001:db8::1' }))
  assert.match(
    await (await get('/phones/10.0.0.1')).text(),
    /<h1>10\.0\.0\.1 MAC c81f4aef9689<\/h1>[^]*a\.txt/,
  )
  assert.match(await (await get('/phones/C8-1F-4A-EF-96-89')).text(), /10\.0\.0\.1/)
  assert.match(await (await get('/phones/2001%3Adb8%3A%3A1')).text(), /2001:db8::1/)
  const phones = (await (await get('/phones.json')).json()) as { address: string }[]
  assert.deepEqual(
    phones.map(({ address }) => address),
    ['2001:db8::1', '10.0.0.1'],
  )
})

test('what is not there is not found, and none of it is sent back as markup', async (t) => {
  const { get } = await startServer(t)
  for (const path of [
    '/phones/10.0.0.9',
    '/phones/%3Cscript%3E',
    '/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/<script>',
  ]) {
    const answer = await get(path)
    assert.equal(answer.status, 404, path)
    assert.doesNotMatch(answer.headers.get('content-type') ?? '', /html/)
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  }
  assert.equal((await get('/phones/%zz')).status, 400)
})

test('it changes nothing: no method but GET and HEAD leads anywhere', async (t) => {
  const { get } = await startServer(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    assert.equal((await get('/status.json', { method })).status, 404, method)
  assert.equal((await get('/', { method: 'HEAD' })).status, 200)
})

test('d102: an address that is not allowed gets 403 everywhere, and nothing is looked up for it', async (t) => {
  const { get, looks, traces } = await startServer(t, { allowed: ['10.0.0.1'] })
  traces.record(finished())
  for (const path of [
    '/',
    '/status.json',
    '/phones.json',
    '/phones/10.0.0.1',
    '/healthz',
    '/metrics',
    '/style.css',
    '/nowhere',
  ]) {
    const answer = await get(path)
    assert.equal(answer.status, 403, path)
    assert.equal(await answer.text(), 'This address may not read the status; see status.allow.\n')
  }
  assert.equal(looks(), 0)
})

test('d69: an address that a client claims for itself does not count', async (t) => {
  const { get } = await startServer(t, { allowed: ['10.0.0.1'] })
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'proxy', 'x-client-ip'])
    assert.equal((await get('/', { headers: { [header]: '10.0.0.1' } })).status, 403, header)
})

test('it listens on every address of the settings, IPv6 too', async (t) => {
  const traces = new BootTraces({ phones: 1, boots: 1 }, { clock: new TestClock(), kindOf: () => 'other' })
  const asked: string[] = []
  const allows = (address: string) => asked.push(address) > 0
  const parts = { snapshot: () => quietNode(), traces, metrics: new Metrics(() => quietNode()), allows }
  const server = new StatusServer({ ...settings, addresses: ['127.0.0.1', '::1'] }, parts)
  t.after(() => server.stop())
  await server.start()
  const [first, second] = server.ports
  assert.equal((await fetch(`http://127.0.0.1:${first}/healthz`)).status, 200)
  assert.equal((await fetch(`http://[::1]:${second}/healthz`)).status, 200)
  assert.deepEqual(asked, ['127.0.0.1', '::1'])
})

test('a port that is taken names itself and the setting', async (t) => {
  const other = createServer()
  t.after(() => other.close())
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
  const bound = other.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  const traces = new BootTraces({ phones: 1, boots: 1 }, { clock: new TestClock(), kindOf: () => 'other' })
  const parts = {
    snapshot: () => quietNode(),
    traces,
    metrics: new Metrics(() => quietNode()),
    allows: () => true,
  }
  const server = new StatusServer({ ...settings, port }, parts)
  t.after(() => server.stop())
  await assert.rejects(
    server.start(),
    (error: Error) => error.message.includes('status.port') && error.message.includes(String(port)),
  )
})

test('stopping ends connections that are kept alive, and is harmless twice', async (t) => {
  const { server, port, get } = await startServer(t)
  await (await get('/healthz')).text()
  const idle = connect(port, '127.0.0.1')
  await new Promise<void>((connected) => idle.once('connect', connected))
  const closed = new Promise<void>((end) => idle.once('close', () => end()))
  await server.stop()
  await closed
  await server.stop()
})
