import type { ServerOptions as TlsServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Config } from '../base/config.ts'
import { explainBindError, isMissingFamily } from '../base/port-owner.ts'
import type { Door, DoorStatus } from '../status/snapshot.ts'
import { Connections } from './connections.ts'
import { FileRoutes, type RouteParts } from './file-routes.ts'
import { Gate } from './gate.ts'
import { Listener } from './listener.ts'

export type WebSettings = Omit<Config['http'], 'enabled'>

/** How the ports of a door encrypt; each port as the settings name it. */
export interface Encryption {
  optionsOf(port: number): TlsServerOptions
  statusOf(port: number): NonNullable<DoorStatus['tls']>
}

interface OpenListener {
  listener: Listener
  bound: AddressInfo
  /** As the settings name it: 0 asks for any free one. */
  askedPort: number
  /** False: it could not be opened anew. */
  listening: boolean
}

/** A door for HTTP or HTTPS: a listener for each address and port, under one set of limits. */
export class WebDoor implements Door {
  readonly name: 'http' | 'https'
  readonly #settings: WebSettings
  readonly #parts: RouteParts
  readonly #encryption: Encryption | undefined
  readonly #connections: Connections
  readonly #routes: FileRoutes
  readonly #open: OpenListener[] = []
  /** Listeners that were replaced, until their last connection has ended. */
  readonly #leaving = new Set<Promise<void>>()
  #cancelSweep = () => {}

  constructor(settings: WebSettings, parts: RouteParts, encryption?: Encryption) {
    this.name = encryption === undefined ? 'http' : 'https'
    this.#settings = settings
    this.#parts = parts
    this.#encryption = encryption
    this.#connections = new Connections(settings.connectionsPerAddress)
    this.#routes = new FileRoutes(parts, settings)
  }

  async start(): Promise<void> {
    this.#sweep()
    for (const address of this.#settings.addresses) {
      for (const port of this.#settings.ports) await this.#listen(address, port)
    }
  }

  async stop(grace: AbortSignal): Promise<void> {
    const cut = () => this.#connections.cutAll('we are stopping')
    const closing = this.#open.splice(0).map(({ listener }) => listener.close())
    const closed = Promise.all([...closing, ...this.#leaving])
    this.#connections.drain()
    grace.addEventListener('abort', cut)
    if (grace.aborted) cut()
    try {
      await closed
      await this.#routes.settled()
    } finally {
      grace.removeEventListener('abort', cut)
      this.#cancelSweep()
    }
  }

  status(): DoorStatus[] {
    return this.#open.filter(({ listening }) => listening).map((open) => this.#statusOf(open))
  }

  /**
   * Closes what listens on that port and opens it anew; requests under way go on to their end.
   * @returns what listens there now; empty when the port is none of this door's
   * @throws Error that names the port, when it cannot be opened again
   */
  async reopen(port: number): Promise<DoorStatus[]> {
    const places = this.#open.filter(({ bound }) => bound.port === port)
    for (const place of places) await this.#replace(place)
    return places.map((place) => this.#statusOf(place))
  }

  /** From now on, new connections are encrypted as their port's options say now; those that are open go on. */
  renewEncryption(): void {
    if (this.#encryption === undefined) return
    for (const { listener, askedPort } of this.#open) {
      listener.renewEncryption(this.#encryption.optionsOf(askedPort))
    }
  }

  async #listen(address: string, port: number): Promise<void> {
    const listener = this.#newListener(port)
    try {
      const bound = await listener.open(address, port)
      this.#open.push({ listener, bound, askedPort: port, listening: true })
    } catch (error) {
      if (!isMissingFamily(error, address)) throw await this.#explain(error, address, port)
      this.#parts.log.warn({ door: this.name, address, port }, 'address family not available')
    }
  }

  async #replace(place: OpenListener): Promise<void> {
    const { listener, bound, askedPort } = place
    place.listening = false
    const leaving = listener.leave().finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
    const next = this.#newListener(askedPort)
    try {
      await next.open(bound.address, bound.port)
    } catch (error) {
      throw await this.#explain(error, bound.address, bound.port)
    }
    if (!this.#open.includes(place)) return next.close() // we were told to stop meanwhile
    Object.assign(place, { listener: next, listening: true })
    this.#parts.log.info({ door: this.name, address: bound.address, port: bound.port }, 'door opened anew')
  }

  #newListener(port: number): Listener {
    const [connections, routes] = [this.#connections, this.#routes]
    const gate = new Gate({ ...this.#parts, protocol: this.name, routes, connections })
    return new Listener(this.#settings, { gate, routes, connections }, this.#encryption?.optionsOf(port))
  }

  #statusOf({ bound: { address, port }, askedPort }: OpenListener): DoorStatus {
    const door = { protocol: this.name, address, port }
    return this.#encryption === undefined ? door : { ...door, tls: this.#encryption.statusOf(askedPort) }
  }

  #explain(error: unknown, address: string, port: number): Promise<unknown> {
    return explainBindError(error, { transport: 'tcp', address, port, setting: `${this.name}.ports` })
  }

  /** Ends late connections, and says how many were turned away. */
  #sweep(): void {
    const { clock, log } = this.#parts
    this.#connections.cutLate(clock.now())
    const refused = this.#connections.takeRefused()
    if (refused > 0) log.warn({ door: this.name, refused }, 'connections refused')
    const everyMs = Math.min(1_000, Math.ceil(this.#settings.idleTimeoutMs / 4))
    this.#cancelSweep = clock.after(everyMs, () => this.#sweep())
  }
}
