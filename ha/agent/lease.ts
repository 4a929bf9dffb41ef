import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Etcd } from '../etcd/etcd.ts'

/** Seconds after which etcd clears away what a dead node has left there. Nothing is decided by it. */
const ttlSeconds = 10
const keepMs = 3_000

/** A node's lease at etcd: so that etcd itself cleans up after it, and any tool of etcd shows who is there. */
export class Lease implements Component {
  readonly name = 'lease at etcd'
  readonly #etcd: Etcd
  readonly #clock: Clock
  readonly #log: Log
  readonly #stopping = new AbortController()
  #id: string | undefined
  #granting: Promise<string | undefined> | undefined
  #work: Promise<void> = Promise.resolve()

  constructor(etcd: Etcd, { clock, log }: { clock: Clock; log: Log }) {
    this.#etcd = etcd
    this.#clock = clock
    this.#log = log
  }

  /** What we have now, if anything: nothing waits for a lease. */
  get held(): string | undefined {
    return this.#id
  }

  /** As `held`, but asks for one where there is none. */
  async current(): Promise<string | undefined> {
    return this.#id ?? (await this.#grant())
  }

  /** A transaction with it failed: etcd may have ended it. */
  doubt(): void {
    this.#id = undefined
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#work = this.#keep(this.#stopping.signal).catch(fail)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#work
    if (this.#id !== undefined) await this.#etcd.revokeLease(this.#id).catch(() => {}) // it ends by itself
    this.#id = undefined
  }

  async #keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#id === undefined) await this.#grant()
      else await this.#keepOnce(this.#id)
      await this.#clock.sleep(keepMs, signal).catch(() => {})
    }
  }

  async #keepOnce(id: string): Promise<void> {
    try {
      if (!(await this.#etcd.keepLease(id))) this.#id = undefined
    } catch (err) {
      this.#log.debug({ err }, 'lease not kept')
    }
  }

  #grant(): Promise<string | undefined> {
    this.#granting ??= this.#etcd
      .grantLease(ttlSeconds)
      .then((id) => (this.#id = id))
      .catch((err: unknown) => {
        this.#log.debug({ err }, 'no lease')
        return undefined
      })
      .finally(() => (this.#granting = undefined))
    return this.#granting
  }
}
