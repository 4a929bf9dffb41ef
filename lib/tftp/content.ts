import { Refusal } from '../files/refusal.ts'
import type { StoredFile } from '../files/stored-file.ts'
import { toNetascii } from './netascii.ts'
import type { Request } from './packet.ts'

/** What goes over the wire for a file, in the mode that was asked for. */
export interface Content {
  /** Bytes on the wire, which netascii makes more than the file has. */
  size: number
  /** All of them, unless they are read from the file while they are sent. */
  bytes: Uint8Array | undefined
}

/** Translating takes memory and holds everybody else up; phones' text files are a hundredth of this. */
const longestNetascii = 4 * 1024 * 1024

/** Translates files for phones that ask in netascii, once for each file held in memory. */
export class Contents {
  readonly #translated = new WeakMap<Uint8Array, Uint8Array>()

  /** @throws Refusal `tooLarge` when a file is too large to be translated; FileChanged */
  async of(file: StoredFile, mode: Request['mode']): Promise<Content> {
    if (mode === 'octet') return { size: file.size, bytes: file.content }
    if (file.size > longestNetascii) {
      throw new Refusal(
        'tooLarge',
        `${file.name} has ${file.size} bytes; netascii ends at ${longestNetascii}, octet does not`,
      )
    }
    const original = file.content ?? (await readWhole(file))
    const bytes = this.#translated.get(original) ?? toNetascii(original)
    this.#translated.set(original, bytes)
    return { size: bytes.length, bytes }
  }
}

async function readWhole(file: StoredFile): Promise<Buffer> {
  const open = await file.open()
  try {
    return await open.read(0, file.size)
  } finally {
    await open.close()
  }
}
