import { setTimeout as sleep } from 'node:timers/promises'
import { fetchHttp } from './fetch-http.ts'
import { fetchTftp, type Fetched } from './fetch-tftp.ts'
import type { SimulatedPhone, Step } from './fleet.ts'
import type { Endpoint } from './generator.ts'

export interface FleetRun {
  /** Where the server's doors are. */
  at: Readonly<Record<Step['protocol'], Endpoint>>
  /** SHA-256 of each file, in hex. */
  hashes: ReadonlyMap<string, string>
  /** Seconds over which the phones begin to boot, evenly. */
  rampSeconds: number
  /** Aborts when the run has taken too long. */
  until: AbortSignal
}

export interface Boot {
  family: string
  ms: number
  files: FileFetch[]
}

export interface FileFetch extends Step {
  ms: number
  /** Why the file is wrong. */
  problem?: string
}

/** Boots every phone; a phone that has no file by the end of the run has a problem. */
export function bootFleet(fleet: readonly SimulatedPhone[], run: FleetRun): Promise<Boot[]> {
  return Promise.all(
    fleet.map(async (phone, index) => {
      await sleep((index / fleet.length) * run.rampSeconds * 1_000)
      return boot(phone, run)
    }),
  )
}

async function boot(phone: SimulatedPhone, run: FleetRun): Promise<Boot> {
  const startedAt = performance.now()
  const files: FileFetch[] = []
  for (const step of phone.boot) {
    const askedAt = performance.now()
    const problem = run.until.aborted
      ? 'not asked for any more: the run took too long'
      : await problemOf(step, phone, run)
    const fetched = { ...step, ms: performance.now() - askedAt }
    files.push(problem === undefined ? fetched : { ...fetched, problem })
  }
  return { family: phone.family, ms: performance.now() - startedAt, files }
}

async function problemOf(step: Step, phone: SimulatedPhone, run: FleetRun): Promise<string | undefined> {
  try {
    const { status, sha256 } = await fetch(step, phone, run)
    const expected = run.hashes.get(step.file)
    if (expected === undefined)
      return status === 404 ? undefined : `status ${status}, but there is no such file`
    if (status !== 200) return `status ${status}`
    return sha256 === expected ? undefined : 'the content is wrong'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function fetch(
  { protocol, file }: Step,
  { address: from, userAgent }: SimulatedPhone,
  { at }: FleetRun,
): Promise<Fetched> {
  const { address: server, port } = at[protocol]
  const request = { server, port, from, name: file }
  return protocol === 'tftp' ? fetchTftp(request) : fetchHttp({ ...request, protocol, userAgent })
}
