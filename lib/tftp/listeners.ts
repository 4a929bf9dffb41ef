import type { RemoteInfo, Socket } from 'node:dgram'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { explainBindError } from '../base/port-owner.ts'
import { wantedAddresses, type LocalAddress } from './local-addresses.ts'
import { bindUdp } from './udp-socket.ts'

/** A local address that is being listened on. */
export interface Listener {
  readonly address: string
  readonly port: number
  /** Bytes of data in the largest packet that leaves from here whole. */
  readonly largestPacket: number
  readonly socket: Socket
  /** The socket is closed, and would throw if it were told to send. */
  readonly isClosed: boolean
}

export interface ListenersOptions {
  settings: { port: number; addresses: readonly string[] }
  clock: Clock
  log: Log
  onPacket: (listener: Listener, packet: Buffer, from: RemoteInfo) => void
  /** Its address has gone, and its socket is being closed. */
  onGone: (listener: Listener) => void
}

const lookEveryMs = 1_000
/** A boot storm must find room: 500 phones ask within a second. */
const receiveBytes = 1 << 20

interface Place extends Listener {
  socket: Socket
  largestPacket: number
  isClosed: boolean
  /** The machine had the address when we last looked. It can also be used without showing: 127.0.0.2 is such a one. */
  present: boolean
}

/**
 * One socket for each local address, because a wildcard socket would answer from whatever address the kernel likes.
 * What should be is compared with what is once a second: addresses come and go, the pair's floating one too.
 */
export class Listeners {
  readonly #options: ListenersOptions
  readonly #places = new Map<string, Place>()
  /** Addresses that could not be bound, so that it is said once. */
  readonly #failing = new Set<string>()
  readonly #stopping = new AbortController()
  #following: Promise<void> = Promise.resolve()
  /** One look at a time: two would open the same address twice. */
  #looking: Promise<void> = Promise.resolve()

  constructor(options: ListenersOptions) {
    this.#options = options
  }

  /** What is listened on now. */
  all(): readonly Listener[] {
    return [...this.#places.values()]
  }

  /** @throws Error that names address, port and setting, when one of the machine's addresses cannot be used */
  async start(fail: (reason: unknown) => void): Promise<void> {
    for (const local of await wantedAddresses(this.#options.settings.addresses)) {
      const error = await this.#open(local)
      if (error !== undefined && !isMissing(error)) throw await this.#explain(local, error)
      if (error !== undefined) await this.#sayFailed(local, error)
    }
    this.#following = this.#follow().catch(fail)
  }

  /**
   * Opens the sockets of that port anew.
   * @returns what is listened on there now
   * @throws Error that names address and port, when one cannot be opened again
   */
  async reopen(port: number): Promise<readonly Listener[]> {
    const places = [...this.#places.values()].filter((place) => place.port === port && !place.isClosed)
    for (const place of places) await this.#replaceSocket(place)
    return places.filter(({ isClosed }) => !isClosed)
  }

  /** Compares at once, for somebody who knows that an address has come or gone. */
  async lookNow(): Promise<void> {
    const look = this.#looking.then(async () => {
      if (!this.#stopping.signal.aborted)
        await this.#reconcile(await wantedAddresses(this.#options.settings.addresses))
    })
    this.#looking = look.catch(() => {}) // whoever asked for it hears why
    await look
  }

  /** Nothing new is heard from now on; what is already open stays so until `close`. */
  async stopFollowing(): Promise<void> {
    this.#stopping.abort()
    await this.#following
    await this.#looking
  }

  async close(): Promise<void> {
    await this.stopFollowing()
    await Promise.all([...this.#places.values()].map((place) => this.#close(place)))
  }

  async #follow(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal).catch(() => {})
      await this.lookNow()
    }
  }

  async #reconcile(wanted: readonly LocalAddress[]): Promise<void> {
    const found = new Map(wanted.map((local) => [local.address, local]))
    for (const place of this.#places.values()) {
      const local = found.get(place.address)
      const isGone = local === undefined || (place.present && !local.present)
      if (isGone) await this.#remove(place)
      else Object.assign(place, { largestPacket: local.largestPacket, present: local.present })
    }
    for (const local of wanted) {
      if (!this.#places.has(local.address) && !this.#stopping.signal.aborted) await this.#add(local)
    }
  }

  async #remove(place: Place): Promise<void> {
    this.#options.log.info({ address: place.address, port: place.port }, 'tftp address gone')
    this.#options.onGone(place)
    await this.#close(place)
  }

  async #add(local: LocalAddress): Promise<void> {
    const error = await this.#open(local)
    if (error !== undefined) return this.#sayFailed(local, error)
    this.#failing.delete(local.address)
    this.#options.log.info(
      { address: local.address, port: this.#options.settings.port },
      'tftp address added',
    )
  }

  /** @returns the error, if it cannot be opened */
  async #open(local: LocalAddress): Promise<unknown> {
    const { address } = local
    try {
      const socket = await bindUdp({ address, ports: [this.#options.settings.port], receiveBytes })
      const place: Place = { ...local, port: socket.address().port, socket, isClosed: false }
      this.#places.set(address, place)
      this.#listen(place)
      return undefined
    } catch (error) {
      return error
    }
  }

  #listen(place: Place): void {
    const { onPacket, log } = this.#options
    const { socket, address } = place
    socket.on('message', (packet, from) => onPacket(place, packet, from))
    socket.on('error', (err) => {
      log.warn({ address, err }, 'tftp listener failed')
      if (place.socket === socket) void this.#close(place) // the next look opens it anew
    })
  }

  /** The place stays the same, so that transfers that use its socket go on with the new one. */
  async #replaceSocket(place: Place): Promise<void> {
    const { address, port, socket } = place
    place.isClosed = true
    await closed(socket)
    try {
      place.socket = await bindUdp({ address, ports: [port], receiveBytes })
    } catch (error) {
      this.#places.delete(address) // the next look tries again
      throw await this.#explain(place, error, port)
    }
    // Meanwhile the address may have gone, or the door have been closed.
    if (this.#places.get(address) !== place) return closed(place.socket)
    place.isClosed = false
    this.#listen(place)
    this.#options.log.info({ door: 'tftp', address, port }, 'door opened anew')
  }

  async #close(place: Place): Promise<void> {
    if (this.#places.get(place.address) === place) this.#places.delete(place.address)
    if (place.isClosed) return
    place.isClosed = true
    await closed(place.socket)
  }

  async #sayFailed(local: LocalAddress, error: unknown): Promise<void> {
    if (this.#failing.has(local.address)) return
    this.#failing.add(local.address)
    const err = await this.#explain(local, error)
    this.#options.log.warn({ address: local.address, err }, 'tftp address cannot be used yet')
  }

  #explain(
    { address }: { address: string },
    error: unknown,
    port = this.#options.settings.port,
  ): Promise<unknown> {
    return explainBindError(error, { transport: 'udp', address, port, setting: 'tftp.port' })
  }
}

/** Resolves once it is closed, also where that had been done behind our back. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve())
    } catch {
      resolve()
    }
  })
}

/** The address is not there (any more), or IPv6 is still checking that nobody else has it: it may come. */
const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL'
