import type { Envelope } from './seal.ts'
import type { Message } from './messages.ts'

/**
 * Which process of the other node is believed. A seal alone does not tell when a message was made: all that a dead
 * process ever said could be played again, to it or to our own next process. So each process has a session, named by
 * chance, and
 *
 * - a session counts once it has answered a challenge that we made after we started: a recording cannot;
 * - a later session that answers a later challenge takes its place for good;
 * - within a session counters only rise;
 * - a message names the session of ours that it is meant for: what was said to our last process is not for this one.
 *
 * A message may still be held back on its way for as long as its sender lives: what must be fresh has a challenge of
 * its own, and what must be in order has an epoch.
 */
export type SessionRefusal = 'repeated' | 'from an unproven session' | 'for an earlier session'

export interface Verdict {
  outcome: 'message' | 'hello' | SessionRefusal
  /** To be sent at once. */
  reply?: Message
}

/** A challenge without an answer is replaced then, so that an answer cannot be held back for long. */
const challengeMs = 1_000

export class Sessions {
  /** Ours, of this process. */
  readonly own: string
  /** How often another process of the other node was believed. */
  changes = 0
  readonly #fresh: () => string
  #counter = 0
  #proven: { session: string; counter: number } | undefined
  #challenge: { text: string; madeMs: number } | undefined

  /** @param fresh something nobody can guess, new each time */
  constructor(fresh: () => string, now: number) {
    this.#fresh = fresh
    this.own = fresh()
    this.#ask(now)
  }

  /** The other node's session, once it is proven. */
  get other(): string | undefined {
    return this.#proven?.session
  }

  /** A challenge waits for its answer: HELLO is to be repeated. */
  get isAsking(): boolean {
    return this.#challenge !== undefined
  }

  /** What goes into the next envelope. */
  next(): Pick<Envelope, 'session' | 'counter' | 'echo'> {
    this.#counter += 1
    return { session: this.own, counter: this.#counter, echo: this.#proven?.session ?? '' }
  }

  /** The next HELLO, with our challenge if one is open. */
  hello(now: number, answer = ''): Message {
    if (this.#challenge !== undefined && now - this.#challenge.madeMs >= challengeMs) this.#ask(now)
    return { type: 'HELLO', challenge: this.#challenge?.text ?? '', answer }
  }

  /** Whether an envelope whose seal is right counts. */
  admit({ session, counter, echo, message }: Envelope, now: number): Verdict {
    const proven = this.#proven?.session === session ? this.#proven : undefined
    if (proven !== undefined && counter <= proven.counter) return { outcome: 'repeated' }
    if (message.type === 'HELLO') return this.#greeted({ session, counter, message }, now)
    if (proven === undefined) return { outcome: 'from an unproven session', reply: this.#whoIsThat(now) }
    // Our last process is meant: the other node is to learn of this one.
    if (echo !== this.own) return { outcome: 'for an earlier session', reply: this.hello(now) }
    proven.counter = counter
    return { outcome: 'message' }
  }

  #greeted({ session, counter, message }: Greeting, now: number): Verdict {
    const { challenge, answer } = message
    if (this.#challenge !== undefined && answer === this.#challenge.text) {
      this.#believe(session, counter)
    } else if (this.#proven?.session === session) this.#proven.counter = counter
    const isProven = this.#proven?.session === session
    const asksBack = isProven ? this.hello(now, challenge) : this.#whoIsThat(now, challenge)
    return {
      outcome: isProven ? 'hello' : 'from an unproven session',
      ...(isProven && challenge === '' ? {} : { reply: asksBack }),
    }
  }

  #believe(session: string, counter: number): void {
    if (this.#proven !== undefined && this.#proven.session !== session) this.changes += 1
    this.#proven = { session, counter }
    this.#challenge = undefined
  }

  /** A challenge that is open stays: whoever plays recordings must not be able to keep the true answer from counting. */
  #whoIsThat(now: number, answer = ''): Message {
    if (this.#challenge === undefined) this.#ask(now)
    return this.hello(now, answer)
  }

  #ask(now: number): void {
    this.#challenge = { text: this.#fresh(), madeMs: now }
  }
}

interface Greeting {
  session: string
  counter: number
  message: Message & { type: 'HELLO' }
}
