import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import type { Etcd } from '../etcd/etcd.ts'

/** Seconds after which etcd clears away what a dead node has left there. Nothing is decided by it. */
const ttlSeconds = 10
const keepMs = 3_000

/** A node's lease at etcd: so that etcd itself cleans up after it, and any tool of etcd shows who is there. */
export class Lease implements Component {
  readonly name = 'lease at etcd'
  readonly #etcd: Etcd
  readonly #log: Log
  readonly #keeping: Periodic
  #id: string | undefined
  #granting: Promise<string | undefined> | undefined

  constructor(etcd: Etcd, { clock, log }: { clock: Clock; log: Log }) {
    this.#etcd = etcd
    this.#log = log
    this.#keeping = new Periodic(() => this.#keep(), { everyMs: keepMs, clock })
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
    this.#keeping.start(fail)
  }

  async stop(): Promise<void> {
    await this.#keeping.stop()
    if (this.#id !== undefined) await this.#etcd.revokeLease(this.#id).catch(() => {}) // it ends by itself
    this.#id = undefined
  }

  async #keep(): Promise<void> {
    if (this.#id === undefined) await this.#grant()
    else await this.#keepOnce(this.#id)
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
