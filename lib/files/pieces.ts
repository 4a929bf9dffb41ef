import type { StoredFile } from './stored-file.ts'

/** The content of a file, from memory or from disk. */
export interface Pieces {
  readonly size: number
  /** Reading costs nothing. */
  readonly inMemory: boolean
  /** @throws FileChanged */
  read(position: number, length: number): Buffer | Promise<Buffer>
  close(): Promise<void>
}

export const piecesOf = (content: Buffer): Pieces => ({
  size: content.length,
  inMemory: true,
  read: (position, length) => content.subarray(position, position + length),
  close: async () => {},
})

/** @throws FileChanged */
export async function openPieces(file: StoredFile): Promise<Pieces> {
  if (file.content !== undefined) return piecesOf(file.content)
  const open = await file.open()
  return {
    size: file.size,
    inMemory: false,
    read: (position, length) => open.read(position, length),
    close: () => open.close(),
  }
}
