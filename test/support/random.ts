/** Repeatable chance, from 0 to below 1 (mulberry32): a test that fails with a seed fails with it again. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Bytes that look like nothing, the same for each seed. */
export function seededBytes(length: number, seed = 1): Buffer {
  const random = seededRandom(seed)
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 1) bytes[at] = random() * 256
  return bytes
}
