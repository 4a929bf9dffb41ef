import { diskError } from '../../files/disk-error.ts'
import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import { isAddressList } from './folders.ts'
import type { ProbeStore } from './probe-store.ts'
import type { Stock } from './stock.ts'
import type { WriteGate } from './write-gate.ts'

export interface ChangesParts extends Pick<Stock, 'journal' | 'locks' | 'alarms'> {
  probes: Pick<ProbeStore, 'has'>
  gate: WriteGate | undefined
  /** Things happen here; otherwise they are copied from where they do. */
  leads: () => boolean
}

const diskAlarm = 'disk for user data'

/** Lets changes happen: each in its turn, while the store runs, and while this node may write. */
export class Changes {
  readonly #dataFolder: string
  readonly #parts: ChangesParts
  #state: 'new' | 'running' | 'stopped' = 'new'
  #underWay = 0

  constructor(dataFolder: string, parts: ChangesParts) {
    this.#dataFolder = dataFolder
    this.#parts = parts
  }

  get underWay(): number {
    return this.#underWay
  }

  /** Unless they have been closed already. */
  open(): void {
    if (this.#state === 'new') this.#state = 'running'
  }

  /** What has been asked for still gets its turn, unless the store is not running any more by then. */
  close(): void {
    this.#state = 'stopped'
  }

  /** @throws Refusal when none of these names may change, or not now */
  checkMayBegin(names: readonly FileName[]): void {
    this.#checkRunning()
    const list = names.find(isAddressList)
    if (list !== undefined) throw new Refusal('forbidden', `${list} is an address list`)
    if (!this.#areProbes(names)) this.#parts.gate?.mayBegin()
  }

  /** A change in its turn, with its failure explained. */
  async explained<T>(what: string, names: readonly FileName[], task: () => Promise<T>): Promise<T> {
    this.checkMayBegin(names)
    try {
      return await this.inTurn(names, task)
    } catch (error) {
      throw this.failure(error, what)
    }
  }

  /** What was asked for while the store ran still gets its turn when it stops. */
  async inTurn<T>(names: readonly FileName[], task: () => Promise<T>): Promise<T> {
    this.#checkRunning()
    this.#underWay += 1
    try {
      const result = await this.#parts.locks.run(names, async () => {
        if (!this.#areProbes(names)) this.#checkMayWrite()
        return task()
      })
      this.stored()
      return result
    } finally {
      this.#underWay -= 1
    }
  }

  /** What nobody waits for: it happens in its turn, if things happen here then. */
  async ifLeading(name: FileName, task: () => Promise<void>): Promise<void> {
    await this.#parts.locks.run([name], async () => {
      if (this.#parts.leads() && this.#state !== 'stopped') await task()
    })
  }

  /**
   * A change is durable here: waits for the other node, and looks once more whether this one may still say yes.
   * @throws Refusal when it may not
   */
  async confirm(seq: number): Promise<void> {
    await this.#parts.gate?.replicate(seq)
    this.#parts.gate?.mayWrite()
  }

  /** What an error becomes for whoever asked for the change. */
  failure(error: unknown, what: string): Error {
    const failure = diskError(error, what)
    const text = `no space left on the disk of ${this.#dataFolder}; phones cannot save`
    if (failure instanceof Refusal && failure.reason === 'diskFull') this.#parts.alarms.raise(diskAlarm, text)
    return failure
  }

  /** The disk takes what it is given. */
  stored(): void {
    this.#parts.alarms.clear(diskAlarm)
  }

  #areProbes(names: readonly FileName[]): boolean {
    return names.every((name) => this.#parts.probes.has(name))
  }

  #checkRunning(): void {
    if (this.#state !== 'running') throw new Refusal('busy', 'the store of user data is not running')
    const { broken } = this.#parts.journal
    if (broken !== undefined) throw broken
  }

  #checkMayWrite(): void {
    this.#parts.gate?.mayWrite()
    if (!this.#parts.leads())
      throw new Refusal('notActive', 'user data is only copied here, from the active node')
  }
}
