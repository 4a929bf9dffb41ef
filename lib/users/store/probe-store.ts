import { readdir } from 'node:fs/promises'
import type { FileName } from '../../files/file-name.ts'
import { isProbeName, type ProbeFiles } from '../../files/probe-files.ts'
import { Refusal } from '../../files/refusal.ts'
import type { StoredFile } from '../../files/stored-file.ts'
import { readStanding, UserFile } from './content.ts'
import { userDataName } from './folders.ts'
import type { StagedFile } from './staged-file.ts'
import type { Stock } from './stock.ts'

export interface ProbeStoreParts extends Stock {
  probes: ProbeFiles
}

/**
 * Files that the watchdog saves as if it were a phone. They go the way of users' files up to the disk, staged, synced
 * and renamed, but have no record: nothing of them is left once they are deleted.
 */
export class ProbeStore {
  readonly #parts: ProbeStoreParts

  constructor(parts: ProbeStoreParts) {
    this.#parts = parts
  }

  has(name: FileName): boolean {
    return this.#parts.probes.has(name)
  }

  /** For whoever holds the name, as `remove`. */
  async put(name: FileName, staged: StagedFile): Promise<'created' | 'replaced'> {
    const { folders } = this.#parts
    const standing = folders.standing(name, [])
    await staged.finish()
    await staged.sync()
    await folders.moveInto(staged.path, name)
    await folders.syncName(name)
    return standing === undefined ? 'created' : 'replaced'
  }

  async read(name: FileName): Promise<StoredFile> {
    const { folders, locks } = this.#parts
    await locks.settled(name)
    const found = await readStanding(folders, name, () => true)
    if (found === undefined) throw new Refusal('busy', `${name} is being written`)
    return new UserFile(name, found)
  }

  async remove(name: FileName): Promise<void> {
    const { folders } = this.#parts
    if (folders.standing(name, []) === undefined)
      throw new Refusal('notFound', `there is no ${name} in ${folders.root}`)
    await folders.remove(name)
    await folders.syncName(name)
  }

  /** Removes what earlier runs of the watchdog left behind. A file that has a record was saved by somebody else. */
  async sweep(): Promise<void> {
    const { folders, histories, locks, probes, log } = this.#parts
    try {
      const left = (await readdir(folders.root))
        .flatMap((found) => userDataName(found) ?? [])
        .filter((name) => isProbeName(name) && !probes.has(name) && histories.of(name).length === 0)
      if (left.length > 0)
        await locks.run(left, async () => {
          for (const name of left) await folders.remove(name)
        })
    } catch (err) {
      log.warn({ err }, 'probe files not tidied up')
    }
  }
}
