import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ask, doors } from '../support/ask.ts'
import { startNode } from '../support/node.ts'
import { seededBytes, seededRandom } from '../support/random.ts'

/** Sends `bytes` and waits for the server to close, or for a moment. */
async function throwAt(port: number, bytes: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(bytes)
  socket.resume()
  const late = setTimeout(() => socket.destroy(), 200)
  await once(socket, 'close')
  clearTimeout(late)
}

test('d95: random bytes thrown at every port leave the node alive and serving', async (t) => {
  const node = await startNode(t)
  for (const protocol of doors) await node.put(protocol, 'a.txt', 'still here')
  const random = seededRandom(95)
  const udp = createSocket('udp4')
  t.after(() => udp.close())
  for (let round = 0; round < 60; round++) {
    const bytes = seededBytes(Math.floor(random() * 3_000), round)
    await Promise.all([throwAt(node.port('http'), bytes), throwAt(node.port('https'), bytes)])
    for (const length of [0, 1, 2, 4, bytes.length])
      udp.send(bytes.subarray(0, length), node.port('tftp'), '127.0.0.1')
  }
  for (const protocol of doors)
    assert.equal((await ask(node, protocol, 'a.txt')).body.toString(), 'still here', protocol)
})

test('d95: a scan that connects to every port and leaves without a word is forgotten', async (t) => {
  const node = await startNode(t)
  for (const protocol of doors) await node.put(protocol, 'a.txt', 'still here')
  for (let round = 0; round < 200; round++) {
    for (const protocol of ['http', 'https'] as const) {
      const socket = connect(node.port(protocol), '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.resetAndDestroy()
    }
  }
  for (const protocol of doors) assert.equal((await ask(node, protocol, 'a.txt')).code, 200, protocol)
  assert.deepEqual(node.fileserver.snapshot().active, [])
})
