import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { dial, everything, exchange, filesOf, inMemory, openHttp, PiecewiseFile } from '../../support/http.ts'

const get = (name: string) => `GET /${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`

test('a request under way goes on to its end while its door is opened anew, and the door waits for it when it stops', async (t) => {
  const gate = Promise.withResolvers<void>()
  const slow = new PiecewiseFile('slow.bin', 400_000, async (at, length) => {
    if (at > 0) await gate.promise
    return Buffer.alloc(Math.min(length, 400_000 - at), 'x')
  })
  const { door, port, outcomes } = await openHttp(t, filesOf(slow, inMemory('a.txt', 'content')))
  const socket = await dial(t, port)
  socket.write(get('slow.bin'))
  await once(socket, 'readable')
  await door.reopen(port)
  assert.match(await exchange(t, port, get('a.txt')), /content$/)
  const answer = everything(socket)
  const stopped = door.stop(AbortSignal.timeout(20_000))
  assert.equal(await Promise.race([stopped, delay(200, 'it waits')]), 'it waits')
  gate.resolve()
  assert.equal((await answer).replace(/^[^]*\r\n\r\n/, '').length, 400_000)
  await stopped
  assert.deepEqual((await outcomes.ended(2)).map(({ result }) => result).toSorted(), ['sent', 'sent'])
})

test('a door that stops while it is opened anew leaves nothing open', async (t) => {
  const { door, port } = await openHttp(t, filesOf())
  const reopening = door.reopen(port)
  await door.stop(AbortSignal.timeout(5_000))
  await reopening
  await assert.rejects(exchange(t, port, get('a.txt')), { code: 'ECONNREFUSED' })
  assert.deepEqual(door.status(), [])
})
