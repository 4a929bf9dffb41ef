import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { portsToTry, type PortRange } from '../base/port-range.ts'
import { canonicalAddress } from '../phones/address.ts'

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
  const untried = portsToTry(range, Math.random)
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
