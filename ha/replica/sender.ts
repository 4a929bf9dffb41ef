import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import type { PairKeys } from '../keys/load.ts'
import { isNode, serverOptions } from '../keys/tls.ts'
import { keepListening } from '../mirror/wire/keep-listening.ts'
import type { Pace } from './pacer.ts'
import { Sending, type FollowerEvents } from './sending.ts'

export type ReplicaKeys = Pick<PairKeys, 'uuid' | 'authority' | 'certificate' | 'key'>

export interface SenderSettings {
  address: string
  port: number
  /** Name of the node that may follow. */
  other: string
  keys: ReplicaKeys
}

export interface SenderParts {
  twin: Twin
  clock: Clock
  log: Log
  alarms: Alarms
  pace: Pace
}

const handshakeMs = 5_000
/** What ends sooner than that was no following, and may end for the same reason the next time. */
const lastingMs = 1_000
const alarmSubject = 'port for user data to the other node'

/** Listens for the other node, and sends it what happens while this one is active. One connection counts: the latest. */
export class Sender {
  readonly #settings: SenderSettings
  readonly #parts: SenderParts
  readonly #stopping = new AbortController()
  #server: Server | undefined
  #listening: Promise<void> = Promise.resolve()
  #active: { epoch: number; events: FollowerEvents } | undefined
  #sending: Sending | undefined
  /** Why the standby does not follow; said once, for it asks again and again. */
  #refusedWhy: string | undefined

  constructor(settings: SenderSettings, parts: SenderParts) {
    this.#settings = settings
    this.#parts = parts
  }

  /** The connection of the node that follows, if there is one. */
  get sending(): Sending | undefined {
    return this.#sending
  }

  /** Listens as soon as that is possible. */
  start(): void {
    const { address, port } = this.#settings
    const { clock, alarms } = this.#parts
    const tell = (why: string | undefined) => {
      if (why === undefined) return alarms.clear(alarmSubject)
      alarms.raise(
        alarmSubject,
        `${address}:${port} cannot be listened on (${why}), so the other node cannot follow; check pair.nodes and pair.replicaPort`,
      )
    }
    this.#listening = keepListening(() => this.#listen(), { clock, tell }, this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.deactivate('this node is stopped')
    await this.#listening
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    await closed
  }

  activate(epoch: number, events: FollowerEvents): void {
    this.#active = { epoch, events }
  }

  deactivate(why: string): void {
    this.#active = undefined
    this.#sending?.dismiss(why)
    this.#sending = undefined
  }

  async #listen(): Promise<void> {
    const { address, port, keys } = this.#settings
    const server = createServer({ ...serverOptions(keys), handshakeTimeout: handshakeMs })
    server.maxConnections = 16
    server.on('secureConnection', (socket) => this.#accept(socket))
    server.on('tlsClientError', (error, socket) => this.#refused(socket.remoteAddress, error.message))
    const listening = once(server, 'listening')
    server.listen(port, address)
    await listening
    server.on('error', (err) => this.#parts.log.warn({ err }, 'replication listener fault'))
    this.#server = server
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port ?? 0
  }

  #accept(socket: TLSSocket): void {
    const { other, keys } = this.#settings
    socket.on('error', () => {}) // whoever holds the connection hears that it closed
    if (!isNode(socket, other)) {
      this.#refused(socket.remoteAddress, `its certificate is not that of ${other}`)
      socket.destroy()
      return
    }
    const active = this.#active
    const { twin, clock, log, pace } = this.#parts
    const { uuid } = keys
    const { onClosed, ...events } = active?.events ?? noEvents
    const sending: Sending = new Sending({
      socket,
      twin,
      clock,
      log,
      uuid,
      other,
      pace,
      epoch: active?.epoch ?? 0,
      ...events,
      onClosed: (why) => {
        if (this.#sending !== sending) return
        this.#sending = undefined
        this.#say(why, sending.followedMs >= lastingMs)
        onClosed(why)
      },
    })
    if (active === undefined) return sending.dismiss('this node is not active')
    const before = this.#sending
    this.#sending = sending
    before?.dismiss('it connected anew')
  }

  #say(why: string, lasted: boolean): void {
    const { log } = this.#parts
    const node = this.#settings.other
    if (lasted || why !== this.#refusedWhy) log.warn({ node, why }, 'the standby does not follow')
    this.#refusedWhy = why
  }

  #refused(from: string | undefined, why: string): void {
    this.#parts.log.debug({ from, why }, 'replication caller refused')
  }
}

const noEvents: FollowerEvents = {
  onFollows: () => {},
  onSeeding: () => {},
  onStored: () => {},
  onCompared: () => {},
  onClosed: () => {},
}
