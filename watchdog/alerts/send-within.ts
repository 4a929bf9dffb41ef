import type { Clock } from '../../lib/base/clock.ts'
import type { Channel, Message } from '../message.ts'

export interface Try {
  channel: Channel
  clock: Clock
  /** It is ended after this long. */
  sendMs: number
}

/** One try, ended after its time even where the channel would go on. @throws Error saying why not */
export async function sendWithin(
  { channel, clock, sendMs }: Try,
  message: Message,
  cut: AbortSignal,
): Promise<void> {
  const limit = new AbortController()
  const cancel = clock.after(sendMs, () => limit.abort(new Error(`no answer within ${sendMs} ms`)))
  const signal = AbortSignal.any([limit.signal, cut])
  const ended = Promise.withResolvers<never>()
  const onAbort = () => ended.reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  const sending = channel.send(message, signal)
  sending.catch(() => {}) // it may come to its end after its time
  try {
    await Promise.race([sending, ended.promise])
  } finally {
    cancel()
    signal.removeEventListener('abort', onAbort)
  }
}
