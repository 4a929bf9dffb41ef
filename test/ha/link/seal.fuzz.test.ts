import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseMessage, type Message } from '../../../ha/link/messages.ts'
import { freshToken, open, seal } from '../../../ha/link/seal.ts'
import { Sessions } from '../../../ha/link/sessions.ts'
import { fuzzRuns, mutated } from '../../support/fuzz.ts'
import { pairSecret, pairUuid } from '../../support/link-pair.ts'

const secret = pairSecret()
const ends = { cluster: pairUuid, me: 'B', other: 'A' }
const utf8 = new TextEncoder()

const epochs = fc.oneof(fc.nat(), fc.nat(), fc.constantFrom(-1, 0.5, 2 ** 53, '1', null))
const tokens = fc.constantFrom('challenge-0123456789ab', '', 'short', 'x'.repeat(64), 'with space 0123456789')
const likely = fc.oneof(
  fc.record({ type: fc.constantFrom('HOLD', 'PROMISE'), epoch: epochs, challenge: tokens }),
  fc.record({ type: fc.constantFrom('FENCE', 'RELEASE', 'toString'), epoch: epochs }),
  fc.record({ type: fc.constant('HELLO'), challenge: tokens, answer: tokens }),
  fc.record({ type: fc.constant('STATUS'), status: fc.jsonValue() }),
)
const mostly = (good: string, ...others: unknown[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: fc.constantFrom(...others) })
const envelopes = fc.record({
  cluster: mostly(pairUuid, 'another', 1),
  from: mostly('A', 'B', 'C', null),
  to: mostly('B', 'A', {}),
  session: mostly('one', 'two', 7),
  counter: fc.oneof(fc.nat(100), fc.constantFrom(-1, 1e300, '7')),
  echo: mostly('', 'three', []),
  message: fc.oneof(likely, likely, fc.jsonValue()),
})
const written = envelopes.map((envelope) => utf8.encode(JSON.stringify(envelope)))
const bodies = fc.oneof(
  written,
  mutated(
    fc.oneof(
      written,
      fc.json().map((text) => utf8.encode(text)),
      fc.uint8Array({ maxLength: 1_300 }),
    ),
  ),
)

/** With a right seal, so that the bytes get as far as they can. */
const sealed = (body: Uint8Array) =>
  Buffer.concat([createHmac('sha256', secret).update('twintone link 1\0').update(body).digest(), body])

test('row 62: whatever bytes come, opened is only what was sealed', () => {
  const genuine = fc
    .constantFrom<Message>({ type: 'FENCE', epoch: 7 }, { type: 'HOLD', epoch: 7, challenge: freshToken() })
    .map((message) => {
      const about = { cluster: pairUuid, from: 'A', to: 'B', session: 'one', counter: 1, echo: 'two' }
      return seal({ ...about, message }, secret) ?? assert.fail('too long')
    })
  fc.assert(
    fc.property(
      genuine.chain((packet) => fc.tuple(fc.constant(packet), mutated(fc.constant(packet)))),
      ([packet, changed]) => {
        const isSame = Buffer.compare(packet, changed) === 0
        assert.equal(open(changed, secret, ends).outcome, isSame ? 'opened' : 'refused')
      },
    ),
    fuzzRuns(3_000),
  )
})

test('whatever the seal covers, it is read without an error, and admitted or refused with a reason', () => {
  let opened = 0
  fc.assert(
    fc.property(fc.array(bodies, { maxLength: 5 }), (list) => {
      const sessions = new Sessions(freshToken, 0)
      for (const body of list) {
        const result = open(sealed(body), secret, ends)
        if (result.outcome === 'refused') {
          assert.notEqual(result.reason, 'forged')
          continue
        }
        opened += 1
        const { envelope } = result
        assert.deepEqual([envelope.cluster, envelope.from, envelope.to], [pairUuid, 'A', 'B'])
        assert.ok(Number.isSafeInteger(envelope.counter))
        assert.deepEqual(parseMessage(envelope.message), envelope.message)
        // None of these sessions can answer a challenge.
        assert.notEqual(sessions.admit(envelope, 0).outcome, 'message')
        assert.equal(sessions.other, undefined)
      }
    }),
    fuzzRuns(3_000),
  )
  assert.ok(opened > 50, `only ${opened} came so far`)
})

test('whatever is taken for a message, one comes out or none', () => {
  fc.assert(
    fc.property(fc.oneof(likely, fc.jsonValue(), fc.anything()), (value) => {
      const message = parseMessage(value)
      if (message !== undefined) assert.ok(JSON.stringify(message).length < 3_000)
    }),
    fuzzRuns(3_000),
  )
})
