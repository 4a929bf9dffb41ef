import { rename, writeFile } from 'node:fs/promises'

/**
 * Puts that content in place whole: durable before it has the name. That the name is, `syncFolder` sees to.
 * @throws Error of the disk; what stood there stays
 */
export async function writeDurably(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o640, flush: true })
  await rename(`${path}.new`, path)
}
