import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Link } from '../../../ha/link/link.ts'
import type { Message } from '../../../ha/link/messages.ts'
import { freshToken, seal } from '../../../ha/link/seal.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { silentLog } from '../../../lib/base/log.ts'
import {
  makePair,
  pairSecret,
  pairUuid,
  sayUntilHeard,
  type TestEnd,
  type TestPair,
  weightyHeard,
} from '../../support/link-pair.ts'
import { seededBytes } from '../../support/random.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const challenge = 'challenge-0123456789ab'

/** All that would change who is active, if it were believed. */
const weighty: Message[] = [
  { type: 'HOLD', epoch: 41, challenge },
  { type: 'PROMISE', epoch: 41, challenge },
  { type: 'FENCE', epoch: 42 },
  { type: 'RELEASE', epoch: 41 },
]

/** How many packets an end has refused. */
const refusedBy = ({ link }: TestEnd) =>
  Object.values(link.counts().refused).reduce((sum, count) => sum + count, 0)

/** Plays packets to an end, and waits until it has refused as many. */
async function playInVain({ relay }: TestPair, end: TestEnd, packets: readonly Uint8Array[]): Promise<void> {
  const heard = weightyHeard(end).length
  const refused = refusedBy(end)
  for (const bytes of packets) await relay.play(end.at, bytes)
  await until(() => (refusedBy(end) - refused >= packets.length ? true : undefined))
  assert.equal(weightyHeard(end).length, heard)
}

/** What went to that end so far. */
const recordedFor = ({ relay }: TestPair, { at }: TestEnd) =>
  relay.packets.filter(({ to }) => to.port === at.port && to.address === at.address).map(({ bytes }) => bytes)

test('messages go both ways, each with the time it came', async (t) => {
  const pair = await makePair(t)
  const [a, b] = [await pair.start('A'), await pair.start('B')]
  const times: number[] = []
  b.link.onMessage((_message, receivedAtMs) => times.push(receivedAtMs))
  const before = systemClock.now()
  assert.equal(b.link.heardMs() < before, true)
  for (const message of weighty) await sayUntilHeard(a, b, message)
  await sayUntilHeard(b, a, { type: 'STATUS', status: { score: 100 } })
  const kinds = new Set(weightyHeard(b).map(({ type }) => type))
  assert.deepEqual([...kinds], ['HOLD', 'PROMISE', 'FENCE', 'RELEASE'])
  assert.deepEqual(a.heard[0], { type: 'STATUS', status: { score: 100 } })
  for (const time of times) assert.ok(time >= before && time <= systemClock.now())
  assert.ok(b.link.heardMs() >= before)
  assert.equal(b.link.counts().received, b.heard.length)
})

test('before the other node has shown itself, nothing is sent but HELLO', async (t) => {
  const pair = await makePair(t)
  const a = await pair.start('A')
  assert.equal(a.link.send({ type: 'FENCE', epoch: 1 }), false)
  assert.equal(a.link.counts().unsent, 1)
  assert.equal(a.link.heardMs(), -Infinity)
})

test('with nothing to say, the nodes are heard all the same', async (t) => {
  const pair = await makePair(t)
  const [a, b] = [await pair.start('A'), await pair.start('B')]
  await until(() => (b.link.heardMs() > -Infinity ? true : undefined))
  const first = b.link.heardMs()
  await until(() => (b.link.heardMs() > first ? true : undefined))
  assert.deepEqual([a.heard, b.heard], [[], []])
})

test('row 62: FENCE, HOLD, RELEASE, PROMISE and the others, played again, are ignored', async (t) => {
  const pair = await makePair(t)
  const [a, b] = [await pair.start('A'), await pair.start('B')]
  for (const message of weighty) await sayUntilHeard(a, b, message)
  const recorded = recordedFor(pair, b)
  await playInVain(pair, b, [...recorded, ...recorded.toReversed()])
  assert.ok((b.link.counts().refused.repeated ?? 0) >= recorded.length)
  await sayUntilHeard(a, b, { type: 'FENCE', epoch: 43 })
})

test('row 62: all that was ever said to a node is ignored after its restart, before and after it is known again', async (t) => {
  const pair = await makePair(t)
  const [a, old] = [await pair.start('A'), await pair.start('B')]
  for (const message of weighty) await sayUntilHeard(a, old, message)
  const recorded = recordedFor(pair, old)
  await old.link.stop()

  pair.relay.passes = () => false
  const b = await pair.start('B')
  await playInVain(pair, b, recorded)
  assert.equal(b.link.heardMs(), -Infinity)
  pair.relay.passes = () => true
  await sayUntilHeard(a, b, { type: 'FENCE', epoch: 43 })
  await playInVain(pair, b, recorded)
  await sayUntilHeard(a, b, { type: 'FENCE', epoch: 44 })
})

