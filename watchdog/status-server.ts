import { fastify, type FastifyInstance } from 'fastify'
import type { Component } from '../lib/base/component.ts'
import { explainBindError, isMissingFamily } from '../lib/base/port-owner.ts'
import type { ChannelStatus } from './alerts/telling.ts'
import { WatchdogMetrics } from './metrics.ts'
import { styleSheet, verdictOf, watchdogPage } from './page.ts'
import type { View } from './supervision.ts'

export interface StatusFacts {
  node: string
  view: () => View
  channels: () => readonly ChannelStatus[]
}

const refreshSeconds = 10
const headers = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
}

/** The watchdog's page on 6091, as the 2007 product had it: read-only, with JSON, health and metrics beside it. */
export class WatchdogStatusServer implements Component {
  readonly name = 'watchdog page'
  readonly #settings: { port: number; addresses: readonly string[] }
  readonly #facts: StatusFacts
  readonly #apps: FastifyInstance[] = []

  constructor(settings: { port: number; addresses: readonly string[] }, facts: StatusFacts) {
    this.#settings = settings
    this.#facts = facts
  }

  /** Where it listens. */
  get port(): number {
    const bound = this.#apps[0]?.server.address()
    return typeof bound === 'object' && bound !== null ? bound.port : 0
  }

  /** @throws Error that names the port that cannot be used */
  async start(): Promise<void> {
    const { addresses, port } = this.#settings
    for (const address of addresses) {
      const app = this.#app()
      this.#apps.push(app)
      try {
        await app.listen({ host: address, port })
      } catch (error) {
        if (isMissingFamily(error, address)) continue
        throw await explainBindError(error, { transport: 'tcp', address, port, setting: 'watchdog.port' })
      }
    }
  }

  async stop(): Promise<void> {
    for (const app of this.#apps.splice(0)) {
      app.server.closeAllConnections()
      await app.close()
    }
  }

  #app(): FastifyInstance {
    const { node, view, channels } = this.#facts
    const metrics = new WatchdogMetrics(view, channels)
    const app = fastify({ logger: false })
    app.addHook('onRequest', async (_request, reply) => void reply.headers(headers))
    app.get('/', (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .send(watchdogPage({ node, view: view(), channels: channels(), refreshSeconds })),
    )
    app.get('/style.css', (_request, reply) => reply.type('text/css').send(styleSheet))
    app.get('/status.json', () => ({ node, ...view(), channels: channels() }))
    app.get('/healthz', (_request, reply) => {
      const now = view()
      const down = now.probes.some(({ state }) => state === 'down')
      return reply
        .code(down ? 503 : 200)
        .type('text/plain')
        .send(`${verdictOf(now)}\n`)
    })
    app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
    return app
  }
}
