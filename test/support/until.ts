import { setTimeout as delay } from 'node:timers/promises'

/** Asks again and again until there is an answer. */
export async function until<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 10_000,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`nothing came within ${timeoutMs} ms: ${ask.toString()}`)
    await delay(20)
  }
}
