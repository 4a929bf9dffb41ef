import assert from 'node:assert/strict'
import { createHmac, createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { freshToken, longestDatagram, open, seal, type Envelope } from '../../../ha/link/seal.ts'
import { pairSecret, pairUuid } from '../../support/link-pair.ts'
import { seededBytes } from '../../support/random.ts'

const secret = pairSecret()
const ends = { cluster: pairUuid, me: 'B', other: 'A' }

const envelope = (change: Partial<Envelope> = {}): Envelope => ({
  cluster: pairUuid,
  from: 'A',
  to: 'B',
  session: 'session-of-a-12345',
  counter: 7,
  echo: 'session-of-b-12345',
  message: { type: 'FENCE', epoch: 48_213 },
  ...change,
})

function sealed(change: Partial<Envelope> = {}): Buffer {
  const packet = seal(envelope(change), secret)
  assert.ok(packet)
  return packet
}

const outcome = (packet: Uint8Array, key = secret) => {
  const opened = open(packet, key, ends)
  return opened.outcome === 'refused' ? opened.reason : opened.outcome
}

test('what was sealed is opened as it was', () => {
  assert.deepEqual(open(sealed(), secret, ends), { outcome: 'opened', envelope: envelope() })
})

test('row 62: one bit changed anywhere, and the message is forged', () => {
  const packet = sealed()
  for (let bit = 0; bit < packet.length * 8; bit += 1) {
    const changed = Buffer.from(packet)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(outcome(changed), 'forged', `bit ${bit}`)
  }
})

test('row 62: cut short, made longer or sealed with another secret, it is forged', () => {
  const packet = sealed()
  for (const length of [0, 1, 31, 32, 33, packet.length - 1])
    assert.equal(outcome(packet.subarray(0, length)), 'forged', `${length} bytes`)
  assert.equal(outcome(Buffer.concat([packet, Buffer.of(0x20)])), 'forged')
  assert.equal(outcome(packet, createSecretKey(seededBytes(32, 2))), 'forged')
})

test('row 62: a seal that the same secret made for another purpose is none', () => {
  const body = sealed().subarray(32)
  const plain = createHmac('sha256', secret).update(body).digest()
  assert.equal(outcome(Buffer.concat([plain, body])), 'forged')
})

test('a message of another pair, from myself, from a stranger or for another is refused', () => {
  assert.equal(outcome(sealed({ cluster: 'another' })), 'other cluster')
  assert.equal(outcome(sealed({ from: 'B', to: 'A' })), 'from myself')
  assert.equal(outcome(sealed({ from: 'C' })), 'from a stranger')
  assert.equal(outcome(sealed({ to: 'C' })), 'not for me')
})

test('with the right seal, too, only a message that is one in every detail is taken', () => {
  const withBody = (body: string) => {
    const bytes = Buffer.from(body)
    const mac = createHmac('sha256', secret).update('twintone link 1\0').update(bytes).digest()
    return Buffer.concat([mac, bytes])
  }
  assert.equal(outcome(withBody(JSON.stringify(envelope()))), 'opened')
  for (const body of [
    'null',
    '[]',
    '{',
    JSON.stringify({ ...envelope(), counter: '7' }),
    JSON.stringify({ ...envelope(), counter: 1.5 }),
    JSON.stringify({ ...envelope(), session: 1 }),
    JSON.stringify({ ...envelope(), echo: null }),
    JSON.stringify({ ...envelope(), message: { type: 'FENCE' } }),
  ])
    assert.equal(outcome(withBody(body)), 'not understood', body)
})

test('the longest STATUS between the longest names fits; nothing longer is made or looked at', () => {
  const longest = { from: 'a'.repeat(63), to: 'b'.repeat(63), session: freshToken(), echo: freshToken() }
  const message = { type: 'STATUS', status: { a: 'x'.repeat(792) } } as const
  const packet = sealed({ ...longest, message, counter: Number.MAX_SAFE_INTEGER })
  assert.ok(packet.length <= longestDatagram, `${packet.length} bytes`)
  assert.equal(seal(envelope({ echo: 'x'.repeat(1_200) }), secret), undefined)
  assert.equal(outcome(Buffer.alloc(1_201)), 'too long')
})

test('tokens are long and never the same', () => {
  const tokens = new Set(Array.from({ length: 1_000 }, freshToken))
  assert.equal(tokens.size, 1_000)
  for (const token of tokens) assert.match(token, /^[\w-]{22}$/)
})
