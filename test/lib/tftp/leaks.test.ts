import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { filesOf, inMemory, PiecewiseFile, until } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'
import { ackPacket, readRequest, tftpFetch } from '../../support/tftp-client.ts'
import { openRaw, openTftp } from '../../support/tftp-door.ts'

const content = seededBytes(50_000)

/** What the process holds: timers and sockets by kind, and open descriptors. */
const held = () => [
  ...process.getActiveResourcesInfo().toSorted(),
  `${readdirSync('/proc/self/fd').length} descriptors`,
]

for (const singlePort of [false, true]) {
  test(`d28: 200 transfers broken off in every way leave nothing behind, with ${singlePort ? 'single-port mode' : 'ports of their own'}`, async (t) => {
    const large = new PiecewiseFile('large', 10_000_000, async (_at, length) => Buffer.alloc(length))
    const before = held()
    const { server, port, outcomes } = await openTftp(t, filesOf(inMemory('f', content), large), {
      settings: { singlePort, giveUpMs: 300, timeoutMs: 50 },
    })
    for (let times = 0; times < 50; times += 1) {
      // Unlike any other: the kernel may give two phones the same port, one after the other.
      const options = { windowsize: 8, attempt: times }
      const silent = await openRaw(t)
      silent.send(readRequest(times % 2 === 0 ? 'f' : 'large', 'octet', options), port)
      await tftpFetch('large', { port, options, onBlock: (block) => block < 3 }) // leaves in the middle
      await assert.rejects(tftpFetch('absent', { port, options }))
      const cancelling = await openRaw(t)
      cancelling.send(readRequest('large', 'octet', options), port)
      const { port: transferPort } = await cancelling.next()
      cancelling.send(ackPacket(0), transferPort)
      cancelling.send(Buffer.from('\0\x05\0\0no more\0'), transferPort)
      await Promise.all([silent.close(), cancelling.close()])
    }
    await outcomes.ended(200)
    assert.equal(outcomes.begun, 200)
    assert.equal(outcomes.all.filter(({ reason }) => reason === 'phone cancelled').length, 50)
    await server.stop(AbortSignal.timeout(10_000))
    await until(() => large.closed === large.opened)
    await until(() => held().join() === before.join()).catch(() => assert.deepEqual(held(), before))
  })
}
