import type { Clock } from '../../lib/base/clock.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import { EtcdUnavailable, LeaseGone, noAnswer } from './unavailable.ts'

/** Somebody who can be asked. */
export interface Asked<T> {
  address: string
  ask: (limitMs: number) => Promise<T>
}

export interface HedgeOptions {
  /** For the whole. */
  timeoutMs: number
  /** Who has not answered after so long is not waited for alone. */
  hedgeMs: number
  clock: Clock
}

/**
 * Asks one after the other, the next as soon as one fails or takes longer than `hedgeMs`. The first answer counts.
 * @throws LeaseGone; EtcdUnavailable
 */
export async function askHedged<T>(
  members: readonly Asked<T>[],
  { timeoutMs, hedgeMs, clock }: HedgeOptions,
): Promise<{ from: string; answer: T }> {
  const outcome = Promise.withResolvers<{ from: string; answer: T }>()
  const causes = new Map(members.map(({ address }) => [address, 'not asked']))
  const endsAt = clock.now() + timeoutMs
  const left = [...members]
  let waiting = 0
  let cancelNext = () => {}
  const askNext = () => {
    cancelNext()
    const member = left.shift()
    if (member !== undefined) ask(member)
    else if (waiting === 0) outcome.reject(new EtcdUnavailable(causes))
  }
  const ask = ({ address, ask: put }: Asked<T>) => {
    waiting += 1
    const limitMs = endsAt - clock.now()
    causes.set(address, noAnswer(limitMs))
    cancelNext = clock.after(hedgeMs, askNext)
    put(limitMs).then(
      (answer) => outcome.resolve({ from: address, answer }),
      (error: unknown) => {
        waiting -= 1
        if (error instanceof LeaseGone) return outcome.reject(error)
        causes.set(address, messageOf(error))
        askNext()
      },
    )
  }
  const cancelEnd = clock.after(timeoutMs, () => outcome.reject(new EtcdUnavailable(causes)))
  askNext()
  try {
    return await outcome.promise
  } finally {
    left.length = 0
    cancelNext()
    cancelEnd()
  }
}

/**
 * Whom to ask first: who has not failed, among those who answered last, and otherwise in the order given, nearest first.
 */
export function inOrder<M extends { address: string; failures: number }>(
  members: readonly M[],
  answeredLast: string | undefined,
): M[] {
  const isLast = ({ address }: M) => Number(address === answeredLast)
  return members.toSorted((one, other) => one.failures - other.failures || isLast(other) - isLast(one))
}
