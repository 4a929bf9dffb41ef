import type { FastifyInstance, FastifyReply } from 'fastify'
import { Refusal, refusals } from '../lib/files/refusal.ts'
import type { Archive } from '../lib/users/archive/archive.ts'
import { canonicalAddress } from '../lib/phones/address.ts'
import type { SnmpDirectory } from '../lib/phones/directory.ts'
import { Unidentified } from '../lib/phones/phone.ts'
import type { Backups, RestoreWish } from '../lib/users/backups.ts'

import type { AskAnswer } from './twintone/ask.ts'

export interface UserDataRouteParts {
  directory: SnmpDirectory
  backups: Backups
  archive: Archive
}

/** Users' data for the command line and the console. Names go in the query, since some have a slash in them. */
export function addUserDataRoutes(app: FastifyInstance, parts: UserDataRouteParts): void {
  const { backups, archive, directory } = parts
  app.post<{ Querystring: { address: string } }>('/ask', async ({ query }): Promise<AskAnswer> => {
    const address = canonicalAddress(query.address)
    directory.forget(address)
    try {
      return { address, phone: await directory.identify(address, '') }
    } catch (error) {
      if (error instanceof Unidentified) return { address, why: error.message }
      throw error
    }
  })
  app.get<{ Querystring: { extension?: string; deleted?: string } }>('/backups', ({ query }) =>
    query.deleted === undefined ? backups.list(query.extension) : backups.deleted(query.extension),
  )
  app.get<{ Querystring: { of: string } }>('/backups/history', ({ query }, reply) =>
    orRefused(reply, () => backups.history(query.of)),
  )
  app.get<{ Querystring: { of: string; version?: string } }>('/backups/content', ({ query }, reply) =>
    orRefused(reply, () => backups.show(query.of, numberIn(query.version))),
  )
  app.get<{ Querystring: { of: string; from?: string; to?: string } }>('/backups/diff', ({ query }, reply) =>
    orRefused(reply, () => backups.diff(query.of, numberIn(query.from), numberIn(query.to))),
  )
  app.post<{ Querystring: { of: string }; Body: RestoreWish }>('/backups/restore', ({ query, body }, reply) =>
    orRefused(reply, () => backups.restore(query.of, body)),
  )
  app.post<{ Querystring: { of: string } }>('/backups/undelete', ({ query }, reply) =>
    orRefused(reply, () => backups.undelete(query.of)),
  )
  addArchiveRoutes(app, archive)
}

/** A run tells its progress as lines of JSON; the last one is the report, or what went wrong. */
function addArchiveRoutes(app: FastifyInstance, archive: Archive): void {
  app.get('/archive', () => archive.list())
  app.post<{ Querystring: { month?: string } }>('/archive/run', async ({ query, raw }, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    const tell = (line: unknown) => reply.raw.write(`${JSON.stringify(line)}\n`)
    const left = new AbortController()
    raw.once('close', () => left.abort())
    try {
      const progress = (done: number, total: number, name: string) => tell({ done, total, name })
      tell({ report: await archive.run(query.month, { progress, signal: left.signal }) })
    } catch (error) {
      tell({ problem: error instanceof Error ? error.message : String(error) })
    }
    reply.raw.end()
  })
  app.post<{ Querystring: { month: string; of?: string } }>('/archive/restore', ({ query }, reply) =>
    orRefused(reply, () => archive.restore(query.month, query.of)),
  )
}

async function orRefused<T>(reply: FastifyReply, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await reply.code(refusals[error.reason].http).send({ message: error.detail })
    return undefined
  }
}

const numberIn = (text: string | undefined) => (text === undefined ? undefined : Number(text))
