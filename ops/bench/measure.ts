import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case, PeerName } from './cases.ts'
import type { Generators, LoadResult } from './generator.ts'
import type { Launched } from './launch.ts'
import { countWronglyStored, prepareLoad } from './load-ftp.ts'
import { runLoad, warmUp } from './load.ts'
import { startServer, type Place, type ServerName } from './servers.ts'

/** One run of one case against one server. */
export interface Run extends LoadResult, Cost {}

/** What a run costs the server. */
export interface Cost {
  /** Most memory seen, MiB (process-tree.ts). */
  memoryMb: number
  /** Cores the server used; 1.0 on one core says that the server was the limit, and not the generator. */
  cores: number
}

export type Round = Partial<Record<ServerName, Run>>

export interface Bench {
  place: Omit<Place, 'folder' | 'door'>
  generators: Generators
  rounds: number
  /** Aborts when the bench is asked to stop. */
  until: AbortSignal
  /** Told about each run before it starts. */
  progress(text: string): void
}

/** Runs a case in pairs: in every round each server once, in turning order, started afresh. */
export async function measure(aCase: Case, bench: Bench): Promise<Round[]> {
  const servers: ServerName[] = ['twintone', ...(Object.keys(aCase.peers) as PeerName[])]
  const rounds: Round[] = []
  for (let number = 1; number <= bench.rounds; number++) {
    const round: Round = {}
    for (const server of number % 2 === 1 ? servers : servers.toReversed()) {
      bench.until.throwIfAborted()
      bench.progress(`${aCase.group}, ${aCase.title}: round ${number} of ${bench.rounds}, ${server}`)
      round[server] = await runOnce(aCase, server, bench)
    }
    rounds.push(round)
  }
  return rounds
}

async function runOnce({ load }: Case, name: ServerName, { place, generators }: Bench): Promise<Run> {
  const folder = await mkdtemp(join(place.site.folder, `${name}-`))
  const server = await startServer(name, { ...place, folder, door: load.door })
  try {
    const at = { site: place.site, server, generators }
    await prepareLoad(load, at)
    await runLoad(warmUp(load), at)
    const run = await watch(server, () => runLoad(load, at))
    return { ...run, failures: run.failures + (await countWronglyStored(load, at)) }
  } finally {
    await server.stop()
  }
}

const sampleEveryMs = 500

/** Does `work` and watches meanwhile what it costs the server. */
export async function watch<T extends object>(server: Launched, work: () => Promise<T>): Promise<T & Cost> {
  const over = new AbortController()
  const usedBefore = await server.cpuSeconds()
  const startedAt = performance.now()
  const peak = highestMemory(server, over.signal)
  try {
    const result = await work()
    const seconds = (performance.now() - startedAt) / 1_000
    const used = (await server.cpuSeconds()) - usedBefore
    over.abort()
    return { ...result, memoryMb: await peak, cores: used / seconds }
  } finally {
    over.abort()
    await peak
  }
}

async function highestMemory(server: Launched, over: AbortSignal): Promise<number> {
  let highest = await server.memoryMb()
  while (!over.aborted) {
    await sleep(sampleEveryMs, undefined, { signal: over }).catch(() => {})
    highest = Math.max(highest, await server.memoryMb())
  }
  return highest
}
