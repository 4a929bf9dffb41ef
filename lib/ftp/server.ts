import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { explainBindError, isMissingFamily } from '../base/port-owner.ts'
import { parsePortRange } from '../base/port-range.ts'
import type { Logins } from '../files/view.ts'
import { canonicalAddress, parseAddressRange, rangeHolds } from '../phones/address.ts'
import type { Activity } from '../status/activity.ts'
import type { Door, DoorStatus } from '../status/snapshot.ts'
import { isWeak } from '../tls/profiles.ts'
import { DataChannel } from './data-channel.ts'
import { Encryption, type FtpCertificates } from './encryption.ts'
import { LoginDesk } from './login-desk.ts'
import { replies, wireText, type Reply } from './replies.ts'
import { Session, type SessionContext } from './session.ts'
import { Sessions } from './sessions.ts'

export interface FtpParts {
  logins: Logins
  activity: Pick<Activity, 'begin'>
  /** Started before the door, with `ftp.profile` among its profiles. */
  certificates: FtpCertificates
  /** Whose failed logins are no attack. */
  isWatchdog?: (address: string) => boolean
  clock: Clock
  log: Log
}

interface OpenListener {
  server: Server
  bound: AddressInfo
  implicitTls: boolean
  /** False: it could not be opened anew. */
  listening: boolean
}

/** The FTP door: control connections in the clear, with AUTH TLS, and encrypted from the first byte on ports of their own. */
export class FtpServer implements Door {
  readonly name = 'ftp'
  readonly #settings: Config['ftp']
  readonly #parts: FtpParts
  readonly #sessions: Sessions
  readonly #desk: LoginDesk
  readonly #context: SessionContext
  readonly #open: OpenListener[] = []
  #saidDataPort = false
  #cancelSweep = () => {}

