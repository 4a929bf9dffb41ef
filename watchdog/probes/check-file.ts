import { rm, writeFile } from 'node:fs/promises'
import { Blind, type Attempt } from './attempt.ts'
import { randomContent } from './names.ts'
import type { Turns } from './turns.ts'
import { wordsFor } from './system-error.ts'

/**
 * Puts a file with fresh content into a data folder while `read` fetches it through a door: what comes back can only
 * come from there, and from now (abuse case d110).
 */
export async function withCheckFile(
  attempt: Attempt,
  { path, turns }: { path: string; turns: Turns },
  read: (content: Buffer) => Promise<void>,
): Promise<void> {
  await turns.take(path, attempt, async () => {
    const content = randomContent()
    try {
      await writeFile(path, content, { mode: 0o644 }).catch((cause: unknown) => {
        throw new Blind(`the check file ${path} cannot be written: ${wordsFor(cause)}`, { cause })
      })
      await read(content)
    } finally {
      await rm(path, { force: true }).catch(() => {}) // swept at the next start
    }
  })
}
