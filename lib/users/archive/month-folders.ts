import { mkdir, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { messageOf } from '../../base/message-of.ts'
import { unlessMissing } from '../../files/disk-error.ts'
import type { FileName } from '../../files/file-name.ts'
import { syncFolder } from '../../files/sync-folder.ts'
import { writeDurably } from '../../files/write-durably.ts'
import { parseManifest, type Manifest } from './manifest.ts'
import { parseMonth, type Month } from './month.ts'

/**
 * The folders of the archive: `2026-11` for a whole month, `2026-11.partial` while one is written, `2026-11.old`
 * while a newer one takes its place, `2026-11.removed` while one goes. A crash leaves any of them; `mend` is what
 * makes sense of it. No name of a file begins with a dot, so that the manifest cannot meet one.
 */
export class MonthFolders {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** Those that are whole, oldest first. */
  async months(): Promise<Month[]> {
    return (await namesIn(this.#root))
      .map(parseMonth)
      .filter((month) => month !== undefined)
      .toSorted()
  }

  /** Where a file of a month lies, packed. */
  pathOf(month: Month, name: FileName): string {
    return join(this.#root, month, `${name}.gz`)
  }

  partialPathOf(month: Month, name: FileName): string {
    return join(this.#partial(month), `${name}.gz`)
  }

  /** @throws Error when there is a folder, but its manifest cannot be used */
  async manifest(month: Month): Promise<Manifest | undefined> {
    return readManifest(join(this.#root, month))
  }

  /** Makes the folder a month is written into, or goes on with the one a crash left. */
  async begin(month: Month): Promise<void> {
    await mkdir(this.#partial(month), { recursive: true, mode: 0o750 })
    await rm(join(this.#partial(month), manifestName), { force: true })
  }

  /** Everything is written: makes it the month's folder, in place of the one before. */
  async finish(manifest: Manifest): Promise<void> {
    const { month, files } = manifest
    const partial = this.#partial(month)
    const wanted = new Set(files.map(({ name }) => this.partialPathOf(month, name)))
    for (const path of await filesBelow(partial)) if (!wanted.has(path)) await unlink(path)
    for (const folder of foldersOf(wanted, partial)) await syncFolder(folder)
    await writeManifest(partial, manifest)
    await this.#replace(month)
  }

  async remove(month: Month): Promise<void> {
    await rename(join(this.#root, month), join(this.#root, `${month}.removed`))
    await syncFolder(this.#root)
    await rm(join(this.#root, `${month}.removed`), { recursive: true, force: true })
  }

  /** Ends what a crash interrupted. */
  async mend(): Promise<void> {
    const names = await namesIn(this.#root)
    for (const name of names) {
      const [month, what] = [parseMonth(name.slice(0, 7)), name.slice(7)]
      if (month === undefined) continue
      if (what === '.removed') await rm(join(this.#root, name), { recursive: true, force: true })
      if (what === '.old') await this.#mendOld(month, names.includes(month))
    }
  }

  /** A partial folder with a manifest is whole, so that one is newer than what it was to replace. */
  async #mendOld(month: Month, isThere: boolean): Promise<void> {
    const old = join(this.#root, `${month}.old`)
    if (!isThere) {
      const isWhole = await readManifest(this.#partial(month)).catch(() => undefined)
      await rename(isWhole === undefined ? old : this.#partial(month), join(this.#root, month))
      await syncFolder(this.#root)
    }
    await rm(old, { recursive: true, force: true })
  }

  async #replace(month: Month): Promise<void> {
    const [partial, final] = [this.#partial(month), join(this.#root, month)]
    const old = `${final}.old`
    await rm(old, { recursive: true, force: true })
    await rename(final, old).catch(unlessMissing)
    await syncFolder(this.#root)
    await rename(partial, final)
    await syncFolder(this.#root)
    await rm(old, { recursive: true, force: true })
  }

  #partial(month: Month): string {
    return join(this.#root, `${month}.partial`)
  }
}

const manifestName = '.manifest.json'

async function readManifest(folder: string): Promise<Manifest | undefined> {
  if ((await stat(folder).catch(unlessMissing)) === undefined) return undefined
  const path = join(folder, manifestName)
  try {
    return parseManifest(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} cannot be used: ${messageOf(cause)}`, { cause })
  }
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeDurably(join(folder, manifestName), JSON.stringify(manifest))
  await syncFolder(folder)
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
}

/** The folders the files lie in, up to and with `top`. */
function foldersOf(paths: Iterable<string>, top: string): Set<string> {
  const folders = new Set([top])
  for (const path of paths) {
    for (let folder = dirname(path); relative(top, folder) !== ''; folder = dirname(folder))
      folders.add(folder)
  }
  return folders
}

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(unlessMissing)) ?? []
