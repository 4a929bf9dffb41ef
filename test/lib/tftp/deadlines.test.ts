import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadlines, type Sleeper } from '../../../lib/tftp/deadlines.ts'
import { TestClock } from '../../support/clock.ts'

/** Notes when it is woken, and sleeps for as long again. */
class Note implements Sleeper {
  deadline: number
  woken: number[] = []
  readonly #everyMs: number
  constructor(deadline: number, everyMs = Infinity) {
    this.deadline = deadline
    this.#everyMs = everyMs
  }
  wake(now: number): void {
    this.woken.push(now)
    this.deadline = now + this.#everyMs
  }
}

test('each sleeper is woken at its deadline', () => {
  const clock = new TestClock()
  const deadlines = new Deadlines(clock)
  const [slow, quick] = [new Note(100), new Note(10, 20)]
  deadlines.add(slow)
  deadlines.add(quick)
  clock.advance(100)
  assert.deepEqual(quick.woken, [10, 30, 50, 70, 90])
  assert.deepEqual(slow.woken, [100])
})

test('a deadline that moves on is not served at its old time, and one that moves near is served in time', () => {
  const clock = new TestClock()
  const deadlines = new Deadlines(clock)
  const note = new Note(50)
  deadlines.add(note)
  note.deadline = 200
  deadlines.moved(200)
  clock.advance(199)
  assert.deepEqual(note.woken, [])
  note.deadline = 1_000
  deadlines.moved(1_000)
  clock.advance(10)
  note.deadline = 220
  deadlines.moved(220)
  clock.advance(20)
  assert.deepEqual(note.woken, [220])
})

test('when the process was held up, what has arrived is heard before anybody is woken', () => {
  const late = new LateClock()
  const deadlines = new Deadlines(late)
  const note = new Note(10)
  deadlines.add(note)
  late.fireAt(60)
  assert.deepEqual(note.woken, [])
  late.fireAt(62)
  assert.deepEqual(note.woken, [62])
})

test('a process that is always late still wakes its sleepers', () => {
  const late = new LateClock()
  const deadlines = new Deadlines(late)
  const note = new Note(10)
  deadlines.add(note)
  late.fireAt(60)
  late.fireAt(100)
  assert.deepEqual(note.woken, [100])
})

test('nobody asleep means no timer', () => {
  const late = new LateClock()
  const deadlines = new Deadlines(late)
  const note = new Note(10)
  deadlines.add(note)
  deadlines.remove(note)
  assert.equal(late.hasTimer, false)
  const again = new Note(20)
  deadlines.add(again)
  assert.equal(late.hasTimer, true)
})

test('a sleeper that leaves when it is woken leaves no timer', () => {
  const late = new LateClock()
  const deadlines = new Deadlines(late)
  const note: Sleeper = { deadline: 10, wake: () => deadlines.remove(note) }
  deadlines.add(note)
  late.fireAt(10)
  assert.equal(late.hasTimer, false)
})

/** A clock whose one timer fires when it is told to, in time or not. */
class LateClock extends TestClock {
  #task: (() => void) | undefined

  override after(_ms: number, task: () => void): () => void {
    this.#task = task
    return () => {
      if (this.#task === task) this.#task = undefined
    }
  }

  get hasTimer(): boolean {
    return this.#task !== undefined
  }

  fireAt(now: number): void {
    this.advance(now - this.now())
    const task = this.#task
    this.#task = undefined
    task?.()
  }
}
