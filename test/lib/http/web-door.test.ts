import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { defaultConfig } from '../../../lib/base/config.ts'
import { HttpDoor } from '../../../lib/http/server.ts'
import {
  dial,
  everything,
  exchange,
  filesOf,
  inMemory,
  openHttp,
  PiecewiseFile,
  routeParts,
  until,
} from '../../support/http.ts'

const files = filesOf(inMemory('a.txt', 'aaa'))
const settings = { ...defaultConfig().http, addresses: ['127.0.0.1'], ports: [0] }
const request = 'GET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n'

test('a door listens on each address and port, IPv6 beside IPv4', async (t) => {
  const { door } = await openHttp(t, files, { settings: { addresses: ['127.0.0.1', '::1'], ports: [0, 0] } })
  assert.deepEqual(
    door.status().map(({ protocol, address }) => [protocol, address]),
    [
      ['http', '127.0.0.1'],
      ['http', '127.0.0.1'],
      ['http', '::1'],
      ['http', '::1'],
    ],
  )
  for (const { address, port } of door.status()) {
    const socket = connect(port, address)
    t.after(() => socket.destroy())
    socket.write(request)
    assert.match(await everything(socket), /^HTTP\/1\.1 200 /)
  }
})

test('0.0.0.0 and :: can be listened to on the same port', async (t) => {
  const { door, port } = await openHttp(t, files, { settings: { addresses: ['0.0.0.0'] } })
  const other = new HttpDoor({ ...settings, addresses: ['::'], ports: [port] }, routeParts(files))
  t.after(() => other.stop(AbortSignal.abort()))
  await other.start()
  assert.deepEqual(
    [...door.status(), ...other.status()].map((each) => each.port),
    [port, port],
  )
})

test('a transfer knows the local port that was asked, and its phone by one spelling', async (t) => {
  const { door, outcomes } = await openHttp(t, files, { settings: { addresses: ['::1'], ports: [0, 0] } })
  for (const { port } of door.status()) {
    const socket = connect(port, '::1')
    t.after(() => socket.destroy())
    socket.write(request)
    await everything(socket)
  }
  assert.deepEqual(
    (await outcomes.ended(2)).map(({ address, port }) => [address, port]),
    door.status().map(({ port }) => ['::1', port]),
  )
})

test('a port that is taken is named with its setting and address, and nothing stays open', async (t) => {
  const { port } = await openHttp(t, files)
  const door = new HttpDoor({ ...settings, ports: [0, port] }, routeParts(files))
  await assert.rejects(
    door.start(),
    (error) =>
      error instanceof Error &&
      error.message.includes('http.ports') &&
      error.message.includes(`${port} on 127.0.0.1`) &&
      error.cause instanceof Error,
  )
  const [open] = door.status()
  await door.stop(AbortSignal.timeout(1_000))
  const socket = connect(open?.port ?? 0, '127.0.0.1')
  await assert.rejects(once(socket, 'connect'))
})

test('an address that this machine does not have is an error', async () => {
  const door = new HttpDoor({ ...settings, addresses: ['192.0.2.1'] }, routeParts(files))
  await assert.rejects(door.start(), /http\.ports.*192\.0\.2\.1/)
  await door.stop(AbortSignal.abort())
})

const endless = () => new AbortController().signal

test('stopping lets a transfer end, and its connection with it', { timeout: 10_000 }, async (t) => {
  const goOn = Promise.withResolvers<void>()
  const file = new PiecewiseFile('fw.bin', 1_000_000, async (position, length) => {
    if (position > 0) await goOn.promise
    return Buffer.alloc(length)
  })
  const { port, door } = await openHttp(t, filesOf(file), { settings: { keepAliveMs: 60_000 } })
  const busy = await dial(t, port)
  busy.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  const answer = everything(busy)
  await until(() => busy.bytesRead > 0)
  const stopped = door.stop(endless())
  assert.equal(await exchange(t, port, request).catch(() => 'refused'), 'refused')
  goOn.resolve()
  assert.equal((await answer).split('\r\n\r\n')[1]?.length, 1_000_000)
  await stopped
})

test(
  'stopping closes at once what waits for a request, or for the rest of one',
  { timeout: 10_000 },
  async (t) => {
    const { port, door } = await openHttp(t, files, { settings: { keepAliveMs: 60_000 } })
    const idle = await dial(t, port)
    idle.write('GET /a.txt HTTP/1.1\r\n\r\n')
    await once(idle, 'data')
    const half = await dial(t, port)
    half.write('GET /a.txt HTTP/1.1\r\nX-')
    const silent = await dial(t, port)
    const ended = [idle, half, silent].map(everything)
    await door.stop(endless())
    await Promise.all(ended)
  },
)

test('stopping without any grace cuts a transfer', { timeout: 10_000 }, async (t) => {
  const file = new PiecewiseFile('fw.bin', 1_000_000, () => new Promise(() => {}))
  const { port, door, outcomes } = await openHttp(t, filesOf(file))
  const socket = await dial(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  await until(() => file.opened === 1)
  await door.stop(AbortSignal.abort())
  assert.equal((await outcomes.ended(1))[0]?.result, 'broken')
})

test('what has not ended when the grace is over is cut', async (t) => {
  const file = new PiecewiseFile('fw.bin', 1_000_000, () => new Promise(() => {}))
  const { port, door, outcomes } = await openHttp(t, filesOf(file))
  const socket = await dial(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  const answer = everything(socket)
  await until(() => file.opened === 1)
  await door.stop(AbortSignal.timeout(50))
  await answer
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason], ['broken', 'we are stopping'])
})

test('stopping twice, or without having started, is harmless', async (t) => {
  const { door } = await openHttp(t, files)
  await door.stop(AbortSignal.timeout(1_000))
  await door.stop(AbortSignal.timeout(1_000))
  await new HttpDoor(settings, routeParts(files)).stop(AbortSignal.timeout(1_000))
})

test('connections that were turned away are counted in one line of the log', async (t) => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const { port } = await openHttp(t, files, {
    settings: { connectionsPerAddress: 1, idleTimeoutMs: 400 },
    parts: { log },
  })
  await dial(t, port)
  await Promise.all([1, 2, 3].map(() => exchange(t, port, request)))
  await until(() => lines.length > 0)
  assert.match(lines[0] ?? '', /"refused":3,"msg":"connections refused"/)
})
