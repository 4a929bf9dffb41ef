import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { Door, DoorStatus } from '../status/snapshot.ts'
import { Listeners, type Listener } from './listeners.ts'
import { Reception, type TftpCollaborators } from './reception.ts'

/** The TFTP door: hears requests on every local address, and answers each from the address it was sent to. */
export class TftpServer implements Door {
  readonly name = 'tftp'
  readonly #singlePort: boolean
  readonly #log: Log
  readonly #listeners: Listeners
  readonly #reception: Reception

  /** @throws Error with a sentence, if `quirks` or `transferPorts` cannot be read */
  constructor(settings: Config['tftp'], collaborators: TftpCollaborators) {
    const { clock, log } = collaborators
    this.#singlePort = settings.singlePort
    this.#log = log
    this.#reception = new Reception(settings, collaborators)
    this.#listeners = new Listeners({
      settings,
      clock,
      log,
      onPacket: (listener, packet, from) => this.#reception.receive(listener, packet, from),
      onGone: (listener) => this.#reception.addressGone(listener),
    })
  }

  /** What is listened on now; with port 0 in the settings this tells the real ports. */
  status(): DoorStatus[] {
    return this.#listeners.all().map(statusOf)
  }

  /** An address of the machine has just come or gone. */
  addressesChanged(): Promise<void> {
    return this.#listeners.lookNow()
  }

  /**
   * Closes the listening sockets of that port and opens them anew. Transfers have sockets of their own, or in
   * single-port mode lose a packet at most.
   * @returns what is listened on there now; empty when it is another port
   * @throws Error that names the port, when it cannot be opened again
   */
  async reopen(port: number): Promise<DoorStatus[]> {
    return (await this.#listeners.reopen(port)).map(statusOf)
  }

  /** Requests left unanswered since the start, because their address sent too many. */
  get droppedRequests(): number {
    return this.#reception.dropped
  }

  /** @throws Error that names address, port and setting, when a port is taken or forbidden */
  async start(fail: (reason: unknown) => void): Promise<void> {
    try {
      await this.#listeners.start(fail)
    } catch (error) {
      await this.#listeners.close()
      throw error
    }
    if (this.#listeners.all().length === 0) this.#log.warn({}, 'tftp has no address to listen on yet')
  }

  async stop(grace: AbortSignal): Promise<void> {
    const cut = () => this.#reception.cut()
    this.#reception.close()
    grace.addEventListener('abort', cut)
    try {
      await this.#listeners.stopFollowing()
      // In single-port mode the transfers under way still need the listening sockets; otherwise they have their own.
      if (!this.#singlePort) await this.#listeners.close()
      if (grace.aborted) cut()
      await this.#reception.ended()
      await this.#listeners.close()
    } finally {
      grace.removeEventListener('abort', cut)
    }
  }
}

const statusOf = ({ address, port }: Listener): DoorStatus => ({ protocol: 'tftp', address, port })
