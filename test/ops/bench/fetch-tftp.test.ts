import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { fetchTftp } from '../../../ops/bench/fetch-tftp.ts'

/** A server that answers each packet by `answer(packet)`, and passes the port to ask. */
async function serving(t: TestContext, answer: (packet: Buffer) => (Buffer | undefined)[]) {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => socket.close())
  await once(socket, 'listening')
  socket.on('message', (packet, { port, address }) => {
    for (const reply of answer(packet)) if (reply !== undefined) socket.send(reply, port, address)
  })
  return { server: '127.0.0.1', port: socket.address().port, from: '127.7.7.7', name: 'file.bin' }
}

const data = (block: number, content: Buffer) =>
  Buffer.concat([Buffer.from([0, 3, block >> 8, block & 255]), content])

test('the TFTP client of the bench puts a file together and ignores repeated blocks', async (t) => {
  const content = randomBytes(1_024)
  const blocks = [data(1, content.subarray(0, 512)), data(2, content.subarray(512)), data(3, Buffer.alloc(0))]
  const request = await serving(t, (packet) => {
    const acknowledged = packet[1] === 4 ? packet.readUInt16BE(2) : 0
    return [blocks[acknowledged - 1], blocks[acknowledged]]
  })
  const { sha256 } = await fetchTftp(request)
  assert.equal(sha256, createHash('sha256').update(content).digest('hex'))
})

test('the TFTP client of the bench reports what a server says that refuses', async (t) => {
  const request = await serving(t, () => [Buffer.from('\0\x05\0\x01file not found\0')])
  await assert.rejects(fetchTftp(request), { message: 'file not found' })
})
