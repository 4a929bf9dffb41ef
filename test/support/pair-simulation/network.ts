import type { Message } from '../../../ha/role/state.ts'
import { otherOf, type Name, type Weather, type World } from './world.ts'

/** From where to where; e is etcd, so that a question and its answer go different ways. */
export type Way = 'ab' | 'ba' | 'ae' | 'ea' | 'be' | 'eb'
export const ways: readonly Way[] = ['ab', 'ba', 'ae', 'ea', 'be', 'eb']

const calm: Weather = { lateShare: 0, datagramMs: 4, etcdMs: 5 }

/** What is wrong with it, and until when. All over: it is sound. */
export class SimulatedNetwork {
  readonly #world: World
  readonly cutUntilMs: Record<Way, number> = { ab: 0, ba: 0, ae: 0, ea: 0, be: 0, eb: 0 }
  /** What is sent until then arrives then. */
  readonly heldUntilMs: Record<Way, number> = { ab: 0, ba: 0, ae: 0, ea: 0, be: 0, eb: 0 }
  /** Most members of etcd are gone. */
  noQuorumUntilMs = 0
  slowUntilMs = 0
  lossyUntilMs = 0
  /** A member of etcd answers with what it knew a while ago. */
  laggingUntilMs = 0
  #weather: Weather
  /** When the last of all questions under way will have arrived. */
  lastArrivalMs = 0

  constructor(world: World) {
    this.#world = world
    this.#weather = world.scene.weather
  }

  get hasQuorum(): boolean {
    return this.#world.nowMs >= this.noQuorumUntilMs
  }

  get lags(): boolean {
    return this.#world.nowMs < this.laggingUntilMs
  }

  passes(way: Way): boolean {
    return this.#world.nowMs >= this.cutUntilMs[way]
  }

  /** Between file servers: TCP, so there and back. */
  connects(): boolean {
    return this.passes('ab') && this.passes('ba')
  }

  heal(): void {
    this.#weather = calm
    for (const way of ways) this.cutUntilMs[way] = this.heldUntilMs[way] = 0
    this.noQuorumUntilMs = this.slowUntilMs = this.lossyUntilMs = this.laggingUntilMs = 0
  }

  /** A datagram: lost, late, twice, or long after by somebody who had recorded it. */
  send(from: Name, { type }: Message, arrive: () => void): void {
    const world = this.#world
    const way = `${from}${otherOf(from)}` as Way
    const copies = world.often(0.03) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.#loses()) continue
      const { datagramMs, promiseMs = datagramMs, lateShare } = this.#weather
      const late = world.often(lateShare) ? world.between(0, 3_000) : 0
      const ms = this.#heldMs(way) + world.between(0.2, type === 'PROMISE' ? promiseMs : datagramMs) + late
      // The cut is at its beginning or at its end.
      if (world.often(0.5)) world.after(ms, () => this.passes(way) && arrive())
      else if (this.passes(way)) world.after(ms, arrive)
    }
  }

  /**
   * A question to etcd. It may arrive without an answer, arrive twice, since it was asked of two members, or arrive
   * when nobody waits for it any more.
   */
  ask<T>(from: Name, execute: () => T, answered: (answer: T) => void): void {
    const copies = this.#world.often(0.2) ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (!this.passes(`${from}e` as Way) || this.#loses()) continue
      this.#arrive(this.#toEtcdMs(from), from, execute, answered)
    }
  }

  /** What the watch of a node tells it, if it hears of it at all. */
  notify(node: Name, arrive: () => void): void {
    const way = `e${node}` as Way
    if (this.passes(way) && this.hasQuorum && !this.lags) this.#world.after(this.#etcdMs(way), arrive)
  }

  #arrive<T>(ms: number, from: Name, execute: () => T, answered: (answer: T) => void): void {
    const world = this.#world
    this.lastArrivalMs = Math.max(this.lastArrivalMs, world.nowMs + ms)
    world.after(ms, () => {
      if (!this.hasQuorum) {
        // A proposal without a quorum may be lost, or wait for it.
        if (world.often(0.5)) this.#arrive(this.#untilQuorumMs(), from, execute, answered)
        return
      }
      const answer = execute()
      const back = `e${from}` as Way
      if (this.passes(back) && !this.#loses()) world.after(this.#etcdMs(back), () => answered(answer))
    })
  }

  #untilQuorumMs(): number {
    return this.noQuorumUntilMs - this.#world.nowMs + this.#world.between(1, 30)
  }

  #toEtcdMs(from: Name): number {
    const late = this.#world.often(this.#weather.lateShare)
    return this.#etcdMs(`${from}e` as Way) + (late ? this.#world.between(100, 3_000) : 0)
  }

  #etcdMs(way: Way): number {
    const world = this.#world
    const slow = world.nowMs < this.slowUntilMs ? world.between(0, 400) : 0
    return this.#heldMs(way) + world.between(0.3, this.#weather.etcdMs) + slow
  }

  #heldMs(way: Way): number {
    return Math.max(0, this.heldUntilMs[way] - this.#world.nowMs)
  }

  #loses(): boolean {
    return this.#world.nowMs < this.lossyUntilMs && this.#world.often(0.3)
  }
}
