interface Planned {
  atMs: number
  order: number
  task: () => void
}

/** What will happen, in simulated time: the earliest first, and of two at the same moment the one planned first. */
export class EventQueue {
  nowMs = 0
  /** A heap: each comes before its two children, at 2 i + 1 and 2 i + 2. */
  readonly #heap: Planned[] = []
  #planned = 0

  plan(atMs: number, task: () => void): void {
    const planned = { atMs: Math.max(atMs, this.nowMs), order: (this.#planned += 1), task }
    let at = this.#heap.push(planned) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(planned, this.#at(parent))) break
      this.#heap[at] = this.#at(parent)
      at = parent
    }
    this.#heap[at] = planned
  }

  /** Lets the next thing happen. @returns false when nothing is planned */
  next(): boolean {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined) return false
    if (this.#heap.length > 0) this.#sink(last)
    this.nowMs = first.atMs
    first.task()
    return true
  }

  #sink(planned: Planned): void {
    const { length } = this.#heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBefore(this.#at(child + 1), this.#at(child))) child += 1
      if (!isBefore(this.#at(child), planned)) break
      this.#heap[at] = this.#at(child)
      at = child
    }
    this.#heap[at] = planned
  }

  #at(index: number): Planned {
    return this.#heap[index] as Planned
  }
}

const isBefore = (one: Planned, two: Planned) =>
  one.atMs < two.atMs || (one.atMs === two.atMs && one.order < two.order)
