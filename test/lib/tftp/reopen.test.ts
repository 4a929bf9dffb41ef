import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { deafen } from '../../support/deaf-door.ts'
import { filesOf, inMemory } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'
import { ackPacket, readRequest, tftpFetch } from '../../support/tftp-client.ts'
import { openRaw, openTftp } from '../../support/tftp-door.ts'

const content = seededBytes(1_300)
const files = filesOf(inMemory('a.bin', content))

for (const singlePort of [false, true])
  test(`a transfer under way goes on while its door is opened anew, with singlePort ${singlePort}`, async (t) => {
    const { server, port } = await openTftp(t, files, { settings: { singlePort } })
    const phone = await openRaw(t)
    phone.send(readRequest('a.bin'), port)
    const first = await phone.next()
    assert.deepEqual(await server.reopen(port), [{ protocol: 'tftp', address: '127.0.0.1', port }])
    const got = [first.packet.subarray(4)]
    for (let block = 1; block <= 2; block++) {
      phone.send(ackPacket(block), first.port)
      got.push((await phone.next()).packet.subarray(4))
    }
    phone.send(ackPacket(3), first.port)
    assert.deepEqual(Buffer.concat(got), content)
    assert.equal(first.port === port, singlePort)
  })

test('d110: a port that another process has taken meanwhile is named, and opened once it is free', async (t) => {
  const { server, port } = await openTftp(t, files)
  deafen('udp', port)
  const other = createSocket('udp4').bind(port, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  await assert.rejects(
    server.reopen(port),
    new RegExp(`tftp\\.port: UDP port ${port} on 127\\.0\\.0\\.1 is held by`),
  )
  assert.deepEqual(server.status(), [])
})

test('another port is none of this door', async (t) => {
  const { server, port } = await openTftp(t, files)
  assert.deepEqual(await server.reopen(port + 1), [])
  assert.deepEqual((await tftpFetch('a.bin', { port })).bytes, content)
})

test('a door that stops while it is opened anew leaves nothing open', async (t) => {
  const { server, port } = await openTftp(t, files)
  const reopening = server.reopen(port)
  await server.stop(AbortSignal.timeout(5_000))
  await reopening
  const other = createSocket('udp4').bind(port, '127.0.0.1')
  await once(other, 'listening')
  other.close()
})
