import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Durability, type Answer, type Effect, type Operation } from '../../../ha/replica/durability.ts'
import { seededRandom } from '../../support/random.ts'

// For a long run: DURABILITY_RUNS=200000 node --test test/ha/replica/durability.random.test.ts
const runs = Number(process.env['DURABILITY_RUNS'] ?? 3_000)

/**
 * The other node, the set in etcd and the messages between, moved at random. Whatever happens: a node in the set has
 * every acknowledged record, and a node that has taken over has every record that is acknowledged after that.
 */
class World {
  now = 0
  /** Records here, and the last acknowledged. */
  seq = 0
  acknowledged = 0
  theirs = 0
  inSet: boolean
  revision = 0
  tookOver = false
  connected = false
  /** Its disk was replaced: until it has told, or has been removed, nobody can know. */
  replaced = false
  readonly unanswered = new Map<number, number>()
  readonly durability: Durability
  #question: Operation | undefined
  #late: { op: Operation; revision: number }[] = []
  readonly #random: () => number
  readonly #isGuarded: boolean

  constructor(seed: number, { mode, isGuarded }: { mode: 'available' | 'strict'; isGuarded: boolean }) {
    this.#random = seededRandom(seed)
    this.#isGuarded = isGuarded
    this.inSet = this.#random() < 0.5
    this.durability = new Durability({ mode, replicateMs: 500 }, { inSync: this.inSet, tip: 0 })
  }

  step(): void {
    const chance = this.#random()
    if (chance < 0.3) this.#save()
    else if (chance < 0.5) this.#copy()
    else if (chance < 0.58) this.#connect()
    else if (chance < 0.63) this.#breakOff()
    else if (chance < 0.8) this.#answer()
    else if (chance < 0.84) this.#commitLate()
    else if (chance < 0.845) this.#takeOver()
    else if (chance < 0.85) this.#replaceDisk()
    else this.#wait(this.#random() * 400)
    this.check()
  }

  check(): void {
    if (this.theirs >= this.acknowledged) this.replaced = false
    const must = (this.inSet || this.tookOver) && !this.replaced
    if (must && this.theirs < this.acknowledged)
      throw new Error(`it has ${this.theirs}, and ${this.acknowledged} was acknowledged`)
  }

  /** Everything works again: what waits is answered, and the other node comes back into the set. */
  settle(): void {
    for (let count = 0; count < 200; count += 1) {
      if (this.durability.isSynced && this.unanswered.size === 0) return
      if (!this.connected) this.#connect()
      this.theirs = this.seq
      this.perform(this.durability.stored(this.theirs, this.now))
      if (this.#question !== undefined) this.#commit(this.#question, 'yes')
      this.#wait(100)
      this.check()
    }
  }

  perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === 'ask') {
        assert.equal(this.#question, undefined, 'one question at a time')
        this.#question = effect.op
      } else {
        const seq = this.unanswered.get(effect.id)
        assert.ok(seq !== undefined, 'answered twice')
        this.unanswered.delete(effect.id)
        if (effect.do === 'acknowledge') this.acknowledged = Math.max(this.acknowledged, seq)
      }
    }
  }

  #save(): void {
    this.seq += 1
    this.unanswered.set(this.seq, this.seq)
    this.perform(this.durability.wait(this.seq, this.seq, this.now))
  }

  #copy(): void {
    if (!this.connected || this.tookOver || this.theirs >= this.seq) return
    this.theirs += 1 + Math.floor(this.#random() * (this.seq - this.theirs))
    if (this.#random() < 0.9) this.perform(this.durability.stored(this.theirs, this.now))
  }

  #connect(): void {
    if (this.connected || this.tookOver) return
    this.connected = true
    if (this.#random() < 0.15) {
      this.perform(this.durability.mustBeSeeded(this.now))
      if (this.#random() < 0.5) return this.#breakOff()
    }
    this.perform(this.durability.follows(this.theirs, this.now))
  }

  #breakOff(): void {
    if (!this.connected) return
    this.connected = false
    this.perform(this.durability.lost(this.now))
  }

  #answer(): void {
    const op = this.#question
    if (op === undefined) return
    if (this.tookOver) return this.#tell(op, 'no')
    const chance = this.#random()
    if (chance < 0.6) return this.#commit(op, 'yes')
    if (chance < 0.75) return this.#commit(op, 'unknown')
    if (chance < 0.9) this.#late.push({ op, revision: this.revision })
    this.#tell(op, 'unknown')
  }

  #commit(op: Operation, answer: Answer): void {
    this.revision += 1
    this.inSet = op === 'add'
    if (!this.inSet) this.replaced = false
    this.#tell(op, answer)
  }

  #tell(op: Operation, answer: Answer): void {
    this.#question = undefined
    this.perform(this.durability.answered(op, answer, this.now))
  }

  /** A transaction that nobody waits for any more: it counts if nothing has changed what it rests on. */
  #commitLate(): void {
    const late = this.#late.shift()
    if (late === undefined || this.tookOver) return
    if (this.#isGuarded && late.revision !== this.revision) return
    this.revision += 1
    this.inSet = late.op === 'add'
    if (!this.inSet) this.replaced = false
  }

  #takeOver(): void {
    if (!this.inSet || this.replaced) return
    this.tookOver = true
    this.#breakOff()
  }

  #replaceDisk(): void {
    if (this.connected || this.theirs === 0 || this.tookOver) return
    this.theirs = 0
    this.replaced = true
  }

  #wait(ms: number): void {
    this.now += ms
    while (this.durability.deadline <= this.now) {
      const { deadline } = this.durability
      this.perform(this.durability.tick(this.now))
      if (this.durability.deadline <= deadline && this.durability.deadline !== Infinity) break
    }
  }
}

for (const mode of ['available', 'strict'] as const) {
  test(`${mode}: in ${runs} random stories nothing acknowledged is missing where it could be taken over`, () => {
    let takenOver = 0
    for (let seed = 1; seed <= runs; seed += 1) {
      const world = new World(seed, { mode, isGuarded: true })
      try {
        for (let step = 0; step < 150; step += 1) world.step()
        if (world.tookOver) takenOver += 1
        else {
          world.settle()
          assert.ok(world.durability.isSynced, `it does not come back: ${world.durability.member}`)
          assert.equal(world.unanswered.size, 0, 'somebody still waits')
        }
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause })
      }
    }
    assert.ok(takenOver > runs / 20 && takenOver < runs / 2, `${takenOver} take-overs`)
  })
}

test('the control: were a late addition not guarded by what it rests on, something would be missing', () => {
  const findsOne = () => {
    for (let seed = 1; seed <= 3_000; seed += 1) {
      const world = new World(seed, { mode: 'available', isGuarded: false })
      for (let step = 0; step < 150; step += 1) world.step()
    }
  }
  assert.throws(findsOne, /was acknowledged/)
})