test('row 62: what the last process of a node said and the network held back is ignored once the next one is known', async (t) => {
  const pair = await makePair(t)
  const [old, b] = [await pair.start('A'), await pair.start('B')]
  await sayUntilHeard(old, b, { type: 'HOLD', epoch: 41, challenge })
  pair.relay.passes = () => false
  const since = pair.relay.packets.length
  for (const message of weighty) old.link.send(message)
  await until(() => (pair.relay.packets.length >= since + weighty.length ? true : undefined))
  const held = recordedFor(pair, b).slice(-weighty.length)
  await old.link.stop()

  pair.relay.passes = () => true
  const a = await pair.start('A')
  await sayUntilHeard(a, b, { type: 'FENCE', epoch: 43 })
  await playInVain(pair, b, held)
  assert.equal(b.link.counts().sessions, 1)
  await sayUntilHeard(a, b, { type: 'FENCE', epoch: 44 })
})

test('row 62: forged with another secret, for another pair or sent back to its sender, a message is ignored', async (t) => {
  const pair = await makePair(t)
  const [a, b] = [await pair.start('A'), await pair.start('B')]
  await sayUntilHeard(a, b, { type: 'HOLD', epoch: 41, challenge })
  const forge = (message: Message, secret = createSecretKey(seededBytes(32, 7)), cluster = pairUuid) => {
    const from = {
      cluster,
      from: 'A',
      to: 'B',
      session: freshToken(),
      counter: 1_000_000,
      echo: freshToken(),
    }
    return seal({ ...from, message }, secret) ?? assert.fail('too long')
  }
  await playInVain(
    pair,
    b,
    weighty.map((message) => forge(message)),
  )
  await playInVain(
    pair,
    b,
    weighty.map((message) => forge(message, pairSecret(), 'another')),
  )
  await playInVain(pair, a, recordedFor(pair, b))
  assert.equal(b.link.counts().refused.forged, weighty.length)
  assert.equal(b.link.counts().refused['other cluster'], weighty.length)
  assert.ok((a.link.counts().refused['from myself'] ?? 0) > 0)
})

test('with every third packet lost, and either side restarted, what is repeated is heard', async (t) => {
  const pair = await makePair(t, 5)
  pair.relay.loss = 0.3
  let [a, b] = [await pair.start('A'), await pair.start('B')]
  for (let round = 0; round < 4; round += 1) {
    await sayUntilHeard(a, b, { type: 'FENCE', epoch: round })
    await sayUntilHeard(b, a, { type: 'FENCE', epoch: round })
    if (round % 2 === 0) {
      await a.link.stop()
      a = await pair.start('A')
    } else {
      await b.link.stop()
      b = await pair.start('B')
    }
  }
})

test('each kind of refusal is counted, and logged at most once a minute', async (t) => {
  const { log, events } = recordingLog()
  const pair = await makePair(t)
  const b = await pair.start('B', { log })
  await playInVain(
    pair,
    b,
    Array.from({ length: 50 }, (_, index) => seededBytes(60, index)),
  )
  assert.equal(b.link.counts().refused.forged, 50)
  const logged = events('link message refused')
  assert.deepEqual(
    logged.map(({ reason, count }) => [reason, count]),
    [['forged', 1]],
  )
})

test('a STATUS that has grown too long is not sent, and that is logged once', async (t) => {
  const { log, events } = recordingLog()
  const pair = await makePair(t)
  const [a, b] = [await pair.start('A', { log }), await pair.start('B')]
  await sayUntilHeard(a, b, { type: 'STATUS', status: {} })
  const { sent, unsent } = a.link.counts()
  for (let n = 0; n < 3; n += 1)
    assert.equal(a.link.send({ type: 'STATUS', status: { a: 'x'.repeat(800) } }), false)
  assert.equal(a.link.counts().unsent, unsent + 3)
  assert.ok(a.link.counts().sent <= sent + 1, 'at most a HELLO')
  assert.deepEqual(
    events('link message too long or malformed').map(({ type }) => type),
    ['STATUS'],
  )
})

test('a port that another process has is an error that says so', async (t) => {
  const pair = await makePair(t)
  await pair.start('B')
  await assert.rejects(pair.start('B'), /UDP port \d+ on 127\.8\.0\.2 is taken; stop the agent/)
})

test('a link that was stopped says nothing, is stopped again without harm, and leaves its port free', async (t) => {
  const pair = await makePair(t)
  const b = await pair.start('B')
  await b.link.stop()
  await b.link.stop()
  assert.equal(b.link.send({ type: 'FENCE', epoch: 1 }), false)
  await pair.start('B')
  const idle = new Link({
    local: { name: 'A', address: '127.8.0.1', port: 9 },
    remote: { name: 'B', address: '127.8.0.2', port: 9 },
    cluster: pairUuid,
    secret: pairSecret(),
    clock: systemClock,
    log: silentLog,
  })
  await idle.stop()
  await delay(1)
})
