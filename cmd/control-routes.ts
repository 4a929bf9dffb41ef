import type { FastifyInstance } from 'fastify'
import type { Clock } from '../lib/base/clock.ts'
import type { Config } from '../lib/base/config.ts'
import type { Log } from '../lib/base/log.ts'
import { protocols } from '../lib/base/protocol.ts'
import type { AddressLists } from '../lib/files/address-lists.ts'
import type { Admission } from '../lib/files/admission.ts'
import { Refusal } from '../lib/files/refusal.ts'
import type { Activity } from '../lib/status/activity.ts'
import type { BootTraces } from '../lib/status/boot-traces.ts'
import type { Snapshot } from '../lib/status/snapshot.ts'
import type { Users } from './assemble-users.ts'
import type { FileserverPair } from './assemble-pair.ts'
import { explainAccess, type AccessAnswer } from './explain-access.ts'
import { addPairRoutes } from './pair-routes.ts'
import { addUserDataRoutes } from './user-data-routes.ts'
import { addWatchdogRoutes, type WatchdogRouteParts } from './watchdog-routes.ts'

export interface ControlParts {
  config: Config
  snapshot: () => Snapshot
  lists: AddressLists
  users: Users
  admission: Admission
  traces: BootTraces
  activity: Activity
  clock: Clock
  log: Log
  setDetailed: (detailed: boolean) => void
  reload: () => void
  watchdog: WatchdogRouteParts
  /** Absent: this node is alone. */
  pair: FileserverPair | undefined
}

/** A client that holds a slot, as the control socket tells it. */
export interface ClientAnswer {
  address: string
  requests: number
  sinceSeconds: number
  /** Until the slot is free; null: for good. */
  leftSeconds: number | null
}

export interface ClientsAnswer {
  maxClients: number
  clients: ClientAnswer[]
}

export type { AccessAnswer }

/** What the command line and the console may ask of a running file server. */
export function fileserverRoutes(parts: ControlParts): (app: FastifyInstance) => void {
  const { snapshot, traces, activity, setDetailed, reload, lists, log } = parts
  return (app) => {
    app.get('/status', () => snapshot())
    app.get('/phones', () => traces.list())
    app.get<{ Params: { phone: string } }>('/phones/:phone', (request, reply) => {
      const { phone } = request.params
      return (
        traces.find(phone) ?? reply.code(404).send({ message: `no phone ${phone} was seen since the start` })
      )
    })
    addClientRoutes(app, parts)
    addUserDataRoutes(app, parts.users)
    addWatchdogRoutes(app, parts.watchdog)
    if (parts.pair !== undefined) addPairRoutes(app, parts.pair)
    app.get<{ Querystring: { address: string; file?: string } }>('/access', (request, reply) => {
      const { address, file = '46xxsettings.txt' } = request.query
      try {
        return {
          address,
          file,
          doors: protocols.map((protocol) => explainAccess(lists, { protocol, address, port: 0 }, file)),
        }
      } catch (error) {
        if (error instanceof Refusal) return reply.code(400).send({ message: error.message })
        throw error
      }
    })
    app.post<{ Body: { detailed: boolean } }>('/log', (request) => {
      const { detailed } = request.body
      setDetailed(detailed)
      log.info({ detailed }, 'detailed log switched')
      return { detailed }
    })
    app.post('/reload', () => {
      reload()
      return { reloaded: true }
    })
    app.get('/transfers/live', (request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      const leave = activity.onFinished((finished) => reply.raw.write(`${JSON.stringify(finished)}\n`))
      request.raw.once('close', leave)
    })
  }
}

function addClientRoutes(app: FastifyInstance, { admission, clock, config, log }: ControlParts): void {
  const { maxClients, sessionSeconds } = config.access
  app.get('/clients', (): ClientsAnswer => {
    const now = clock.now()
    const clients = admission.clients(now).map(({ address, requests, admittedAt, lastAt }) => ({
      address,
      requests,
      sinceSeconds: Math.round((now - admittedAt) / 1000),
      leftSeconds:
        sessionSeconds === 0 ? null : Math.max(0, Math.round(sessionSeconds - (now - lastAt) / 1000)),
    }))
    return { maxClients, clients }
  })
  app.delete<{ Params: { address: string } }>('/clients/:address', (request, reply) => {
    const { address } = request.params
    if (!admission.evict(address)) return reply.code(404).send({ message: `${address} holds no slot` })
    log.info({ address }, 'client evicted')
    return { evicted: address }
  })
}
