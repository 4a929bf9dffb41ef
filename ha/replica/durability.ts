/**
 * Who must have a record before it is acknowledged. Told what happened and when, it answers what to do; it knows no
 * network and no clock.
 *
 * The set of nodes that have everything acknowledged is kept by the agent, in etcd, and whoever is not in it cannot take
 * over. So the other node is required as long as it may be in the set: a record is acknowledged when the other node has
 * it, or when a transaction has taken that node out of the set first. It comes back in this order: it has nearly
 * everything, records wait for it again, it has everything that was acknowledged without it, the set.
 */

export type Operation = 'add' | 'remove'
/** `unknown`: the transaction may have happened, or not. `no`: somebody else is active. */
export type Answer = 'yes' | 'no' | 'unknown'

export type Effect =
  | { do: 'acknowledge'; id: number; alone: boolean }
  | { do: 'refuse'; id: number; why: string }
  | { do: 'ask'; op: Operation; why: string }

/**
 * `in`: it is in the set. `doubtful`: it may be. `joining`: it is not, but records wait for it already. `closed`: this
 * node is no longer active, and acknowledges nothing.
 */
export type Membership = 'in' | 'doubtful' | 'joining' | 'out' | 'closed'

export interface DurabilityRules {
  /** Without the other node: `available` acknowledges alone, `strict` refuses. */
  mode: 'available' | 'strict'
  /** How long the other node may take for a record. */
  replicateMs: number
}

interface Waiting {
  id: number
  seq: number
  since: number
}

/** After it was slow, or an answer did not come. */
const againMs = 1_000
/** So few records behind: it has nearly everything. */
const nearly = 256

export class Durability {
  readonly #rules: DurabilityRules
  #member: Membership
  #asked: Operation | undefined
  /** It follows, and has everything up to that record. */
  #following = false
  #acked = 0
  /** The last record that was acknowledged, or may have been before this began. */
  #done: number
  /** The last one that this has acknowledged. */
  #doneHere = 0
  #waiting: Waiting[] = []
  /** Not before that the agent is asked again. */
  #againAt = 0
  /** It lacks something that was acknowledged, so it must not be in the set. */
  #lacks: string | undefined

  /** @param tip number of the last record when this begins */
  constructor(rules: DurabilityRules, { inSync, tip }: { inSync: boolean; tip: number }) {
    this.#rules = rules
    this.#member = inSync ? 'in' : 'out'
    this.#done = tip
  }

  get member(): Membership {
    return this.#member
  }

  get acked(): number {
    return this.#acked
  }

  get pending(): number {
    return this.#waiting.length
  }

  /** The other node has everything acknowledged, and gets what comes before it is. */
  get isSynced(): boolean {
    return this.#member === 'in' && this.#following && this.#asked === undefined
  }

