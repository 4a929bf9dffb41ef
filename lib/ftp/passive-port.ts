import { randomInt } from 'node:crypto'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { canonicalAddress } from '../phones/address.ts'

export interface PortRange {
  first: number
  last: number
}

export interface PassiveTerms {
  /** The local address the client came to. */
  localAddress: string
  /** undefined: any free port. */
  range: PortRange | undefined
  /** Canonical address of the client; nobody else is let in. */
  client: string
  /** Told once. */
  onStranger: (address: string) => void
}

/** How many ports are tried before the range counts as used up. */
const mostTries = 64

/** Reads `50000-50999`, as the settings have checked it; empty text means any free port. */
export function passiveRange(text: string): PortRange | undefined {
  const [first = 0, last = 0] = text.split('-').map(Number)
  return text === '' ? undefined : { first, last }
}

/**
 * A listening port for one data connection, of one client. It closes itself once the client has come; strangers are
 * hung up on, and the wait goes on (abuse cases d33, d34).
 */
export class PassivePort {
  readonly port: number
  readonly #server: Server
  readonly #connection = Promise.withResolvers<Socket>()
  #socket: Socket | undefined

  private constructor(server: Server, { client, onStranger }: PassiveTerms) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.#connection.promise.catch(() => {}) // closed before anybody waited
    let saidStranger = false
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => {}) // 'close' follows, and tells all
      const address = canonicalAddress(socket.remoteAddress ?? '')
      if (address === client && this.#socket === undefined) return this.#come(socket)
      socket.destroy()
      if (address === client || saidStranger) return
      saidStranger = true
      onStranger(address)
    })
  }

  /** @throws the error of the last port tried */
  static async open(terms: PassiveTerms): Promise<PassivePort> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
    await listen(server, terms)
    return new PassivePort(server, terms)
  }

  /** @throws Error once the port is closed and nobody has come */
  connection(): Promise<Socket> {
    return this.#connection.promise
  }

  /** Closes the port, and the connection if nobody has taken it. */
  close(): void {
    this.#server.close()
    this.#connection.reject(new Error('the port was closed'))
    this.#socket?.destroy()
  }

  /** The connection belongs to the caller from now on. */
  take(): void {
    this.#socket = undefined
  }

  #come(socket: Socket): void {
    this.#socket = socket
    this.#server.close()
    this.#connection.resolve(socket)
  }
}

function listen(server: Server, { localAddress, range }: PassiveTerms): Promise<void> {
  const untried = portsToTry(range)
  return new Promise((resolve, reject) => {
    const tryNext = (error?: Error) => {
      const port = untried.pop()
      // A stranger must not fill the queue; `exclusive` also keeps node:cluster from sharing the port.
      if (port !== undefined) server.listen({ host: localAddress, port, backlog: 8, exclusive: true })
      else reject(error ?? new Error('no port to try'))
    }
    server.on('error', tryNext)
    server.once('listening', () => {
      server.off('error', tryNext)
      server.on('error', () => {}) // a connection that could not be accepted: the client tries again
      resolve()
    })
    tryNext()
  })
}

/** From a random one on, so that nobody can guess where the next client will be awaited. */
function portsToTry(range: PortRange | undefined): number[] {
  if (range === undefined) return [0]
  const count = range.last - range.first + 1
  const start = randomInt(count)
  return Array.from(
    { length: Math.min(count, mostTries) },
    (_, step) => range.first + ((start + step) % count),
  )
}
