import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Chronicle } from './chronicle.ts'
import type { Events } from './events.ts'
import { judge } from './judge.ts'
import { OrderRefused, type Orders } from './orders.ts'
import type { PairStatus } from './views.ts'

export interface AgentRoutesParts {
  status: () => PairStatus
  events: Pick<Events, 'list' | 'onEvent'>
  chronicle: Pick<Chronicle, 'read' | 'keepDrill'>
  orders: Orders
}

/** What administrators may ask of the agent: HTTP with JSON on its control socket. */
export function agentRoutes(parts: AgentRoutesParts): (app: FastifyInstance) => void {
  const { status, events, chronicle } = parts
  return (app) => {
    app.get('/status', () => status())
    app.get('/check', () => {
      const now = status()
      return { active: now.active, ...judge(now) }
    })
    app.get('/events', () => ({ events: events.list() }))
    app.get('/events/live', (request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      const leave = events.onEvent((event) => reply.raw.write(`${JSON.stringify(event)}\n`))
      request.raw.once('close', leave)
    })
    app.get('/history', (_request, reply) => answer(reply, () => chronicle.read()))
    for (const [method, url, carryOut] of ordersTo(parts))
      app.route({ method, url, handler: (request, reply) => answer(reply, () => carryOut(request.body)) })
  }
}

type Route = [method: 'POST' | 'DELETE', url: string, carryOut: (body: never) => Promise<unknown>]

/** What is in a body is said by the order's type: whoever may use the socket is ours. */
const ordersTo = ({ orders, chronicle }: AgentRoutesParts) =>
  [
    ['POST', '/handover', (order) => orders.handOver(order)],
    ['POST', '/force', (order) => orders.force(order)],
    ['POST', '/pause', (order) => orders.pause(order)],
    ['DELETE', '/pause', () => orders.resume()],
    ['POST', '/standby', (order) => orders.takeOut(order)],
    ['DELETE', '/standby', (order) => orders.putBack(order)],
    ['POST', '/history/drill', (report) => chronicle.keepDrill(report)],
    ['POST', '/insync', (order) => orders.changeInsync(order)],
  ] satisfies Route[] as [Route[0], string, (body: unknown) => Promise<unknown>][]

/** 409: understood and refused; 503: nobody knows, etcd does not answer. */
async function answer(reply: FastifyReply, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await work()) ?? {}
  } catch (error) {
    if (error instanceof OrderRefused) return reply.code(409).send({ message: error.message })
    if (error instanceof Error && error.name === 'EtcdUnavailable')
      return reply.code(503).send({ message: error.message })
    throw error
  }
}
