import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { createServer, type Server, type ServerOptions } from 'node:http'
import {
  createServer as createTlsServer,
  Server as TlsServer,
  type ServerOptions as TlsServerOptions,
} from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FileRoutes } from './file-routes.ts'
import type { Gate } from './gate.ts'
import type { Connections } from './connections.ts'

export interface ListenerSettings {
  maxConnections: number
  headersTimeoutMs: number
  bodyTimeoutMs: number
  idleTimeoutMs: number
  keepAliveMs: number
}

export interface ListenerParts {
  gate: Gate
  routes: FileRoutes
  connections: Connections
}

/**
 * One listening socket with its fastify, used for its routing and its orderly end. What it would do to phones is
 * switched off (test/lib/http/gate.test.ts and file-routes.test.ts show each): its router decodes names, so it is
 * shown `/` only; it waits for bodies of types it knows, so it is left none; to those of other types it answers 415,
 * in JSON, so its errors are answered by us.
 */
export class Listener {
  readonly server: Server
  readonly #app: FastifyInstance
  readonly #parts: ListenerParts

  constructor(settings: ListenerSettings, parts: ListenerParts, tls?: TlsServerOptions) {
    this.#parts = parts
    this.server = makeServer(settings, tls)
    parts.gate.watch(this.server)
    this.#app = fastify({
      serverFactory: (handler) => this.server.on('request', handler),
      clientErrorHandler: (error, socket) => parts.gate.malformed(error, socket),
      rewriteUrl: () => '/',
      return503OnClosing: false,
    })
    this.#route()
  }

  /** Resolves once it listens. @throws what bind(2) reports */
  async open(address: string, port: number): Promise<AddressInfo> {
    await this.#app.listen({ host: address, port, backlog: 4_096, ipv6Only: true })
    const bound = this.server.address()
    if (bound === null || typeof bound === 'string') throw new Error('a TCP listener has an address')
    return bound
  }

  /** Stops listening at once; resolves when the last connection has ended. */
  async close(): Promise<void> {
    await this.#app.close()
  }

  /** Stops listening at once; connections go on. Resolves when the last of them has ended. */
  async leave(): Promise<void> {
    // Also where its socket was closed behind its back.
    await new Promise<void>((resolve) => this.server.close(() => resolve()))
    await this.#app.close()
  }

  /** For connections to come. */
  renewEncryption(options: TlsServerOptions): void {
    if (this.server instanceof TlsServer) this.server.setSecureContext(options)
  }

  #route(): void {
    const answer = (request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack()
      const connection = this.#parts.connections.of(request.socket)
      if (connection === undefined || connection.closing) return
      void this.#parts.routes.answer(request.raw, request.originalUrl, reply.raw, connection)
    }
    this.#app.removeAllContentTypeParsers()
    this.#app.route({ method: ['GET', 'HEAD'], url: '/', exposeHeadRoute: false, handler: answer })
    this.#app.setNotFoundHandler(answer)
    this.#app.setErrorHandler((_error, request, reply) => answer(request, reply))
  }
}

function makeServer(settings: ListenerSettings, tls: TlsServerOptions | undefined): Server {
  const options: ServerOptions = {
    requireHostHeader: false,
    requestTimeout: settings.bodyTimeoutMs,
    headersTimeout: Math.min(settings.headersTimeoutMs, settings.bodyTimeoutMs),
    connectionsCheckingInterval: Math.min(1_000, Math.ceil(settings.headersTimeoutMs / 4)),
    keepAliveTimeout: settings.keepAliveMs,
    noDelay: true,
  }
  const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls })
  server.setTimeout(settings.idleTimeoutMs)
  server.maxConnections = settings.maxConnections
  // Not in Node's documentation, but as old as its HTTP server: a client that ends its side after the request, as
  // small stacks do, still gets its whole answer.
  return Object.assign(server, { httpAllowHalfOpen: true })
}