  /** When to call `tick`, unless something happens before. */
  get deadline(): number {
    if (this.#asked !== undefined) return Infinity
    const [oldest] = this.#waiting
    const overdue = oldest === undefined ? Infinity : oldest.since + this.#rules.replicateMs
    const mustGo = this.#lacks !== undefined && this.#mayBeIn
    return this.#mayJoin || mustGo ? Math.min(overdue, this.#againAt) : overdue
  }

  /** A record is durable here, and whoever waits for `id` wants to hear that it may be acknowledged. */
  wait(id: number, seq: number, now: number): Effect[] {
    if (this.#member === 'closed') return [refusal(id, notActive)]
    if (seq <= this.#acked) return [this.#acknowledge({ id, seq }, false)]
    if (!this.#isRequired && this.#rules.mode === 'available') return [this.#acknowledge({ id, seq }, true)]
    if (!this.#isRequired && !this.#following) return [refusal(id, missing)]
    this.#waiting.push({ id, seq, since: now })
    return this.#consider(now)
  }

  /** The other node has everything up to that record. */
  stored(seq: number, now: number): Effect[] {
    this.#acked = Math.max(this.#acked, seq)
    if (this.#acked >= this.#done) this.#lacks = undefined
    return [...this.#releaseAcked(), ...this.#consider(now)]
  }

  /** The other node follows from there on. */
  follows(tip: number, now: number): Effect[] {
    this.#following = true
    this.#acked = tip
    const done = this.#doneHere
    this.#lacks = tip < done ? `it has records up to ${tip} only, and had ${done}` : undefined
    return [...this.#releaseAcked(), ...this.#consider(now)]
  }

  /** The other node is there, but what it has is not the beginning of what we have. */
  mustBeSeeded(now: number): Effect[] {
    this.#following = false
    this.#acked = 0
    this.#lacks = 'its data have to be made equal first'
    return this.#consider(now)
  }

  lost(now: number): Effect[] {
    this.#following = false
    if (this.#asked === undefined && this.#member === 'joining') this.#member = 'out'
    return [...this.#goOnWithout(), ...this.#consider(now)]
  }

  answered(op: Operation, answer: Answer, now: number): Effect[] {
    this.#asked = undefined
    if (this.#member === 'closed') return []
    if (answer === 'no') return this.close()
    if (answer === 'unknown') return this.#unanswered(now)
    this.#member = op === 'add' ? 'in' : 'out'
    if (op === 'remove') this.#againAt = now + againMs
    return [...this.#goOnWithout(), ...this.#consider(now)]
  }

  tick(now: number): Effect[] {
    return this.#consider(now)
  }

  /** Refuses whatever waits, and everything that comes. */
  close(): Effect[] {
    this.#member = 'closed'
    return this.#waiting.splice(0).map(({ id }) => refusal(id, notActive))
  }

  get #mayBeIn(): boolean {
    return this.#member === 'in' || this.#member === 'doubtful' || this.#asked === 'add'
  }

  get #isRequired(): boolean {
    return this.#member !== 'out' || this.#asked !== undefined
  }

  get #mayJoin(): boolean {
    return this.#following && this.#member !== 'in' && this.#member !== 'closed'
  }

  #consider(now: number): Effect[] {
    if (this.#asked !== undefined || this.#member === 'closed') return []
    if (this.#lacks !== undefined && this.#mayBeIn)
      return now < this.#againAt ? this.#overdue(now) : this.#ask('remove', this.#lacks)
    return [...this.#overdue(now), ...this.#join(now)]
  }

  /** The other node was not fast enough for somebody. */
  #overdue(now: number): Effect[] {
    const { replicateMs, mode } = this.#rules
    const late = this.#waiting.filter(({ since }) => since + replicateMs <= now)
    const [oldest] = late
    if (oldest === undefined) return []
    const why = `it did not store record ${oldest.seq} within ${replicateMs} ms`
    if (this.#member === 'joining' || this.#member === 'out') {
      this.#member = 'out'
      this.#againAt = now + againMs
      return mode === 'available' ? this.#goOnWithout() : this.#refuse(late, `the other node: ${why}`)
    }
    // Nothing is acknowledged without it, so it keeps its place: it could still take over.
    if (mode === 'strict') return this.#refuse(late, `the other node: ${why}`)
    return this.#ask('remove', why)
  }

  #join(now: number): Effect[] {
    if (!this.#mayJoin || now < this.#againAt) return []
    if (this.#member === 'out' && this.#acked + nearly < this.#done) return []
    if (this.#member === 'out') this.#member = 'joining'
    if (this.#acked < this.#done) return []
    return this.#ask('add', `it has every record up to ${this.#acked}`)
  }

  #ask(op: Operation, why: string): Effect[] {
    if (this.#asked !== undefined) return []
    this.#asked = op
    return [{ do: 'ask', op, why }]
  }

  #unanswered(now: number): Effect[] {
    this.#member = 'doubtful'
    this.#againAt = now + againMs
    const late = this.#waiting.filter(({ since }) => since + this.#rules.replicateMs <= now)
    return [
      ...this.#refuse(late, 'the other node is not there, and etcd does not answer'),
      ...this.#join(now),
    ]
  }

  /** What waited for a node that is not required any more. */
  #goOnWithout(): Effect[] {
    if (this.#isRequired) return []
    if (this.#rules.mode === 'available')
      return this.#waiting.splice(0).map((waiting) => this.#acknowledge(waiting, waiting.seq > this.#acked))
    return this.#following ? [] : this.#refuse(this.#waiting, missing)
  }

  #releaseAcked(): Effect[] {
    const ready = this.#waiting.filter(({ seq }) => seq <= this.#acked)
    if (ready.length > 0) this.#waiting = this.#waiting.filter(({ seq }) => seq > this.#acked)
    return ready.map((waiting) => this.#acknowledge(waiting, false))
  }

  #acknowledge({ id, seq }: { id: number; seq: number }, alone: boolean): Effect {
    this.#done = Math.max(this.#done, seq)
    this.#doneHere = Math.max(this.#doneHere, seq)
    return { do: 'acknowledge', id, alone }
  }

  #refuse(refused: readonly Waiting[], why: string): Effect[] {
    this.#waiting = this.#waiting.filter((waiting) => !refused.includes(waiting))
    return refused.map(({ id }) => refusal(id, why))
  }
}

const notActive = 'this node is no longer active'
const missing = 'the other node is not there, and pair.durability is strict'
const refusal = (id: number, why: string): Effect => ({ do: 'refuse', id, why })
