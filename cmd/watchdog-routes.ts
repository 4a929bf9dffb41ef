import type { FastifyInstance } from 'fastify'
import { protocols, type Protocol } from '../lib/base/protocol.ts'
import type { ProbeKeeper } from '../lib/files/probe-keeper.ts'
import type { BootTraces } from '../lib/status/boot-traces.ts'
import type { Beat, Heartbeat } from '../lib/status/heartbeat.ts'
import type { Door, DoorStatus } from '../lib/status/snapshot.ts'
import type { UserStore } from '../lib/users/store/user-store.ts'
import { diagnosticReport } from './diagnostic-report.ts'

export interface WatchdogRouteParts {
  doors: readonly Door[]
  traces: BootTraces
  heartbeat: Heartbeat
  probeKeeper: ProbeKeeper
  store: Pick<UserStore, 'sweepProbes'>
}

/** Phones that a door's failure hurts. */
export interface HurtAnswer {
  /** Seen over that protocol in the last 24 hours. */
  phones: number
  models: Record<string, number>
  /** Of some of them, the one seen last first. */
  addresses: string[]
}

export interface ReopenAnswer {
  reopened: DoorStatus[]
}

const dayMs = 86_400_000
const mostAddresses = 20

/** What the watchdog tells and asks of a running file server. */
export function addWatchdogRoutes(app: FastifyInstance, parts: WatchdogRouteParts): void {
  const { traces, heartbeat, probeKeeper, store } = parts
  app.post<{ Body: { token: string; pid: number } }>('/watchdog/hello', async ({ body }, reply) => {
    const { token, pid } = body
    if (!(await probeKeeper.hello(token)))
      return reply.code(400).send({ message: 'a token has 16 hex digits, in lower case' })
    await store.sweepProbes()
    heartbeat.hello(pid)
    return { heard: true }
  })
  app.post<{ Body: Beat }>('/watchdog/beat', ({ body }) => {
    heartbeat.beat({ round: body.round, ok: body.ok })
    return { heard: true }
  })
  app.post('/watchdog/bye', async () => {
    await probeKeeper.bye()
    await store.sweepProbes()
    heartbeat.bye()
    return { heard: true }
  })
  app.get<{ Querystring: { protocol: string } }>('/watchdog/hurt', ({ query }, reply) =>
    isProtocol(query.protocol)
      ? whoIsHurt(traces, query.protocol)
      : reply
          .code(400)
          .send({ message: `${query.protocol} is no protocol; there are ${protocols.join(', ')}` }),
  )
  app.get('/report', () => diagnosticReport())
  addReopening(app, parts)
}

/** One at a time: two that replaced the same listener would be in each other's way. */
function addReopening(app: FastifyInstance, { doors }: WatchdogRouteParts): void {
  let busy = false
  app.post<{ Body: { protocol: string; port: number } }>('/doors/reopen', async ({ body }, reply) => {
    const { protocol, port } = body
    if (busy) return reply.code(409).send({ message: 'a door is being opened anew; ask again' })
    busy = true
    try {
      const reopened = await reopen(doors, protocol, port)
      if (reopened.length > 0) return { reopened } satisfies ReopenAnswer
      return reply.code(404).send({ message: `no ${protocol} door has port ${port}` })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return reply.code(500).send({ message })
    } finally {
      busy = false
    }
  })
}

async function reopen(doors: readonly Door[], protocol: string, port: number): Promise<DoorStatus[]> {
  const reopened: DoorStatus[] = []
  for (const door of doors) if (door.name === protocol) reopened.push(...(await door.reopen(port)))
  return reopened
}

function whoIsHurt(traces: BootTraces, protocol: Protocol): HurtAnswer {
  const phones = traces.seenOver(protocol, dayMs)
  const models: Record<string, number> = {}
  for (const { phone } of phones) {
    const model = phone.model ?? 'unknown'
    models[model] = (models[model] ?? 0) + 1
  }
  return {
    phones: phones.length,
    models,
    addresses: phones.slice(0, mostAddresses).map(({ address }) => address),
  }
}

const isProtocol = (text: string): text is Protocol => protocols.some((protocol) => protocol === text)
