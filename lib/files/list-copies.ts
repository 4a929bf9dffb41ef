import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAddressList, type AddressList } from '../phones/address-list.ts'

/** Copies of the address lists as last read without fault, for the time after a restart. */
export class ListCopies {
  readonly #folder: string

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, '.state', 'address-lists')
  }

  /** @param path of the list below the data folder */
  keep(path: string, text: string): void {
    const copy = this.#copyOf(path)
    try {
      if (existsSync(copy) && readFileSync(copy, 'utf8') === text) return
      mkdirSync(this.#folder, { recursive: true, mode: 0o750 })
      writeFileSync(`${copy}.new`, text, { flush: true })
      renameSync(`${copy}.new`, copy)
    } catch {
      // Without the copy a damaged list after a restart shuts everybody out, which is safe; serving goes on.
    }
  }

  read(path: string): AddressList | undefined {
    try {
      return parseAddressList(readFileSync(this.#copyOf(path), 'utf8'))
    } catch {
      return undefined
    }
  }

  drop(path: string): void {
    try {
      rmSync(this.#copyOf(path), { force: true })
    } catch {
      // An old copy only matters should a damaged list take its place.
    }
  }

  #copyOf(path: string): string {
    return join(this.#folder, path.replace('/', '-'))
  }
}
