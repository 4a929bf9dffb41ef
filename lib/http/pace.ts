import type { Connection } from './connections.ts'

export interface Pace {
  idleTimeoutMs: number
  /** Slower clients are cut off. 0: none is. */
  minBytesPerSecond: number
}

/**
 * One deadline for the whole transfer, however it is spread: a client cannot stay by taking or giving a byte at
 * times. It begins where that of the answer before it ends.
 */
export function allowTime(
  connection: Connection,
  bytes: number,
  { idleTimeoutMs, minBytesPerSecond }: Pace,
  now: number,
): void {
  if (minBytesPerSecond === 0) return
  const from = Number.isFinite(connection.deadline) ? connection.deadline : now + idleTimeoutMs
  connection.deadline = from + (bytes / minBytesPerSecond) * 1_000
}
