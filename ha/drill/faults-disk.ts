import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault, Here } from './scenarios.ts'

const leftBytes = 1_048_576
/** So long a file takes long to make on a file system without fallocate(2). */
const mostBytes = 200 * 2 ** 30

/** A file that takes all but the last megabyte of what the service may use. It is not in a folder that is served. */
export async function fillDisk({ config: { data } }: Here): Promise<Fault> {
  const { bavail, bsize } = await statfs(data.folder)
  const bytes = bavail * bsize - leftBytes
  if (bytes <= 0) throw new Error(`${data.folder} is full already`)
  if (bytes > mostBytes)
    throw new Error(`${data.folder} has ${Math.floor(bytes / 2 ** 30)} GB free: too much to fill for a drill`)
  const file = join(data.folder, 'drill-fills-the-disk')
  return {
    inflict: [{ do: 'run', program: 'fallocate', args: ['--length', String(bytes), file] }],
    undo: [{ do: 'remove', file }],
  }
}
