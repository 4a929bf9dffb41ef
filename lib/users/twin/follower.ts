import type { FileName } from '../../files/file-name.ts'
import type { Entry, FileRecord } from '../store/file-record.ts'
import { lookAt, lookOf } from '../store/folders.ts'
import { StagedFile } from '../store/staged-file.ts'
import type { Stock } from '../store/stock.ts'
import type { Writer } from '../store/writer.ts'
import type { Standing, Turn } from './standing.ts'

export interface FollowerParts extends Stock {
  standing: Standing
  writer: Pick<Writer, 'prune'>
}

/** Content by the number of its record; a put without one has none any more where it happened. */
export type Bodies = ReadonlyMap<number, Buffer>

/**
 * Does here what happened on the other node: content durable, then its record as it is over there, then in place. Any
 * number may be under way; records are written in the order of the calls.
 */
export class Follower {
  readonly #parts: FollowerParts
  readonly #underWay = new Set<Promise<void>>()
  /** The record before is on its way to the disk, or has failed. */
  #earlier: Promise<void> = Promise.resolve()

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /** @returns once it is durable and in place here. @throws Error; nothing that was asked for later happens then */
  follow(entries: readonly Entry[], bodies: Bodies): Promise<void> {
    const [earlier, written] = [this.#earlier, Promise.withResolvers<void>()]
    this.#earlier = written.promise
    const names = [...new Set(entries.map(({ record }) => record.name))]
    const copy = new Copy(this.#parts, names, { entries, bodies })
    const done = this.#parts.locks.run(names, () => copy.make(earlier, written.resolve))
    const ended = done.finally(() => {
      written.resolve()
      this.#underWay.delete(ended)
    })
    this.#underWay.add(ended)
    return ended
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }
}

/** One batch on its way. */
class Copy {
  readonly #parts: FollowerParts
  readonly #names: readonly FileName[]
  readonly #bodies: Bodies
  readonly #staged = new Map<FileName, StagedFile>()
  #entries: readonly Entry[]

  constructor(
    parts: FollowerParts,
    names: readonly FileName[],
    { entries, bodies }: { entries: readonly Entry[]; bodies: Bodies },
  ) {
    this.#parts = parts
    this.#names = names
    this.#bodies = bodies
    this.#entries = entries.map(({ record }) =>
      record.op === 'put' && !bodies.has(record.seq) ? { record, gone: true } : { record },
    )
  }

  /** @param onWritten called once the next record may be written, since this one is in the queue */
  async make(earlier: Promise<void>, onWritten: () => void): Promise<void> {
    const { journal, onStep, writer } = this.#parts
    let turns: Turn[]
    try {
      await this.#stage()
      turns = this.#names.map((name) => this.#turn(name)).filter(changesDisk)
      await this.#prepare(turns)
      await earlier
      const writing = journal.appendCopy(this.#entries)
      onWritten()
      await writing
    } catch (error) {
      await this.#discard()
      throw error
    }
    await this.#place(turns)
    for (const name of this.#names) await writer.prune(name)
    await onStep('pruned')
  }

  async #stage(): Promise<void> {
    const { folders, onStep } = this.#parts
    for (const { record, gone } of this.#entries) {
      if (record.op !== 'put' || gone === true) continue
      const staged = new StagedFile(folders.staging, Infinity)
      this.#staged.set(record.name, staged)
      await staged.write(this.#bodies.get(record.seq) ?? Buffer.alloc(0))
      if (staged.digest() !== record.hash || staged.size !== record.size)
        throw new Error(`the content of record ${record.seq} (${record.name}) is not what its record says`)
      await staged.finish()
    }
    await onStep('staged')
  }

  #turn(name: FileName): Turn {
    const { histories } = this.#parts
    const before = histories.current(name)
    const withdrawn = this.#entries.some(
      ({ record }) => record.op === 'void' && record.name === name && record.of === before?.record.seq,
    )
    return { name, before, after: histories.foresee(name, this.#entries), isKept: !withdrawn }
  }

  async #prepare(turns: readonly Turn[]): Promise<void> {
    const { folders, standing, onStep } = this.#parts
    for (const turn of turns) await standing.makeWay(turn)
    await onStep('kept')
    const keeps = turns.some(({ before, isKept }) => before !== undefined && isKept)
    const staged = [...this.#staged]
    const [looks] = await Promise.all([
      Promise.all(staged.map(async ([name, file]) => [name, await file.sync()] as const)),
      staged.length > 0 && folders.sync(folders.staging),
      keeps && folders.sync(folders.versions),
    ])
    const lookByName = new Map(looks)
    this.#entries = this.#entries.map((entry) => {
      const look = entry.record.op === 'put' && !entry.gone ? lookByName.get(entry.record.name) : undefined
      return look === undefined ? entry : { ...entry, look }
    })
    await onStep('synced')
  }

  /** From here on only a restart can tell what became of it, when the disk fails. */
  async #place(turns: readonly Turn[]): Promise<void> {
    const { folders, chain, journal, onStep } = this.#parts
    try {
      await onStep('journaled')
      for (const turn of turns) if (turn.after !== undefined) await this.#bring(turn.name, turn.after.record)
      await onStep('renamed')
      for (const { name, after } of turns) if (after === undefined) await folders.remove(name)
      await onStep('removed')
      await Promise.all(turns.map(({ name }) => folders.syncName(name)))
      await onStep('folder synced')
    } catch (error) {
      journal.break(error)
      throw error
    } finally {
      chain.recent.settle(this.#entries.at(-1)?.record.seq ?? 0)
    }
  }

  /** New content from where it is staged; what stands again, since a later one was withdrawn, from the versions. */
  async #bring(name: FileName, { seq }: FileRecord): Promise<void> {
    const { folders, histories } = this.#parts
    const staged = this.#staged.get(name)
    if (staged !== undefined) return folders.moveInto(staged.path, name)
    const version = folders.versionPath(seq)
    if (lookAt(version) === undefined) return folders.remove(name)
    await folders.moveInto(version, name)
    const now = lookAt(folders.pathOf(name))
    if (now !== undefined) histories.setLook(name, lookOf(now))
  }

  /** What stays behind is removed at the next start. */
  async #discard(): Promise<void> {
    for (const staged of this.#staged.values()) await staged.discard().catch(() => {})
  }
}

const changesDisk = ({ before, after }: Turn) => before?.record.seq !== after?.record.seq