  /** @throws Error with a sentence, if a row of `passiveAddresses` cannot be used */
  constructor(settings: Config['ftp'], parts: FtpParts) {
    this.#settings = settings
    this.#parts = parts
    this.#sessions = new Sessions(settings)
    const usesTls = settings.explicitTls || settings.implicitTlsPorts.length > 0
    this.#desk = new LoginDesk(parts)
    this.#context = {
      ...parts,
      settings,
      desk: this.#desk,
      encryption: usesTls ? new Encryption(parts.certificates, settings.profile) : undefined,
      passiveAddress: passiveAddresses(settings),
    }
  }

  /** @throws Error that names the port that cannot be used */
  async start(): Promise<void> {
    const { addresses, port, implicitTlsPorts, profile, explicitTls } = this.#settings
    if (isWeak(profile) && (explicitTls || implicitTlsPorts.length > 0)) {
      this.#parts.log.warn({ port, profile }, 'weak TLS profile')
    }
    this.#sweep()
    for (const address of addresses) {
      await this.#listen({ address, port, implicitTls: false })
      for (const each of implicitTlsPorts) await this.#listen({ address, port: each, implicitTls: true })
    }
  }

  async stop(grace: AbortSignal): Promise<void> {
    const cut = () => this.#sessions.cutAll()
    for (const { server } of this.#open.splice(0)) server.close()
    const ended = this.#sessions.stop()
    grace.addEventListener('abort', cut)
    if (grace.aborted) cut()
    try {
      await ended
    } finally {
      grace.removeEventListener('abort', cut)
      this.#cancelSweep()
    }
  }

  status(): DoorStatus[] {
    return this.#open.filter(({ listening }) => listening).map((open) => this.#statusOf(open))
  }

  /**
   * Closes what listens on that port and opens it anew; sessions go on.
   * @returns what listens there now; empty when the port is none of this door's
   * @throws Error that names the port, when it cannot be opened again
   */
  async reopen(port: number): Promise<DoorStatus[]> {
    const places = this.#open.filter(({ bound }) => bound.port === port)
    for (const place of places) await this.#replace(place)
    return places.map((place) => this.#statusOf(place))
  }

  #statusOf({ bound: { address, port }, implicitTls }: OpenListener): DoorStatus {
    const { profile } = this.#settings
    const tls = implicitTls ? { tls: { profile, weak: isWeak(profile) } } : {}
    return { protocol: 'ftp', address, port, ...tls }
  }

  async #listen({ address, port, implicitTls }: Place): Promise<void> {
    const server = createServer({ noDelay: true })
    try {
      await opened(server, address, port)
    } catch (error) {
      if (!isMissingFamily(error, address)) throw await explained(error, { address, port, implicitTls })
      this.#parts.log.warn({ door: this.name, address, port }, 'address family not available')
      return
    }
    const bound = server.address() as AddressInfo
    this.#hear(server, bound.port, implicitTls)
    this.#open.push({ server, bound, implicitTls, listening: true })
  }

  async #replace(place: OpenListener): Promise<void> {
    const { address, port } = place.bound
    const { implicitTls } = place
    place.listening = false
    place.server.close()
    const server = createServer({ noDelay: true })
    try {
      await opened(server, address, port)
    } catch (error) {
      throw await explained(error, { address, port, implicitTls })
    }
    if (!this.#open.includes(place)) return void server.close() // we were told to stop meanwhile
    this.#hear(server, port, implicitTls)
    Object.assign(place, { server, listening: true })
    this.#parts.log.info({ door: this.name, address, port }, 'door opened anew')
  }

  #hear(server: Server, port: number, implicitTls: boolean): void {
    server.on('error', (err) => this.#parts.log.error({ err, port }, 'listener error'))
    server.on('connection', (socket: Socket) => this.#accept(socket, port, implicitTls))
  }

  #accept(socket: Socket, port: number, implicitTls: boolean): void {
    socket.on('error', () => {}) // 'close' follows
    const { remoteAddress, localAddress } = socket
    if (remoteAddress === undefined || localAddress === undefined) return void socket.destroy() // gone already
    const address = canonicalAddress(remoteAddress)
    const refusal = this.#whyNot(address)
    if (refusal !== undefined) return this.#turnAway(socket, refusal, implicitTls)
    const local = canonicalAddress(localAddress)
    const caller = { address, port, localAddress: local, encrypted: implicitTls }
    const channel = this.#channelFor(address, remoteAddress, localAddress)
    const onEnd = () => this.#sessions.remove(session, address)
    const session = new Session({ socket, caller, channel, implicitTls, onEnd }, this.#context)
    this.#sessions.add(session, address)
    session.begin()
  }

  #whyNot(address: string): Reply | undefined {
    const why = this.#sessions.whyNot(address)
    if (why !== undefined) return replies[why]
    return this.#desk.isBanned(address) ? replies.banned : undefined
  }

  #turnAway(socket: Socket, reply: Reply, implicitTls: boolean): void {
    this.#sessions.noteRefused()
    if (implicitTls) socket.destroy()
    else socket.end(wireText(reply), () => socket.destroy())
  }

  #channelFor(client: string, remoteAddress: string, localAddress: string): DataChannel {
    const { dataPort, passivePorts, dataTimeoutMs } = this.#settings
    const { clock, log } = this.#parts
    return new DataChannel({
      client,
      remoteAddress,
      localAddress,
      dataPort,
      passiveRange: parsePortRange('ftp.passivePorts', passivePorts),
      timeoutMs: dataTimeoutMs,
      encryption: this.#context.encryption,
      clock,
      onStranger: (address) => log.warn({ address, client }, 'stranger at a data port'),
      onPortRefused: (err) => this.#dataPortRefused(err),
    })
  }

  /** Said once: it is so for every transfer, or for none. */
  #dataPortRefused(err: Error): void {
    if (this.#saidDataPort) return
    this.#saidDataPort = true
    this.#parts.log.warn({ port: this.#settings.dataPort, err }, 'ftp data port not usable')
  }

  /** Gives up what has stood still, and says how many were turned away. */
  #sweep(): void {
    const { clock, log } = this.#parts
    const { loginTimeoutMs, idleTimeoutMs, dataTimeoutMs } = this.#settings
    this.#sessions.sweep(clock.now())
    const refused = this.#sessions.takeRefused()
    if (refused > 0) log.warn({ door: this.name, refused }, 'connections refused')
    const shortest = Math.min(loginTimeoutMs, idleTimeoutMs, dataTimeoutMs)
    this.#cancelSweep = clock.after(Math.min(1_000, Math.ceil(shortest / 4)), () => this.#sweep())
  }
}

interface Place {
  address: string
  port: number
  implicitTls: boolean
}

function explained(error: unknown, { address, port, implicitTls }: Place): Promise<unknown> {
  const setting = implicitTls ? 'ftp.implicitTlsPorts' : 'ftp.port'
  return explainBindError(error, { transport: 'tcp', address, port, setting })
}

function opened(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4_096, ipv6Only: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** The first row whose network holds the client; otherwise the address it came to. */
function passiveAddresses(settings: Config['ftp']): SessionContext['passiveAddress'] {
  const rows = settings.passiveAddresses.map(({ network, address }) => {
    if (address.includes(':')) {
      throw new Error(`ftp.passiveAddresses: ${address} is IPv6, and PASV can only tell an IPv4 address`)
    }
    return { range: parseAddressRange(network), address }
  })
  return (client, local) => rows.find(({ range }) => rangeHolds(range, client))?.address ?? local
}
