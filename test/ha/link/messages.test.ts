import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMessage, type Message } from '../../../ha/link/messages.ts'

const token = 'abcdefghijklmnopqrstuv'

const messages: Message[] = [
  { type: 'HELLO', challenge: token, answer: '' },
  { type: 'HOLD', epoch: 48_213, challenge: token },
  { type: 'PROMISE', epoch: 0, challenge: token },
  { type: 'FENCE', epoch: 48_214 },
  { type: 'RELEASE', epoch: 48_214 },
  { type: 'STATUS', status: { score: 100, notes: ['a', { b: null }] } },
]

for (const message of messages) {
  test(`a ${message.type} is read as it was said`, () => {
    assert.deepEqual(parseMessage(JSON.parse(JSON.stringify(message))), message)
  })

  test(`a ${message.type} with a field too many, too few or of another kind is none`, () => {
    assert.equal(parseMessage({ ...message, more: 1 }), undefined)
    for (const key of Object.keys(message)) {
      assert.equal(parseMessage(without(message, key)), undefined, `without ${key}`)
      for (const wrong of [undefined, null, -1, 1.5, 2 ** 53, true, [], 'x y'.repeat(100)])
        assert.equal(parseMessage({ ...message, [key]: wrong }), undefined, `${key} is ${String(wrong)}`)
    }
  })
}

test('what is no message at all is none', () => {
  const others = [
    undefined,
    null,
    1,
    'FENCE',
    [],
    {},
    { type: 'toString' },
    { type: '__proto__' },
    { type: 1 },
  ]
  for (const other of others) assert.equal(parseMessage(other), undefined)
})

test('a challenge that could be guessed is none, and neither is an epoch in words', () => {
  assert.equal(parseMessage({ type: 'HOLD', epoch: 1, challenge: '7' }), undefined)
  assert.equal(parseMessage({ type: 'FENCE', epoch: '7' }), undefined)
})

test('a STATUS has 800 bytes at most', () => {
  const ofBytes = (bytes: number) => ({
    type: 'STATUS',
    status: { a: 'x'.repeat(bytes - '{"a":""}'.length) },
  })
  assert.notEqual(parseMessage(ofBytes(800)), undefined)
  assert.equal(parseMessage(ofBytes(801)), undefined)
  assert.equal(
    parseMessage({ type: 'STATUS', status: { a: 'ä'.repeat(397) } }),
    undefined,
    'bytes, not characters',
  )
})

test('a key that means something to objects is no way around', () => {
  const status = JSON.parse('{"type":"FENCE","epoch":1,"__proto__":{"x":1}}') as unknown
  assert.equal(parseMessage(status), undefined)
})

const without = (message: Message, key: string) =>
  Object.fromEntries(Object.entries(message).filter(([name]) => name !== key))
