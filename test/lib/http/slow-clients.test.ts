import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import {
  dial,
  everything,
  exchange,
  filesOf,
  inMemory,
  openHttp,
  PiecewiseFile,
  until,
} from '../../support/http.ts'

const small = inMemory('a.txt', 'aaa')
const large = new PiecewiseFile('fw.bin', 100_000_000, async (_position, length) => Buffer.alloc(length))
const files = filesOf(small, large, inMemory('memory.bin', Buffer.alloc(30_000_000)))

/** While some clients misbehave, another is served. */
async function assertServes(t: TestContext, port: number): Promise<void> {
  const answer = await exchange(t, port, 'GET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*aaa$/s)
}

test('d64: a client that does not finish its header is answered 408 and cut off', async (t) => {
  const { port } = await openHttp(t, files, { settings: { headersTimeoutMs: 200 } })
  const socket = await dial(t, port)
  const answer = everything(socket)
  socket.write('GET /a.txt HTTP/1.1\r\nX-')
  const drip = setInterval(() => socket.write('a'), 20)
  t.after(() => clearInterval(drip))
  await assertServes(t, port)
  assert.match(await answer, /^HTTP\/1\.1 408 Request Timeout\r\n.*\r\nConnection: close\r\n/s)
})

test('d64: a client that says nothing at all is cut off', async (t) => {
  const { port } = await openHttp(t, files, { settings: { headersTimeoutMs: 200 } })
  const answer = everything(await dial(t, port))
  await assertServes(t, port)
  assert.match(await answer, /^HTTP\/1\.1 408 /)
})

test('d64: a client that does not finish its body has its answer, and is cut off', async (t) => {
  const { port } = await openHttp(t, files)
  const socket = await dial(t, port)
  const answer = everything(socket)
  socket.write('POST /a.txt HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n')
  const drip = setInterval(() => socket.write('a'), 20)
  t.after(() => clearInterval(drip))
  await assertServes(t, port)
  assert.match(await answer, /^HTTP\/1\.1 405 /)
})

for (const name of ['fw.bin', 'memory.bin']) {
  test(`d64: a client that stops reading ${name} is cut off once nothing moves`, async (t) => {
    const settings = { idleTimeoutMs: 300, minBytesPerSecond: 0 }
    const { port, outcomes } = await openHttp(t, files, { settings })
    const socket = await dial(t, port)
    socket.pause()
    socket.write(`GET /${name} HTTP/1.1\r\n\r\n`)
    await until(() => outcomes.begun === 1)
    await assertServes(t, port)
    await until(() => outcomes.all.some(({ result }) => result === 'broken'))
    const outcome = outcomes.all.find(({ result }) => result === 'broken')
    assert.equal(outcome?.reason, 'no progress')
    assert.equal(outcome.bytes < 30_000_000, true)
  })
}

/** Reads a megabyte every 20 ms: two seconds for the large file, which is allowed little more than one. */
function sip(t: TestContext, socket: Socket): void {
  let taken = 0
  socket.on('data', (piece: Buffer) => {
    taken += piece.length
    if (taken >= 1_000_000) socket.pause()
  })
  const timer = setInterval(() => {
    taken = 0
    socket.resume()
  }, 20)
  t.after(() => clearInterval(timer))
}

const strict = { idleTimeoutMs: 1_000, minBytesPerSecond: 1_000_000_000 }

for (const [title, before] of [
  ['', ''],
  [', also behind a request that was refused', 'GET /none HTTP/1.1\r\n\r\n'],
] as const) {
  test(`d64: a client that reads a little at a time is cut off at the deadline of its transfer${title}`, async (t) => {
    const { port, outcomes } = await openHttp(t, files, { settings: strict })
    const socket = await dial(t, port)
    socket.write(`${before}GET /fw.bin HTTP/1.1\r\n\r\n`)
    sip(t, socket)
    await assertServes(t, port)
    await until(() => outcomes.all.some(({ asked }) => asked === 'fw.bin'))
    assert.equal(outcomes.all.find(({ asked }) => asked === 'fw.bin')?.reason, 'too slow')
  })
}

test('d64: requests that are not waited for do not move the deadline of those before them', async (t) => {
  const { port, outcomes } = await openHttp(t, files, { settings: strict })
  const socket = await dial(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  sip(t, socket)
  const drip = setInterval(() => socket.write('GET /a.txt HTTP/1.1\r\n\r\n'), 20)
  t.after(() => clearInterval(drip))
  await until(() => outcomes.all.length > 0)
  assert.deepEqual([outcomes.all[0]?.asked, outcomes.all[0]?.reason], ['fw.bin', 'too slow'])
})

test('a client that keeps reading is not cut off by the idle time', async (t) => {
  const slow = new PiecewiseFile('slow.bin', 8 * 262_144, async (_position, length) => {
    await new Promise((resolve) => setTimeout(resolve, 60))
    return Buffer.alloc(length)
  })
  const settings = { idleTimeoutMs: 300, minBytesPerSecond: 0 }
  const { port, outcomes } = await openHttp(t, filesOf(slow), { settings })
  await exchange(t, port, 'GET /slow.bin HTTP/1.1\r\nConnection: close\r\n\r\n')
  assert.equal((await outcomes.ended(1))[0]?.result, 'sent')
})

test('an idle connection is closed after its time, and can be used until then', async (t) => {
  const { port } = await openHttp(t, files, { settings: { keepAliveMs: 300 } })
  const socket = await dial(t, port)
  const answer = everything(socket)
  socket.write('GET /a.txt HTTP/1.1\r\n\r\n')
  await until(() => socket.bytesRead > 0)
  socket.write('GET /a.txt HTTP/1.1\r\n\r\n')
  assert.equal((await answer).split('HTTP/1.1 200').length, 3)
})

test('d64: an address with too many connections is told so, others are served', async (t) => {
  const { port } = await openHttp(t, files, { settings: { connectionsPerAddress: 2 } })
  const first = await dial(t, port)
  const second = await dial(t, port)
  for (const socket of [first, second]) {
    socket.write('GET /a.txt HTTP/1.1\r\n\r\n')
    await once(socket, 'data')
  }
  const third = await exchange(t, port, 'GET /a.txt HTTP/1.1\r\n\r\n')
  assert.match(third, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
  assert.match(third, /\r\nRetry-After: \d+\r\n/)
  assert.match(third, /\r\nConnection: close\r\n/)
  assert.equal(third.match(/HTTP\/1\.1/g)?.length, 1)
  first.end()
  await once(first, 'close')
  await assertServes(t, port)
})

test('d64: beyond the connections of the door new ones are closed at once', async (t) => {
  const { port } = await openHttp(t, files, { settings: { maxConnections: 1 } })
  const first = await dial(t, port)
  first.write('GET /a.txt HTTP/1.1\r\n\r\n')
  await once(first, 'data')
  assert.equal(await exchange(t, port, 'GET /a.txt HTTP/1.1\r\n\r\n'), '')
})
