import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { defaultConfig } from '../../../lib/base/config.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { TftpServer } from '../../../lib/tftp/server.ts'
import { filesOf, inMemory, until } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'
import { ackPacket, readRequest, tftpFetch } from '../../support/tftp-client.ts'
import { openRaw, openTftp } from '../../support/tftp-door.ts'

const content = seededBytes(50_000)
const files = filesOf(inMemory('f', content))

for (const singlePort of [false, true]) {
  const mode = singlePort ? 'single-port mode' : 'ports of their own'

  test(`a stop lets transfers end, and takes no new ones, with ${mode}`, async (t) => {
    const { server, port, outcomes } = await openTftp(t, files, { settings: { singlePort } })
    let stopping: Promise<void> | undefined
    const { bytes } = await tftpFetch('f', {
      port,
      onBlock(block) {
        if (block === 10) stopping = server.stop(AbortSignal.timeout(20_000))
      },
    })
    assert.deepEqual(bytes, content)
    await stopping
    assert.deepEqual(
      outcomes.all.map(({ result }) => result),
      ['sent'],
    )
    assert.deepEqual(server.status(), [])
  })

  test(`when the grace period is over, phones are told and everything is closed, with ${mode}`, async (t) => {
    const { server, port, outcomes } = await openTftp(t, files, { settings: { singlePort } })
    const phone = await openRaw(t)
    const late = await openRaw(t)
    // With so long a timeout nothing is sent again while the test goes on.
    phone.send(readRequest('f', 'octet', { timeout: 60 }), port)
    const { port: transferPort } = await phone.next()
    const grace = new AbortController()
    const stopping = server.stop(grace.signal)
    late.send(readRequest('f'), port) // not heard any more
    phone.send(ackPacket(0), transferPort)
    await phone.next()
    grace.abort()
    await stopping
    assert.equal((await phone.next()).packet.toString('latin1'), '\0\x05\0\0server stopping\0')
    assert.deepEqual(
      outcomes.all.map(({ result, reason }) => [result, reason]),
      [['broken', 'server stopping']],
    )
    assert.equal(outcomes.begun, 1)
  })
}

test('a stop while a file is still being looked up answers nobody, and ends', async (t) => {
  const lookup = Promise.withResolvers<never>()
  const { server, port, outcomes } = await openTftp(t, { read: () => lookup.promise })
  const phone = await openRaw(t)
  phone.send(readRequest('f'), port)
  await until(() => outcomes.begun === 1)
  const stopping = server.stop(AbortSignal.abort())
  await outcomes.ended(1)
  lookup.reject(new Error('too late'))
  await stopping
  assert.deepEqual(
    outcomes.all.map(({ reason }) => reason),
    ['server stopping'],
  )
})

test('a server that was never started can be stopped, and a second stop does nothing', async (t) => {
  const activity = { begin: () => assert.fail('nothing begins') }
  const server = new TftpServer(defaultConfig().tftp, { files, activity, clock: systemClock, log: silentLog })
  await server.stop(AbortSignal.abort())
  const opened = await openTftp(t, files)
  await opened.server.stop(AbortSignal.abort())
  await opened.server.stop(AbortSignal.abort())
})
