import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import tls from 'node:tls'
import type { Downloads } from '../../../lib/files/service.ts'
import {
  filesOf,
  inMemory,
  openHttp,
  openHttps,
  PiecewiseFile,
  until,
  type OpenDoor,
} from '../../support/http.ts'

const size = 20_000_000
const descriptors = () => readdirSync('/proc/self/fd').length
/** Sockets, timers and requests that keep this process alive. */
const resources = () => process.getActiveResourcesInfo().length

/** 200 clients, 20 at a time, that reset their connection once they have a part of their file. */
async function abortTransfers(
  t: TestContext,
  door: OpenDoor,
  encrypt: (socket: Socket) => Socket,
): Promise<void> {
  for (let batch = 0; batch < 10; batch += 1) {
    const clients = Array.from({ length: 20 }, (_, index) => {
      const tcp = connect(door.port, '127.0.0.1')
      t.after(() => tcp.destroy())
      const socket = encrypt(tcp)
      for (const each of [tcp, socket]) each.on('error', () => {})
      socket.write(`GET /${index % 2 === 0 ? 'memory' : 'disk'}.bin HTTP/1.1\r\n\r\n`)
      socket.once('data', () => socket.pause())
      return { tcp, socket }
    })
    await until(() => clients.every(({ socket }) => socket.bytesRead > 0))
    for (const { tcp } of clients) tcp.resetAndDestroy()
    await door.outcomes.ended((batch + 1) * 20)
  }
}

type Open = (t: TestContext, files: Downloads) => Promise<OpenDoor>

const doors: [protocol: string, open: Open, encrypt: (socket: Socket) => Socket][] = [
  ['HTTP', openHttp, (socket) => socket],
  ['HTTPS', openHttps, (socket) => tls.connect({ socket, rejectUnauthorized: false })],
]
for (const [protocol, open, encrypt] of doors) {
  test(`200 aborted ${protocol} transfers leave no descriptor, socket or timer behind`, async (t) => {
    const file = new PiecewiseFile('disk.bin', size, async (_position, length) => Buffer.alloc(length))
    const door = await open(t, filesOf(inMemory('memory.bin', Buffer.alloc(size)), file))
    const before = { descriptors: descriptors(), resources: resources() }
    await abortTransfers(t, door, encrypt)
    assert.deepEqual(new Set(door.outcomes.all.map(({ result }) => result)), new Set(['broken']))
    await until(() => descriptors() <= before.descriptors && resources() <= before.resources)
    assert.deepEqual([file.opened, file.closed], [100, 100])
  })
}
