import type { TestContext } from 'node:test'
import { Refusal } from '../../lib/files/refusal.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'
import type { UserStore } from '../../lib/users/store/user-store.ts'
import { parseBatch, parseEntries } from '../../lib/users/twin/foreign-entries.ts'
import type { FileEntry } from '../../lib/users/store/file-record.ts'
import type { ReseedOrder } from '../../lib/users/twin/reseed.ts'
import type { WriteGate } from '../../lib/users/store/write-gate.ts'
import { openUserStore, type Opening, type OpenUserStore } from './user-store.ts'

/** A gate that lets through what the test says. */
export class TestGate implements WriteGate {
  isOpen = true
  isDraining = false
  replicate: WriteGate['replicate'] = async () => {}

  mayBegin(): void {
    this.mayWrite()
    if (this.isDraining) throw new Refusal('notActive', 'draining')
  }

  mayWrite(): void {
    if (!this.isOpen) throw new Refusal('notActive', 'the gate is closed')
  }
}

export interface TwinStore extends OpenUserStore {
  gate: TestGate
}

/** One of two stores; it leads if it is given an epoch. */
export async function openTwin(
  t: TestContext,
  { epoch, ...opening }: Opening & { epoch?: number } = {},
): Promise<TwinStore> {
  const gate = new TestGate()
  const open = await openUserStore(t, { ...opening, gate })
  if (epoch !== undefined) await open.store.twin.lead(epoch)
  return { ...open, gate }
}

/** Does on `to` what happened on `from` after that record, by way of JSON as it is on the wire. */
export async function copyAll(from: UserStore, to: UserStore, tip: Tip = to.twin.tip): Promise<void> {
  const batches = from.twin.after(tip)
  if (batches === undefined) throw new Error('it must be seeded')
  await Promise.all(
    batches.map(async ({ entries }) => {
      const bodies = new Map<number, Buffer>()
      for (const { record } of entries) {
        const content = record.op === 'put' ? await from.twin.content(record) : undefined
        if (content !== undefined) bodies.set(record.seq, content)
      }
      return { entries: parseBatch(JSON.parse(JSON.stringify(entries))), bodies }
    }),
  ).then((all) => Promise.all(all.map(({ entries, bodies }) => to.twin.follow(entries, bodies))))
}

/** Makes `to` equal to `from`. */
export async function reseed(
  from: UserStore,
  to: UserStore,
  changes: Partial<ReseedOrder> = {},
): Promise<void> {
  const { tip, reigns, entries } = from.twin.snapshot()
  const parsed = parseEntries(JSON.parse(JSON.stringify(entries))) as FileEntry[]
  await to.twin.reseed({
    snapshot: { tip, reigns, entries: parsed },
    common: from.twin.commonWith({ tip: to.twin.tip, epoch: to.twin.epoch }),
    epoch: to.twin.epoch ?? 0,
    overDrift: false,
    fetch: (wanted) => from.twin.content(wanted),
    signal: new AbortController().signal,
    onProgress: () => {},
    ...changes,
  })
}
