import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** File systems keep time in ticks of up to ten milliseconds: of two writes within one, the second does not show. */
const settledMs = 50

/**
 * What the file is once it has been left alone for a moment: whatever is written from then on shows in its dates,
 * and a copy under way is seldom taken for the whole file. Undefined: it is being written.
 */
export async function settledStats(handle: FileHandle): Promise<Stats | undefined> {
  const stats = await handle.stat()
  const ageMs = Math.abs(Date.now() - Math.max(stats.mtimeMs, stats.ctimeMs)) // a clock set back is no reason to wait
  if (ageMs >= settledMs) return stats
  await delay(settledMs - ageMs)
  const later = await handle.stat()
  return unchanged(stats, later) ? later : undefined
}

/** @returns the content and its SHA-256 in hex; undefined when it was written meanwhile */
export async function readWhole(
  handle: FileHandle,
  stats: Stats,
): Promise<{ content: Buffer; digest: string } | undefined> {
  const content = Buffer.allocUnsafeSlow(stats.size)
  // Hashed piece by piece: a firmware at once would hold up everybody else.
  const hash = createHash('sha256')
  for (let at = 0; at < content.length;) {
    const { bytesRead } = await handle.read(content, at, Math.min(content.length - at, 1 << 20), at)
    if (bytesRead === 0) return undefined
    hash.update(content.subarray(at, at + bytesRead))
    at += bytesRead
  }
  return unchanged(stats, await handle.stat()) ? { content, digest: hash.digest('hex') } : undefined
}

/**
 * Whether the content stayed as it was. The date of the inode catches writers that set the other one back; once the
 * file has been replaced by a rename, and has no name any more, that date is the date of the rename.
 */
const unchanged = (before: Stats, after: Stats): boolean =>
  before.size === after.size &&
  before.mtimeMs === after.mtimeMs &&
  (before.ctimeMs === after.ctimeMs || after.nlink === 0)
