import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { isRoot } from '../../lib/base/process.ts'

/** Options of a test that drives a foreign program: skipped, with its name, only where it is not installed. */
export function withProgram(name: string): { skip: string | false } {
  const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  return {
    skip: folders.some((folder) => isExecutable(join(folder, name))) ? false : `${name} is not installed`,
  }
}

/** Options of a test that only root can run: `what` follows "needs root to". */
export const needsRoot = (what: string): { skip: string | false } => ({
  skip: isRoot() ? false : `needs root to ${what}`,
})

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
