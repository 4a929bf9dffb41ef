import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { messageOf } from '../lib/base/message-of.ts'
import type { ToldRole } from '../ha/replica/role.ts'
import { PublishRefused, type PublishOrder } from '../ha/mirror/publisher.ts'
import { Refusal } from '../lib/files/refusal.ts'
import { restoreRescued } from '../lib/users/twin/restore-rescued.ts'
import type { FileserverPair } from './assemble-pair.ts'

/** What the agent, and `ha`, may ask of a file server that is one of two. */
export function addPairRoutes(app: FastifyInstance, pair: FileserverPair): void {
  const { mirror, replica, store } = pair
  app.post<{ Body: ToldRole }>('/pair/role', (request) => pair.setRole(request.body))
  app.post('/pair/drain', async (request) => {
    const left = new AbortController()
    request.raw.socket.once('close', () => left.abort())
    return { drained: await pair.drained(left.signal) }
  })
  app.get('/pair', () => ({ replica: replica.status(), mirror: mirror.status() }))
  app.post('/pair/verify', (request) => verified(pair, request.raw.socket))
  app.post('/pair/resync', (_request, reply) =>
    refusedAs409(reply, async () => {
      replica.resync('asked for by an administrator')
      return await mirror.resync()
    }),
  )
  app.post<{ Querystring: PublishQuery }>('/pair/publish', (request, reply) => publish(pair, request, reply))
  app.get('/pair/rescued', async () => ({ rescued: await store.twin.rescue.list() }))
  app.post<{ Body: { id: string; by: string } }>('/pair/rescued/restore', (request, reply) =>
    refusedAs409(reply, () =>
      restoreRescued(store, request.body.id, {
        protocol: 'local',
        address: '',
        why: `restored by ${request.body.by}`,
      }),
    ),
  )
}

type PublishQuery = Omit<PublishOrder, 'wait'> & { wait: string }

/** Tells on its way how far it has come, a line of JSON each; the last is `published`, or a message. */
async function publish(
  { mirror }: FileserverPair,
  { query, raw }: { query: PublishQuery; raw: IncomingMessage },
  reply: FastifyReply,
): Promise<void> {
  const left = new AbortController()
  raw.socket.once('close', () => left.abort())
  reply.hijack()
  reply.raw.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  const tell = (line: object) => reply.raw.write(`${JSON.stringify(line)}\n`)
  try {
    for await (const progress of mirror.publish({ ...query, wait: query.wait === 'true' }, left.signal))
      tell(progress)
  } catch (error) {
    tell({ message: messageOf(error) })
  }
  reply.raw.end()
}

/** Reads everything on both nodes' disks anew; what is damaged here is mended from the other side. */
async function verified({ mirror, replica }: FileserverPair, socket: NodeJS.EventEmitter): Promise<object> {
  const left = new AbortController()
  socket.once('close', () => left.abort())
  replica.compare()
  const [users, files] = await Promise.all([replica.verify(left.signal), mirror.verify(left.signal)])
  return { users, files }
}

async function refusedAs409(reply: FastifyReply, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await work()) ?? {}
  } catch (error) {
    if (
      error instanceof Refusal ||
      error instanceof PublishRefused ||
      (error instanceof Error && !('code' in error))
    )
      return reply.code(409).send({ message: error.message })
    throw error
  }
}
