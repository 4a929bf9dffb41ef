import { fastify, type FastifyInstance } from 'fastify'
import type { Component } from '../base/component.ts'
import type { Config } from '../base/config.ts'
import { explainBindError } from '../base/port-owner.ts'
import type { BootTraces } from './boot-traces.ts'
import type { Metrics } from './metrics.ts'
import { overviewPage, phonePage, styleSheet } from './page.ts'
import type { Snapshot } from './snapshot.ts'

export interface StatusParts {
  snapshot: () => Snapshot
  traces: BootTraces
  metrics: Metrics
  /** Whether that address may read the status. */
  allows: (address: string) => boolean
}

const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
}

/** Read-only pages, JSON, health and metrics. It changes nothing, so it asks for no password; `status.allow` decides. */
export class StatusServer implements Component {
  readonly name = 'status server'
  readonly #settings: Config['status']
  readonly #parts: StatusParts
  #apps: FastifyInstance[] = []

  constructor(settings: Config['status'], parts: StatusParts) {
    this.#settings = settings
    this.#parts = parts
  }

  async start(): Promise<void> {
    const { addresses, port } = this.#settings
    for (const address of addresses) {
      const app = this.#routes()
      this.#apps.push(app)
      await app.listen({ host: address, port, ipv6Only: true }).catch(async (cause: unknown) => {
        throw await explainBindError(cause, { transport: 'tcp', address, port, setting: 'status.port' })
      })
    }
  }

  /** Where it listens, for tests that let the system choose the port. */
  get ports(): number[] {
    return this.#apps.flatMap((app) =>
      app.addresses().map((bound) => (typeof bound === 'string' ? 0 : bound.port)),
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close()))
    this.#apps = []
  }

  #routes(): FastifyInstance {
    const { snapshot, traces, metrics, allows } = this.#parts
    const { refreshSeconds } = this.#settings
    const app = fastify({ logger: false, forceCloseConnections: true, requestTimeout: 10_000 })
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(pageHeaders)
      if (!allows(request.ip))
        await reply
          .code(403)
          .type('text/plain')
          .send('This address may not read the status; see status.allow.\n')
    })
    app.get('/', (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(overviewPage(snapshot(), traces.list(), refreshSeconds)),
    )
    app.get<{ Params: { phone: string } }>('/phones/:phone', (request, reply) => {
      const trace = traces.find(request.params.phone)
      if (trace === undefined)
        return reply.code(404).type('text/plain').send('No phone of that address or MAC was seen.\n')
      return reply.type('text/html; charset=utf-8').send(phonePage(trace, refreshSeconds))
    })
    app.get('/style.css', (_request, reply) => reply.type('text/css').send(styleSheet))
    app.get('/status.json', () => snapshot())
    app.get('/phones.json', () => traces.list())
    app.get('/healthz', () => ({ status: 'ok', alarms: snapshot().alarms.length }))
    app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
    return app
  }
}
