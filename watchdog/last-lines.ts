import { open } from 'node:fs/promises'

/** Read from the end of a file, however long it is. */
const tailBytes = 262_144

/** The last lines of a text file; the first of them may be cut. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, tailBytes)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.subarray(0, bytesRead).toString('utf8').trimEnd().split('\n').slice(-count)
  } finally {
    await handle.close()
  }
}
