import type { FastifyInstance, FastifyReply } from 'fastify'
import type { DrillReport, PairEvent, PairStatus, Reign } from './views.ts'

/** Who asks for a change, and what for. */
export interface Asked {
  by: string
  why: string
}

/** An order that is not carried out, and why. */
export class OrderRefused extends Error {}

/** What administrators may ask of the agent. Orders throw OrderRefused, or EtcdUnavailable. */
export interface Desk {
  status: () => PairStatus
  events: () => PairEvent[]
  onEvent: (listener: (event: PairEvent) => void) => () => void
  history: () => Promise<{ reigns: Reign[]; drills: DrillReport[] }>
  handOver: (order: Asked & { to?: string; drainMs: number; dryRun: boolean }) => Promise<object>
  force: (order: Asked & { dryRun: boolean }) => Promise<object>
  pause: (order: Asked & { minutes: number }) => Promise<object>
  resume: (order: { by: string }) => Promise<object>
  /** Out of service, until it is put back. */
  takeOut: (order: Asked & { node: string }) => Promise<object>
  putBack: (order: { node: string; by: string }) => Promise<object>
  keepDrill: (report: DrillReport) => Promise<void>
  /** For the file server: who has every acknowledged save. */
  changeInsync: (order: {
    op: 'add' | 'remove'
    node: string
    why: string
  }) => Promise<{ insync: readonly string[] }>
}

/** HTTP with JSON on the agent's control socket. */
export function agentRoutes(desk: Desk): (app: FastifyInstance) => void {
  return (app) => {
    app.get('/status', () => desk.status())
    app.get('/events', () => ({ events: desk.events() }))
    app.get('/events/live', (request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      const leave = desk.onEvent((event) => reply.raw.write(`${JSON.stringify(event)}\n`))
      request.raw.once('close', leave)
    })
    app.get('/history', (_request, reply) => answer(reply, () => desk.history()))
    for (const [method, url, carryOut] of orders(desk))
      app.route({ method, url, handler: (request, reply) => answer(reply, () => carryOut(request.body)) })
  }
}

type Order = [method: 'POST' | 'DELETE', url: string, carryOut: (body: never) => Promise<unknown>]

/** What is in a body is said by the order's type: whoever may use the socket is ours. */
const orders = (desk: Desk) =>
  [
    ['POST', '/handover', desk.handOver],
    ['POST', '/force', desk.force],
    ['POST', '/pause', desk.pause],
    ['DELETE', '/pause', desk.resume],
    ['POST', '/standby', desk.takeOut],
    ['DELETE', '/standby', desk.putBack],
    ['POST', '/history/drill', desk.keepDrill],
    ['POST', '/insync', desk.changeInsync],
  ] satisfies Order[] as [Order[0], string, (body: unknown) => Promise<unknown>][]

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
