import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import { Datagrams, type Endpoint } from './datagrams.ts'
import { parseMessage, type Message } from './messages.ts'
import { Refused, type LinkRefusal } from './refused.ts'
import { freshToken, open, seal } from './seal.ts'
import { Sessions } from './sessions.ts'

export interface LinkOptions {
  /** This node and the other one: names as in pair.nodes. */
  local: Endpoint & { name: string }
  remote: Endpoint & { name: string }
  /** Uuid of the pair. */
  cluster: string
  secret: KeyObject
  clock: Clock
  log: Log
}

/** @param receivedAtMs by the monotonic clock */
export type MessageListener = (message: Message, receivedAtMs: number) => void

export interface LinkCounts {
  sent: number
  /** There was no socket, or the other node is not known yet. */
  unsent: number
  /** Messages that counted; HELLO is not among them. */
  received: number
  /** How often another process of the other node was believed. More than its restarts: two have one name. */
  sessions: number
  refused: Readonly<Partial<Record<LinkRefusal, number>>>
}

/** How often HELLO is repeated while it is not answered. */
const helloMs = 100
/** Who has nothing else to say says HELLO, so that silence means something. */
const quietMs = 1_000

/**
 * Sealed messages between the agents of a pair, over UDP: they may be lost, never forged, and never come from a
 * process that is gone. Nothing is repeated here but HELLO: the caller repeats what matters.
 */
export class Link implements Component {
  readonly name = 'link'
  readonly #options: LinkOptions
  readonly #datagrams: Datagrams
  readonly #sessions: Sessions
  readonly #refused: Refused
  readonly #listeners = new Set<MessageListener>()
  /** Types of which one was not sendable, each logged once. */
  readonly #misfits = new Set<Message['type']>()
  readonly #counts = { sent: 0, unsent: 0, received: 0 }
  #heardMs = -Infinity
  #sentMs = -Infinity
  #cancelTick: (() => void) | undefined

  constructor(options: LinkOptions) {
    const { local, remote, clock, log } = options
    this.#options = options
    this.#sessions = new Sessions(freshToken, clock.now())
    this.#refused = new Refused({ clock, log })
    const onPacket = (packet: Uint8Array) => this.#receive(packet)
    this.#datagrams = new Datagrams({ local, remote, clock, log, onPacket })
  }

  /** @throws Error when another process has the port */
  async start(): Promise<void> {
    await this.#datagrams.start()
    this.#tick()
  }

  async stop(): Promise<void> {
    this.#cancelTick?.()
    this.#datagrams.stop()
  }

  /** @returns false: it could not even be tried, because there is no socket or the other node is not known yet */
  send(message: Message): boolean {
    const tried = this.#sessions.other !== undefined && this.#post(message)
    if (!tried) this.#counts.unsent += 1
    return tried
  }

  /** @returns takes the listener away again */
  onMessage(listener: MessageListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** When the other node was last heard for certain, by the monotonic clock; -Infinity: never. */
  heardMs(): number {
    return this.#heardMs
  }

  counts(): LinkCounts {
    return { ...this.#counts, sessions: this.#sessions.changes, refused: this.#refused.counts() }
  }

  #tick(): void {
    const { clock } = this.#options
    const now = clock.now()
    if (this.#sessions.isAsking || now - this.#sentMs >= quietMs) this.#post(this.#sessions.hello(now))
    this.#cancelTick = clock.after(helloMs, () => this.#tick())
  }

  #receive(packet: Uint8Array): void {
    const { cluster, secret, local, remote, clock } = this.#options
    const opened = open(packet, secret, { cluster, me: local.name, other: remote.name })
    if (opened.outcome === 'refused') return this.#refused.add(opened.reason)
    const now = clock.now()
    const { outcome, reply } = this.#sessions.admit(opened.envelope, now)
    if (reply !== undefined) this.#post(reply)
    if (outcome !== 'message' && outcome !== 'hello') return this.#refused.add(outcome)
    this.#heardMs = now
    if (outcome === 'hello') return
    this.#counts.received += 1
    for (const listener of this.#listeners) listener(opened.envelope.message, now)
  }

  #post(message: Message): boolean {
    const { cluster, secret, local, remote, clock } = this.#options
    const envelope = { cluster, from: local.name, to: remote.name, ...this.#sessions.next(), message }
    // What the other node would not take is not sent: a STATUS that has grown too long, above all.
    const packet = parseMessage(message) === undefined ? undefined : seal(envelope, secret)
    if (packet === undefined) return this.#misfit(message.type)
    if (!this.#datagrams.send(packet)) return false
    this.#counts.sent += 1
    this.#sentMs = clock.now()
    return true
  }

  #misfit(type: Message['type']): false {
    if (!this.#misfits.has(type)) this.#options.log.error({ type }, 'link message too long or malformed')
    this.#misfits.add(type)
    return false
  }
}
