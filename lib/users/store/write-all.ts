import type { FileHandle } from 'node:fs/promises'

/** A disk that runs full takes a part first; the error comes with the rest. */
export async function writeAll(handle: FileHandle, content: Buffer, position: number): Promise<void> {
  for (let done = 0; done < content.length;) {
    const { bytesWritten } = await handle.write(content, done, content.length - done, position + done)
    done += bytesWritten
  }
}
