import { createHash } from 'node:crypto'
import type { Tip } from '../store/journal-lines.ts'
import type { Stock } from '../store/stock.ts'

/** All that stands, in one hash: two stores with one tip have one root, or one of them is wrong. */
export interface Root {
  tip: Tip
  root: string
  files: number
}

/** @returns undefined while a change is on its way: then it is not clear what stands */
export function rootNow({ chain, histories }: Stock): Root | undefined {
  const { tip, recent } = chain
  if (recent.settledTip.seq !== tip.seq) return undefined
  const hash = createHash('sha256')
  let files = 0
  for (const name of histories.names().toSorted()) {
    const current = histories.current(name)?.record
    if (current === undefined) continue
    files += 1
    hash.update(`${name}\0${current.seq}\0${current.hash}\n`)
  }
  return { tip, root: hash.digest('hex'), files }
}
