import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Endpoint } from './generator.ts'

/** Milliseconds by which the server's event loop was late. */
export interface Lag {
  p99: number
  max: number
}

const askEveryMs = 5_000

const status = z.object({ process: z.object({ loopLagMs: z.object({ p99: z.number(), max: z.number() }) }) })

/** The worst that our server's status page tells of itself until `over` aborts; undefined if it tells nothing. */
export async function worstLag(at: Endpoint | undefined, over: AbortSignal): Promise<Lag | undefined> {
  if (at === undefined) return undefined
  let worst: Lag | undefined
  while (!over.aborted) {
    await sleep(askEveryMs, undefined, { signal: over }).catch(() => {})
    const lag = await askLag(at)
    worst = { p99: Math.max(worst?.p99 ?? 0, lag.p99), max: Math.max(worst?.max ?? 0, lag.max) }
  }
  return worst
}

async function askLag({ address, port }: Endpoint): Promise<Lag> {
  const answer = await fetch(`http://${address}:${port}/status.json`, { signal: AbortSignal.timeout(60_000) })
  return status.parse(await answer.json()).process.loopLagMs
}
