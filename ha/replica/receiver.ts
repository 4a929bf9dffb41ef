import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import type { ReseedProgress } from '../../lib/users/twin/reseed.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import { clientOptions } from '../keys/tls.ts'
import type { Pace } from './pacer.ts'
import { Receiving, type Resync } from './receiving.ts'
import type { ReplicaKeys } from './sender.ts'

export interface ReceiverSettings {
  /** This node's name. */
  node: string
  /** Where the active node listens. */
  other: { name: string; address: string }
  port: number
  keys: ReplicaKeys
}

export interface ReceiverParts {
  twin: Twin
  clock: Clock
  log: Log
  pace: Pace
  onCompared: (isEqual: boolean, files: number) => void
}

const connectMs = 1_500
/** What ends sooner than that was no following, and may end for the same reason the next time. */
const lastingMs = 1_000

/** When the nodes change places, the new active one is there in a moment; one that is down stays so for longer. */
const pauseMs = (failed: number) => Math.min(100 * 2 ** Math.max(0, failed - 8), 2_000)

/** Calls the active node, again and again, and does here what happens there. */
export class Receiver {
  readonly #settings: ReceiverSettings
  readonly #parts: ReceiverParts
  #running: { stop: AbortController; ended: Promise<void> } | undefined
  #receiving: Receiving | undefined
  #resync: Resync | undefined
  #progress: ReseedProgress | undefined
  #why: string | undefined
  #epoch = 0

  constructor(settings: ReceiverSettings, parts: ReceiverParts) {
    this.#settings = settings
    this.#parts = parts
  }

  /** The connection to the active node, if there is one. */
  get receiving(): Receiving | undefined {
    return this.#receiving
  }

  /** How far this store is in becoming equal to the other one; undefined: it is not at it. */
  get progress(): ReseedProgress | undefined {
    return this.#progress
  }

  /** Why it does not follow, or did not a moment ago; undefined: it does. */
  get why(): string | undefined {
    return this.#why
  }

  /** @param epoch the highest this node has heard of: nobody of an earlier one is followed */
  hears(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch)
  }

  start(epoch: number): void {
    this.hears(epoch)
    if (this.#running !== undefined) return
    const stop = new AbortController()
    this.#running = { stop, ended: this.#keepCalling(stop.signal) }
  }

  /** Resolves once nothing that came is under way any more. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.stop.abort()
    this.#receiving?.dismiss('this node follows no longer')
    await running?.ended
  }

  /** Makes this store equal to the other one from the ground up. */
  resync(resync: Resync): void {
    this.#resync = resync
    this.#receiving?.dismiss(resync.why)
  }

  async #keepCalling(signal: AbortSignal): Promise<void> {
    const { clock, twin } = this.#parts
    if (twin.isDamaged) this.#resync ??= { why: 'the journal is damaged', overDrift: false }
    for (let failed = 0; !signal.aborted;) {
      const { why, lasted } = await this.#call(signal)
      if (signal.aborted) return
      this.#say(why)
      failed = lasted ? 0 : failed + 1
      await clock.sleep(pauseMs(failed), signal).catch(() => {})
    }
  }

  /** One connection, from its beginning to its end. */
  async #call(signal: AbortSignal): Promise<{ why: string; lasted: boolean }> {
    const { node, keys } = this.#settings
    let socket: TLSSocket
    try {
      socket = await this.#connect(signal)
    } catch (error) {
      return { why: messageOf(error), lasted: false }
    }
    let [lasted, cancel] = [false, () => {}]
    const receiving = new Receiving({
      ...this.#parts,
      socket,
      node,
      uuid: keys.uuid,
      epoch: this.#epoch,
      resync: this.#resync,
      onFollowing: () => {
        this.#resync = undefined
        cancel = this.#parts.clock.after(lastingMs, () => {
          lasted = true
          this.#follows()
        })
      },
      onProgress: (progress) => (this.#progress = progress),
    })
    this.#receiving = receiving
    const why = await receiving.ended()
    cancel()
    this.#receiving = undefined
    return { why, lasted }
  }

  async #connect(signal: AbortSignal): Promise<TLSSocket> {
    const { other, port, keys } = this.#settings
    const limit = AbortSignal.any([signal, AbortSignal.timeout(connectMs)])
    const socket = connect({ host: other.address, port, ...clientOptions(keys, other.name) })
    try {
      await once(socket, 'secureConnect', { signal: limit })
      return socket
    } catch (error) {
      socket.on('error', () => {})
      socket.destroy()
      if (!limit.aborted) throw error
      throw new Error(`${other.name} (${other.address}:${port}) does not answer`, { cause: error })
    }
  }

  #follows(): void {
    this.#why = undefined
    this.#parts.log.info({ node: this.#settings.other.name }, 'follows the active node')
  }

  /** The same reason once: it may last for days. */
  #say(why: string): void {
    if (this.#why === why) return
    this.#why = why
    this.#parts.log.warn({ node: this.#settings.other.name, why }, 'does not follow the active node')
  }
}
