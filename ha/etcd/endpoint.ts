import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import { Connection } from './connection.ts'
import { limited } from './limit.ts'
import type { Security } from './security.ts'
import { LeaseGone } from './unavailable.ts'

export interface EndpointParts {
  security: Security
  clock: Clock
  log: Log
}

/** So many failures in a row, and the connection is made anew: it may hang for a quarter of an hour (etcd#7941). */
const suspicious = 2

/** A member at its address: what it is asked, it answers within a time limit or fails. */
export class Endpoint {
  /** host:port */
  readonly address: string
  readonly #parts: EndpointParts
  #connection: Connection | undefined
  #failures = 0

  constructor(address: string, parts: EndpointParts) {
    this.address = address
    this.#parts = parts
  }

  /** In a row, up to now. */
  get failures(): number {
    return this.#failures
  }

  /** @throws LeaseGone, which is an answer; Error whose message says why there is none */
  async ask<T>(
    question: (connection: Connection, limitMs: number) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    const connection = (this.#connection ??= new Connection(this.address, this.#parts.security))
    try {
      const answer = await limited(this.#parts.clock, limitMs, question(connection, limitMs))
      this.#answered()
      return answer
    } catch (error) {
      if (error instanceof LeaseGone) this.#answered()
      else this.#failed(connection, error)
      throw error
    }
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  #answered(): void {
    if (this.#failures >= suspicious) this.#parts.log.info({ endpoint: this.address }, 'etcd member answers')
    this.#failures = 0
  }

  #failed(connection: Connection, error: unknown): void {
    this.#failures += 1
    if (this.#failures === suspicious) {
      this.#parts.log.warn({ endpoint: this.address, why: messageOf(error) }, 'etcd member does not answer')
    }
    if (this.#failures % suspicious === 0 && this.#connection === connection) this.close()
  }
}
