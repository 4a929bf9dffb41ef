import type { Channel, Message } from '../../watchdog/message.ts'

export interface AlertReceiver extends Channel {
  taken: Message[]
  tries: number
  /** What a try comes to; it takes the message unless said otherwise. */
  answer: (message: Message, signal: AbortSignal) => Promise<void>
  subjects: () => string[]
}

/** A way of telling whose receiver is here. */
export function alertReceiver(name = 'mail'): AlertReceiver {
  const receiver: AlertReceiver = {
    name,
    taken: [],
    tries: 0,
    answer: async () => {},
    subjects: () => receiver.taken.map(({ subject }) => subject),
    async send(message, signal) {
      receiver.tries += 1
      await receiver.answer(message, signal)
      receiver.taken.push(message)
    },
  }
  return receiver
}

export const refusing =
  (why = 'connect ECONNREFUSED') =>
  async () => {
    throw new Error(why)
  }

/** Does not listen to the end of its time either. */
export const hanging = () => new Promise<void>(() => {})
