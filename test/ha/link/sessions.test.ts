import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../../ha/link/messages.ts'
import type { Envelope } from '../../../ha/link/seal.ts'
import { Sessions } from '../../../ha/link/sessions.ts'

/** A process of a node, without a network: what it says is an envelope in the hand of the test. */
class Process {
  readonly sessions: Sessions

  constructor(name: string, now = 0) {
    let made = 0
    this.sessions = new Sessions(() => `${name}-${(made += 1)}`, now)
  }

  says(message: Message): Envelope {
    return { cluster: 'c', from: 'x', to: 'y', ...this.sessions.next(), message }
  }

  hello(now = 0): Envelope {
    return this.says(this.sessions.hello(now))
  }

  /** Takes an envelope in. @returns what came of it, and the answer if there is one */
  hears(envelope: Envelope | undefined, now = 0): { outcome: string; answer?: Envelope } {
    assert.ok(envelope, 'nothing was said')
    const { outcome, reply } = this.sessions.admit(envelope, now)
    return { outcome, ...(reply === undefined ? {} : { answer: this.says(reply) }) }
  }
}

/** They greet each other until neither has anything to answer. */
function acquaint(one: Process, other: Process): void {
  let spoken: Envelope | undefined = one.hello()
  let listener = other
  for (let turn = 0; spoken !== undefined; turn += 1) {
    assert.ok(turn < 10, 'they never stop greeting')
    spoken = listener.hears(spoken).answer
    listener = listener === other ? one : other
  }
}

const fence: Message = { type: 'FENCE', epoch: 7 }

test('two processes know each other after three messages', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  const first = b.hears(a.hello())
  const second = a.hears(first.answer)
  const third = b.hears(second.answer)
  assert.equal(third.answer, undefined)
  assert.deepEqual([a.sessions.other, b.sessions.other], [b.sessions.own, a.sessions.own])
  assert.deepEqual([a.sessions.isAsking, b.sessions.isAsking], [false, false])
  assert.equal(b.hears(a.says(fence)).outcome, 'message')
  assert.equal(a.hears(b.says(fence)).outcome, 'message')
})

test('greetings that cross end, too', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  const [fromA, fromB] = [a.hello(), b.hello()]
  let spoken = [a.hears(fromB).answer, b.hears(fromA).answer]
  for (let turn = 0; spoken.some((each) => each !== undefined); turn += 1) {
    assert.ok(turn < 5, 'they never stop greeting')
    const [toB, toA] = spoken
    spoken = [toA && a.hears(toA).answer, toB && b.hears(toB).answer]
  }
  assert.deepEqual([a.sessions.other, b.sessions.other], [b.sessions.own, a.sessions.own])
})

test('before a process has answered our challenge, nothing it says counts', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  assert.equal(b.hears(a.says(fence)).outcome, 'from an unproven session')
  assert.equal(b.hears(a.hello()).outcome, 'from an unproven session')
  assert.equal(b.sessions.other, undefined)
})

test('row 62: within a session no message counts twice, and none that was overtaken', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  acquaint(a, b)
  const [first, second, third] = [a.says(fence), a.says(fence), a.hello()]
  assert.equal(b.hears(second).outcome, 'message')
  assert.equal(b.hears(first).outcome, 'repeated')
  assert.equal(b.hears(second).outcome, 'repeated')
  assert.equal(b.hears(third).outcome, 'hello')
  assert.equal(b.hears(third).outcome, 'repeated')
})

test('row 62: all that a process ever said, played to the next process of the other node, counts for nothing', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  const said: Envelope[] = []
  const says = (envelope: Envelope) => (said.push(envelope), envelope)
  const answer = b.hears(says(a.hello())).answer
  says(a.hears(answer).answer ?? assert.fail('no answer'))
  b.hears(said[1])
  for (let n = 0; n < 20; n += 1) b.hears(says(a.says(fence)))
  const next = new Process('b again')
  for (const envelope of said) assert.equal(next.hears(envelope).outcome, 'from an unproven session')
  assert.equal(next.sessions.other, undefined)
})

test('row 62: what was said to our last process is not for this one, though the other node is the same', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  acquaint(a, b)
  const held = Array.from({ length: 5 }, () => a.says(fence))
  const next = new Process('b again')
  acquaint(next, a)
  const later = a.says(fence)
  assert.equal(next.hears(later).outcome, 'message')
  for (const envelope of held) assert.equal(next.hears(envelope).outcome, 'repeated')
  // Held back, too, is what the other node says while it does not know of our new process yet.
  const third = new Process('b a third time')
  third.hears(a.hears(third.hello()).answer)
  assert.equal(third.sessions.other, a.sessions.own)
  assert.equal(third.hears(a.says(fence)).outcome, 'for an earlier session')
})

test('row 62: once its next process is known, the last one of the other node counts for nothing, whatever its counter', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  acquaint(a, b)
  const held = Array.from({ length: 100 }, () => a.says(fence))
  const next = new Process('a again')
  acquaint(next, b)
  assert.equal(b.sessions.changes, 1)
  for (const envelope of held) assert.equal(b.hears(envelope).outcome, 'from an unproven session')
  assert.equal(b.sessions.other, next.sessions.own)
  assert.equal(b.hears(next.says(fence)).outcome, 'message')
})

test('row 62: an answer to a challenge counts once, and not after that challenge was answered or replaced', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  const answer = a.hears(b.hello()).answer
  const again = a.hears(b.hello()).answer
  assert.equal(b.hears(answer).outcome, 'hello')
  const next = new Process('a again')
  acquaint(next, b)
  assert.equal(b.hears(again).outcome, 'from an unproven session')
  assert.equal(b.sessions.other, next.sessions.own)

  const late = new Process('b, slow')
  const heldBack = a.hears(late.hello(0)).answer
  late.hello(1_000)
  assert.equal(late.hears(heldBack, 1_001).outcome, 'from an unproven session')
})

test('recordings of a dead process do not shut the living one out', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  acquaint(a, b)
  const recorded = [a.hello(), a.says(fence)]
  const next = new Process('a again')
  acquaint(next, b)
  for (let n = 0; n < 50; n += 1) {
    for (const envelope of recorded)
      next.hears(b.hears(envelope).answer ?? assert.fail('not asked who that is'))
    assert.equal(b.hears(next.says(fence)).outcome, 'message')
  }
  const question = b.hears(recorded[0]).answer
  assert.equal(b.hears(next.hears(question).answer).outcome, 'hello')
  assert.equal(b.sessions.isAsking, false)
  assert.equal(b.sessions.changes, 1)
})

test('a process that is not known to the other node yet is made known by its answer to anything', () => {
  const [a, b] = [new Process('a'), new Process('b')]
  acquaint(a, b)
  const next = new Process('b again')
  let spoken: Envelope | undefined = next.hears(a.says(fence)).answer
  for (let turn = 0; turn < 6 && spoken !== undefined; turn += 1)
    spoken = (turn % 2 === 0 ? a : next).hears(spoken).answer
  assert.deepEqual([a.sessions.other, next.sessions.other], [next.sessions.own, a.sessions.own])
})
