import { fastify, type FastifyInstance } from 'fastify'
import type { Component } from '../../lib/base/component.ts'
import { explainBindError } from '../../lib/base/port-owner.ts'
import { PairMetrics } from './metrics.ts'
import type { NodeView, PairStatus } from './views.ts'

/** What a load balancer may ask: 200 for yes, 503 for no. */
const questions: Record<string, (own: NodeView, status: PairStatus) => boolean> = {
  '/healthz': ({ role, faults }) => role !== 'refusing' && faults.length === 0,
  '/active': ({ role }) => role === 'active',
  '/standby': ({ role }) => role === 'standby',
  '/insync': ({ name }, { insync }) => insync.includes(name),
}

/** The agent for load balancers and Prometheus: read-only, on a port of its own. */
export class HealthServer implements Component {
  readonly name = 'health of the pair'
  readonly #settings: { address: string; port: number }
  readonly #app: FastifyInstance

  constructor(settings: { address: string; port: number }, status: () => PairStatus) {
    this.#settings = settings
    this.#app = fastify({ logger: false })
    const metrics = new PairMetrics(status)
    for (const [path, holds] of Object.entries(questions)) {
      this.#app.get(path, (_request, reply) => {
        const now = status()
        const own = now.nodes.find(({ name }) => name === now.node)
        const yes = own !== undefined && holds(own, now)
        return reply
          .code(yes ? 200 : 503)
          .type('text/plain')
          .send(`${own?.role ?? 'unknown'}: ${own?.why ?? ''}\n`)
      })
    }
    this.#app.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    )
  }

  /** @throws Error that names the port that cannot be used */
  async start(): Promise<void> {
    const { address, port } = this.#settings
    try {
      await this.#app.listen({ host: address, port })
    } catch (error) {
      throw await explainBindError(error, { transport: 'tcp', address, port, setting: 'pair.healthPort' })
    }
  }

  async stop(): Promise<void> {
    this.#app.server.closeAllConnections()
    await this.#app.close()
  }
}
