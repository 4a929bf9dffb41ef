import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Durability, type Answer, type DurabilityRules, type Effect } from '../../../ha/replica/durability.ts'

const available: DurabilityRules = { mode: 'available', replicateMs: 500 }
const strict: DurabilityRules = { mode: 'strict', replicateMs: 500 }

/** What happens, at which time, and what is to be done then. */
type Story = readonly [at: number, happens: (durability: Durability, now: number) => Effect[], does: string][]

const wait = (id: number, seq: number) => (durability: Durability, now: number) =>
  durability.wait(id, seq, now)
const follows = (tip: number) => (durability: Durability, now: number) => durability.follows(tip, now)
const stored = (seq: number) => (durability: Durability, now: number) => durability.stored(seq, now)
const removed = (answer: Answer) => (durability: Durability, now: number) =>
  durability.answered('remove', answer, now)
const added = (answer: Answer) => (durability: Durability, now: number) =>
  durability.answered('add', answer, now)
const tick = (durability: Durability, now: number) => durability.tick(now)
const lost = (durability: Durability, now: number) => durability.lost(now)
const seeded = (durability: Durability, now: number) => durability.mustBeSeeded(now)
const close = (durability: Durability) => durability.close()

const stories: Record<string, { rules?: DurabilityRules; inSync: boolean; tip?: number; story: Story }> = {
  'W1: a record is acknowledged once the other node has it': {
    inSync: true,
    story: [
      [0, follows(0), ''],
      [1, wait(1, 1), ''],
      [2, wait(2, 2), ''],
      [9, stored(1), 'acknowledge 1'],
      [10, stored(2), 'acknowledge 2'],
    ],
  },
  'one answer acknowledges all that it covers': {
    inSync: true,
    story: [
      [0, follows(0), ''],
      [1, wait(1, 1), ''],
      [1, wait(2, 2), ''],
      [1, wait(3, 3), ''],
      [5, stored(3), 'acknowledge 1, acknowledge 2, acknowledge 3'],
    ],
  },
  'what the other node has by the time it is asked for waits for nothing': {
    inSync: true,
    story: [
      [0, follows(7), ''],
      [1, wait(1, 7), 'acknowledge 1'],
    ],
  },
  'W2: a node that is too slow is removed first, and only then the record is acknowledged': {
    inSync: true,
    story: [
      [0, follows(0), ''],
      [0, wait(1, 1), ''],
      [499, tick, ''],
      [500, tick, 'ask remove'],
      [501, wait(2, 2), ''],
      [600, removed('yes'), 'acknowledge 1 alone, acknowledge 2 alone'],
      [601, wait(3, 3), 'acknowledge 3 alone'],
    ],
  },
  'what came while it was being removed is acknowledged as of both': {
    inSync: true,
    story: [
      [0, follows(0), ''],
      [0, wait(1, 1), ''],
      [500, tick, 'ask remove'],
      [510, stored(1), 'acknowledge 1'],
      [600, removed('yes'), ''],
    ],
  },
  'W5: whoever is told that it is not active refuses everything': {
    inSync: true,
    story: [
      [0, wait(1, 1), ''],
      [500, tick, 'ask remove'],
      [600, removed('no'), 'refuse 1'],
      [601, wait(2, 2), 'refuse 2'],
      [602, follows(9), ''],
    ],
  },
  'an unclear answer refuses who is late, and the other node stays required': {
    inSync: true,
    story: [
      [0, wait(1, 1), ''],
      [400, wait(2, 2), ''],
      [500, tick, 'ask remove'],
      [800, removed('unknown'), 'refuse 1'],
      [900, tick, 'ask remove'],
      [950, removed('unknown'), 'refuse 2'],
      [960, wait(3, 3), ''],
    ],
  },
  'after an unclear removal it is asked in again once it has everything': {
    inSync: true,
    story: [
      [0, wait(1, 1), ''],
      [500, tick, 'ask remove'],
      [800, removed('unknown'), 'refuse 1'],
      [900, follows(1), ''],
      [1_800, tick, 'ask add'],
      [1_810, added('yes'), ''],
    ],
  },
  'W3: it is let in once it has everything that was acknowledged without it, and records wait from before that':
    {
      inSync: false,
      tip: 1_000,
      story: [
        [0, wait(1, 1_001), 'acknowledge 1 alone'],
        [1, follows(500), ''],
        [2, wait(2, 1_002), 'acknowledge 2 alone'],
        [3, stored(800), ''],
        [4, wait(3, 1_003), ''],
        [5, stored(1_001), ''],
        [6, stored(1_002), 'ask add'],
        [7, wait(4, 1_004), ''],
        [8, stored(1_003), 'acknowledge 3'],
        [9, added('yes'), ''],
        [9, stored(1_004), 'acknowledge 4'],
      ],
    },
  'a node that is slow while it joins holds nobody up for longer than that': {
    inSync: false,
    story: [
      [0, wait(1, 1), 'acknowledge 1 alone'],
      [1, follows(0), ''],
      [2, wait(2, 2), ''],
      [502, tick, 'acknowledge 2 alone'],
      [503, wait(3, 3), 'acknowledge 3 alone'],
      [504, stored(3), ''],
      [1_502, tick, 'ask add'],
    ],
  },
  'a node that breaks off while it joins is not waited for': {
    inSync: false,
    story: [
      [0, wait(1, 1), 'acknowledge 1 alone'],
      [1, follows(0), ''],
      [2, wait(2, 2), ''],
      [3, lost, 'acknowledge 2 alone'],
    ],
  },
  'a node that breaks off while it is being let in is required until the answer, and removed again': {
    inSync: false,
    story: [
      [0, follows(0), 'ask add'],
      [1, wait(1, 1), ''],
      [2, lost, ''],
      [501, tick, ''],
      [600, added('yes'), 'ask remove'],
      [700, removed('yes'), 'acknowledge 1 alone'],
    ],
  },
  'a broken connection is given its time to come back': {
    inSync: true,
    story: [
      [0, follows(0), ''],
      [1, wait(1, 1), ''],
      [2, lost, ''],
      [300, follows(1), 'acknowledge 1'],
    ],
  },
  'a node that has to be seeded is removed at once, before anything is acknowledged': {
    inSync: true,
    story: [
      [0, seeded, 'ask remove'],
      [1, wait(1, 1), ''],
      [2, removed('yes'), 'acknowledge 1 alone'],
    ],
  },
  'a node that comes back with less than it had is removed': {
    inSync: true,
    story: [
      [0, follows(0), ''],
      [0, wait(1, 1), ''],
      [1, stored(1), 'acknowledge 1'],
      [2, lost, ''],
      [3, follows(0), 'ask remove'],
    ],
  },
  'a node that has to be seeded while it is being let in is removed as soon as that is answered': {
    inSync: false,
    story: [
      [0, follows(0), 'ask add'],
      [1, seeded, ''],
      [2, added('yes'), 'ask remove'],
      [3, removed('unknown'), ''],
      [1_003, tick, 'ask remove'],
    ],
  },
  'strict: without the other node a record is refused, and that node stays, since nothing is acknowledged without it':
    {
      rules: strict,
      inSync: true,
      story: [
        [0, follows(0), ''],
        [0, wait(1, 1), ''],
        [500, tick, 'refuse 1'],
        [501, wait(2, 2), ''],
        [600, stored(2), 'acknowledge 2'],
      ],
    },
  'strict: a node outside the set is waited for while it follows, and refused without when it does not': {
    rules: strict,
    inSync: false,
    tip: 1_000,
    story: [
      [0, wait(1, 1_001), 'refuse 1'],
      [1, follows(0), ''],
      [2, wait(2, 1_002), ''],
      [3, stored(1_002), 'acknowledge 2, ask add'],
      [4, added('yes'), ''],
    ],
  },
  'a closed one refuses what waits': {
    inSync: true,
    story: [
      [0, wait(1, 1), ''],
      [1, close, 'refuse 1'],
    ],
  },
}

for (const [title, { rules = available, inSync, tip = 0, story }] of Object.entries(stories)) {
  test(title, () => {
    const durability = new Durability(rules, { inSync, tip })
    for (const [at, happens, does] of story)
      assert.equal(happens(durability, at).map(inWords).join(', '), does, `at ${at}`)
  })
}

test('it says when it wants to look again', () => {
  const durability = new Durability(available, { inSync: true, tip: 0 })
  assert.equal(durability.deadline, Infinity)
  durability.wait(1, 1, 40)
  assert.equal(durability.deadline, 540)
  durability.tick(540)
  assert.equal(durability.deadline, Infinity, 'while it asks, the answer is awaited')
})

function inWords(effect: Effect): string {
  if (effect.do === 'ask') return `ask ${effect.op}`
  return `${effect.do} ${effect.id}${effect.do === 'acknowledge' && effect.alone ? ' alone' : ''}`
}
