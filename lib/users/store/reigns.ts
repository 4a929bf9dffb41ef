import type { Tip } from './journal-lines.ts'

/** From which record on one node of two was the one that wrote. */
export interface Reign {
  epoch: number
  /** The last record before. */
  after: Tip
}

/** As many as tell apart whatever two nodes may have done alone. */
const mostReigns = 200

/** Who wrote from which record on, oldest first; this is what tells where two journals have parted. */
export function withReign(reigns: readonly Reign[], reign: Reign): Reign[] {
  const last = reigns.at(-1)
  return last !== undefined && last.epoch >= reign.epoch ? [...reigns] : [...reigns, reign].slice(-mostReigns)
}

/**
 * The number up to which a journal has what ours has. It only ever copied whoever reigned, so it is the beginning of
 * ours up to the moment when somebody else took over here; what it has beyond that was written there alone.
 * @param reigns ours
 * @param theirs the last epoch it knows of; undefined: it never was one of the two
 */
export function commonSeq(
  reigns: readonly Reign[],
  ours: Tip,
  { tip, epoch }: { tip: Tip; epoch: number | undefined },
): number {
  if (epoch === undefined) return tip.seq === ours.seq && tip.hash === ours.hash ? tip.seq : 0
  const isForgotten = reigns.length === mostReigns && epoch < (reigns[0]?.epoch ?? 0)
  if (isForgotten) return 0
  const next = reigns.find((reign) => reign.epoch > epoch)
  const end = next?.after ?? ours
  const common = Math.min(tip.seq, end.seq)
  // Of one number and another hash: it is not what it says it is.
  return tip.seq === end.seq && tip.hash !== end.hash ? 0 : common
}
