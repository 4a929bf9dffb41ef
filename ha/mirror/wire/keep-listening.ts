import type { Clock } from '../../../lib/base/clock.ts'
import { messageOf } from '../../../lib/base/message-of.ts'

const retryMs = 5_000

/**
 * Listens as soon as that is possible: phones are served whether or not it is, and the address may come later than we
 * do. Resolves once it listens, or `signal` aborts.
 * @param tell why it is not possible, each time; undefined: it is
 */
export async function keepListening(
  listen: () => Promise<unknown>,
  { clock, tell }: { clock: Clock; tell: (why: string | undefined) => void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await listen()
      return tell(undefined)
    } catch (error) {
      tell(messageOf(error))
      await clock.sleep(retryMs, signal).catch(() => {})
    }
  }
}
