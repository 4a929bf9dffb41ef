import { parseFileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import type { FileRecord, Origin, UserStore } from '../store/user-store.ts'

/** Stores what had to give way to the other node as a new version. @throws Refusal */
export async function restoreRescued(store: UserStore, id: string, by: Origin): Promise<FileRecord> {
  const { rescued, content } = await store.twin.rescue.read(id)
  const name = parseFileName(rescued.name)
  if (!store.twin.leads)
    throw new Refusal('notActive', 'restore it on the active node, or make this one active')
  return store.putContent(name, content, { ...by, why: by.why ?? `rescued as ${id}` })
}
