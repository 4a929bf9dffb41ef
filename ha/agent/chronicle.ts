import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import type { Etcd } from '../etcd/etcd.ts'
import { parseHistory, type Keys } from '../etcd/keys.ts'
import type { DrillReport, Reign } from './views.ts'

const readEveryMs = 5_000
const keptReigns = 200
const keptDrills = 50

/** What etcd keeps of the past: who was active and why, and what drills have measured. */
export class Chronicle implements Component {
  readonly name = 'chronicle'
  readonly #etcd: Pick<Etcd, 'list' | 'txn'>
  readonly #keys: Keys
  readonly #reading: Periodic
  #last: Reign | undefined

  constructor(etcd: Pick<Etcd, 'list' | 'txn'>, keys: Keys, clock: Clock) {
    this.#etcd = etcd
    this.#keys = keys
    this.#reading = new Periodic(() => this.#readLast(), { everyMs: readEveryMs, clock })
  }

  /** The present reign, as it was last read. */
  get last(): Reign | undefined {
    return this.#last
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#reading.start(fail)
  }

  async stop(): Promise<void> {
    await this.#reading.stop()
  }

  /** @throws EtcdUnavailable */
  async read(): Promise<{ reigns: Reign[]; drills: DrillReport[] }> {
    const [reigns, drills] = await Promise.all([this.#reigns(), this.#etcd.list(this.#keys.drill())])
    return { reigns, drills: [...drills.values.values()].flatMap(({ value }) => parseReport(value) ?? []) }
  }

  /** @throws EtcdUnavailable */
  async keepDrill(report: DrillReport): Promise<void> {
    const kept = [...(await this.#etcd.list(this.#keys.drill())).values.keys()].toSorted()
    const put = { key: this.#keys.drill(report.at), value: JSON.stringify(report) }
    await this.#etcd.txn({ puts: [put], deletes: kept.slice(0, Math.max(0, kept.length + 1 - keptDrills)) })
  }

  async #readLast(): Promise<void> {
    const reigns = await this.#reigns().catch(() => undefined)
    this.#last = reigns?.at(-1) ?? this.#last
    if (reigns !== undefined && reigns.length > keptReigns) await this.#forget().catch(() => {})
  }

  async #reigns(): Promise<Reign[]> {
    const { values } = await this.#etcd.list(this.#keys.history())
    return [...values.values()]
      .flatMap(({ value, modRevision }) => {
        const reign = parseHistory(value)
        return reign === undefined ? [] : [{ ...reign, epoch: modRevision }]
      })
      .toSorted((a, b) => a.epoch - b.epoch)
  }

  async #forget(): Promise<void> {
    const { values } = await this.#etcd.list(this.#keys.history())
    const oldest = [...values].toSorted(([, a], [, b]) => a.modRevision - b.modRevision)
    await this.#etcd.txn({
      deletes: oldest
        .slice(0, -keptReigns)
        .slice(0, 100)
        .map(([key]) => key),
    })
  }
}

function parseReport(text: string): DrillReport | undefined {
  try {
    return JSON.parse(text) as DrillReport
  } catch {
    return undefined
  }
}
