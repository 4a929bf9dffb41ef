import type { Timing } from '../../lib/base/settings/pair-timing.ts'

export type { Timing }

/** A hand-over that nobody took is taken back after this long. */
export const handOverMs = 1_000

/**
 * How long after a consent was asked for the kernel may still be told to keep the address. Its lifetime counts from when
 * it is told, so what is told late ends late.
 */
export const addressMs = ({ etcdMs }: Timing): number => etcdMs
