import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import type { Connection, WatchStream } from './connection.ts'
import { limited } from './limit.ts'
import { Picture } from './picture.ts'
import type { Change, Listing } from './shapes.ts'

export interface WatchParts {
  clock: Clock
  log: Log
  /** How often the member is asked for a sign of life, and how long it may take for one. */
  pulseMs: number
  list: () => Promise<Listing>
  /** Of the members, the likeliest to answer first. */
  addresses: () => string[]
  connect: (address: string) => Pick<Connection, 'watch' | 'close'>
  /** The newest revision of the store that anybody has told. */
  newestRevision: () => number
  onStopped: () => void
}

/** A member that has said nothing new for so many pulses is left: it hangs, or is cut off from the others. */
const missedPulses = 2
/** Watches of etcd have lost changes (etcd#15271, #17529, #18089): so often all is read and compared. */
const pulsesPerCheck = 8
const pauseMs = 100
/** A login takes a member a while. */
const pulsesToOpen = 4

/**
 * All changes under a prefix. When the member is lost, another is asked for what came after; when that is no longer
 * kept, all is read and compared with what was told.
 */
export class Watch {
  readonly #prefix: string
  readonly #parts: WatchParts
  readonly #picture: Picture
  readonly #stopping = new AbortController()
  #mustRead = true
  #left: string | undefined
  #isBroken = false

  constructor(prefix: string, onChange: (change: Change) => void, parts: WatchParts) {
    this.#prefix = prefix
    this.#parts = parts
    this.#picture = new Picture((change) => {
      if (!this.#stopping.signal.aborted) onChange(change)
    })
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#stopping.abort()
    this.#parts.onStopped()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const address = this.#nextAddress()
      await this.#follow(address).catch((error: unknown) => this.#broke(address, error))
      await this.#parts.clock.sleep(pauseMs, signal).catch(() => {})
    }
  }

  #nextAddress(): string {
    const addresses = this.#parts.addresses()
    return addresses.find((address) => address !== this.#left) ?? addresses[0] ?? ''
  }

  #broke(address: string, error: unknown): void {
    this.#left = address
    if (this.#stopping.signal.aborted || this.#isBroken) return
    this.#isBroken = true
    const why = messageOf(error)
    this.#parts.log.warn({ prefix: this.#prefix, endpoint: address, why }, 'etcd watch broken')
  }

  /** Until it breaks, or is stopped. */
  async #follow(address: string): Promise<void> {
    const { clock, pulseMs, connect } = this.#parts
    if (this.#mustRead) await this.#read()
    const connection = connect(address)
    const member = new Following(this.#picture)
    const over = new AbortController()
    const until = AbortSignal.any([this.#stopping.signal, over.signal])
    const openMs = pulseMs * pulsesToOpen
    const opening = connection.watch(this.#prefix, this.#picture.revision + 1, member, openMs)
    try {
      const stream = await limited(clock, openMs, opening)
      await Promise.race([this.#tend(stream, member, address, until), member.ended])
    } finally {
      over.abort()
      this.#mustRead ||= member.wantsReading
      opening.then(({ close }) => close()).catch(() => {})
      connection.close()
    }
  }

  async #read(): Promise<void> {
    this.#picture.replace(await this.#parts.list())
    this.#mustRead = false
  }

  /** Asks for signs of life, and looks whether all was told. @throws Error when there are none */
  async #tend(stream: WatchStream, member: Following, address: string, until: AbortSignal): Promise<void> {
    const { clock, pulseMs, newestRevision } = this.#parts
    let missed = 0
    let expected = 0
    for (let pulse = 1; ; pulse += 1) {
      // What was known a pulse ago must have reached the member by the time that it answers.
      const atLeast = expected
      expected = newestRevision()
      member.heardRevision = -1
      stream.ask()
      const listing =
        pulse % pulsesPerCheck === 0 ? await this.#parts.list().catch(() => undefined) : undefined
      await clock.sleep(pulseMs, until)
      if (listing !== undefined && member.heardRevision >= listing.revision) this.#check(listing)
      missed = member.heardRevision < atLeast || member.heardRevision < 0 ? missed + 1 : 0
      if (missed >= missedPulses) throw new Error('it tells nothing new')
      if (missed === 0) this.#follows(address)
    }
  }

  #follows(address: string): void {
    if (this.#isBroken)
      this.#parts.log.info({ prefix: this.#prefix, endpoint: address }, 'etcd watch resumed')
    this.#isBroken = false
    this.#left = undefined
  }

  #check(listing: Listing): void {
    const missed = this.#picture.replace(listing)
    if (missed > 0) this.#parts.log.warn({ prefix: this.#prefix, missed }, 'etcd watch missed changes')
  }
}

/** What one stream says. */
class Following {
  /** Since it was last asked. */
  heardRevision = -1
  wantsReading = false
  readonly ended: Promise<never>
  readonly broken: (why: string) => void
  readonly #picture: Picture

  constructor(picture: Picture) {
    this.#picture = picture
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {}) // it may break when nobody waits any more
    this.ended = promise
    this.broken = (why) => reject(new Error(why))
  }

  alive(clusterId: string, revision: number): void {
    this.heardRevision = Math.max(this.heardRevision, revision)
    if (this.#picture.isOf(clusterId)) return
    this.wantsReading = true
    this.broken('it is a member of another cluster than before')
  }

  changed(changes: readonly Change[]): void {
    for (const change of changes) this.#picture.apply(change)
  }

  compacted(): void {
    this.wantsReading = true
    this.broken('what came next is no longer kept (compaction)')
  }
}
