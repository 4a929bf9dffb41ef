import * as fc from 'fast-check'

/** Runs of a fuzz: few in an ordinary test, as many as `FUZZ_RUNS` says by hand. A failure prints its seed. */
export const fuzzRuns = (ordinary: number): { numRuns: number } => ({
  numRuns: Number(process.env['FUZZ_RUNS'] ?? ordinary),
})

type Change = { at: number; byte: number; how: 'flip' | 'insert' | 'remove' | 'repeat' | 'cut' }

const changes = fc.array(
  fc.record<Change>({
    at: fc.nat({ max: 0xffff }),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 10, 13, 32, 0x2f, 0x5c, 0x2e, 0xff, 0xf2, 0xf4)),
    how: fc.constantFrom('flip', 'flip', 'insert', 'remove', 'repeat', 'cut'),
  }),
  { maxLength: 12 },
)

/** Bytes as a client could send them, and then changed in a few places. */
export const mutated = (good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(good, changes).map(([bytes, list]) => list.reduce(changed, bytes))

function changed(bytes: Uint8Array, { at, byte, how }: Change): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)]
  switch (how) {
    case 'flip':
      return Uint8Array.of(...before, byte, ...after.subarray(1))
    case 'insert':
      return Uint8Array.of(...before, byte, ...after)
    case 'remove':
      return Uint8Array.of(...before, ...after.subarray(1))
    case 'repeat':
      return Uint8Array.of(...before, ...after, ...after)
    case 'cut':
      return before
  }
}

/** Cuts bytes into the pieces they could arrive in. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const all: Uint8Array[] = []
  let at = 0
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? bytes.length
    all.push(bytes.subarray(at, at + size))
    at += size
  }
  return all
}
