import type { Entry } from './manifest.ts'

/** A file in which two nodes differ. */
export interface Difference {
  path: string
  why: string
}

/** In which files two nodes differ. */
export function differences(
  mine: readonly Entry[],
  theirs: readonly Entry[],
  isUnsure: (path: string) => boolean,
): Difference[] {
  const found: Difference[] = []
  const left = new Map(theirs.map((entry) => [entry.path, entry]))
  const add = (path: string, why: string) => {
    if (!isUnsure(path)) found.push({ path, why })
  }
  for (const entry of mine) {
    const other = left.get(entry.path)
    left.delete(entry.path)
    if (other === undefined) add(entry.path, 'only this node has it')
    else if (other.sha256 !== entry.sha256) add(entry.path, 'content differs')
    else if (other.mtimeMs !== entry.mtimeMs) add(entry.path, 'date differs')
    else if (other.mode !== entry.mode) add(entry.path, 'mode differs')
  }
  for (const path of left.keys()) add(path, 'only the other node has it')
  return found
}
