import type { ServerOptions as TlsServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Component } from '../base/component.ts'
import type { Config } from '../base/config.ts'
import { explainBindError } from '../base/port-owner.ts'
import type { DoorStatus } from '../status/snapshot.ts'
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
}

/** A door for HTTP or HTTPS: a listener for each address and port, under one set of limits. */
export class WebDoor implements Component {
  readonly name: 'http' | 'https'
  readonly #settings: WebSettings
  readonly #parts: RouteParts
  readonly #encryption: Encryption | undefined
  readonly #connections: Connections
  readonly #routes: FileRoutes
  readonly #open: OpenListener[] = []
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
    const closed = Promise.all(this.#open.splice(0).map(({ listener }) => listener.close()))
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
    return this.#open.map(({ bound: { address, port }, askedPort }) => {
      const door = { protocol: this.name, address, port }
      return this.#encryption === undefined ? door : { ...door, tls: this.#encryption.statusOf(askedPort) }
    })
  }

  /** From now on, new connections are encrypted as their port's options say now; those that are open go on. */
  renewEncryption(): void {
    if (this.#encryption === undefined) return
    for (const { listener, askedPort } of this.#open) {
      listener.renewEncryption(this.#encryption.optionsOf(askedPort))
    }
  }

  async #listen(address: string, port: number): Promise<void> {
    const [connections, routes] = [this.#connections, this.#routes]
    const gate = new Gate({ ...this.#parts, protocol: this.name, routes, connections })
    const listener = new Listener(
      this.#settings,
      { gate, routes, connections },
      this.#encryption?.optionsOf(port),
    )
    try {
      this.#open.push({ listener, bound: await listener.open(address, port), askedPort: port })
    } catch (error) {
      if (!isMissingFamily(error, address)) {
        throw await explainBindError(error, {
          transport: 'tcp',
          address,
          port,
          setting: `${this.name}.ports`,
        })
      }
      this.#parts.log.warn({ door: this.name, address, port }, 'address family not available')
    }
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

/** A machine without IPv6 (or without IPv4) still serves the other, where both were only asked for as "all". */
function isMissingFamily(error: unknown, address: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (address === '::' || address === '0.0.0.0') && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')
}
