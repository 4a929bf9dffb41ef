import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'

/** Passwords as they are kept: `scrypt$N$r$p$salt$hash` (RFC 7914), salt and hash in base64url. */

/** About 50 ms and 16 MiB: dear to guess, and still cheap enough for a site whose phones all come back at once. */
const cost = { N: 16_384, r: 8, p: 1 }
const saltBytes = 16
const hashBytes = 32
/** Nobody types more; what is longer is refused before it costs anything. */
const longestPassword = 1_024

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, { ...cost, bytes: hashBytes })
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** In constant time, whatever is wrong with the password. A text that is no hash fits none. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const parsed = parseHash(hash)
  if (parsed === undefined || password.length > longestPassword) return false
  const { salt, expected, ...parameters } = parsed
  return timingSafeEqual(await derive(password, salt, { ...parameters, bytes: expected.length }), expected)
}

export const isPasswordHash = (text: string): boolean => parseHash(text) !== undefined

/** What no password fits, and what takes as long to find out: for a name that nobody has. */
export const nobodysHash = (): string =>
  `scrypt$${cost.N}$${cost.r}$${cost.p}$${randomBytes(saltBytes).toString('base64url')}$${randomBytes(hashBytes).toString('base64url')}`

interface Parameters {
  N: number
  r: number
  p: number
}

const form =
  /^scrypt\$(?<N>\d{1,7})\$(?<r>\d{1,2})\$(?<p>\d{1,2})\$(?<salt>[\w-]{11,86})\$(?<hash>[\w-]{22,86})$/

/** Whoever writes a hash decides what it costs us to look at it: at most 128 MiB, eight times over. */
const mostMemory = 134_217_728
const mostRounds = 8

function parseHash(text: string): (Parameters & { salt: Buffer; expected: Buffer }) | undefined {
  const { N: n = '', r: blocks = '', p: rounds = '', salt = '', hash = '' } = form.exec(text)?.groups ?? {}
  const [N, r, p] = [Number(n), Number(blocks), Number(rounds)]
  const isPowerOfTwo = N > 1 && (N & (N - 1)) === 0
  if (!isPowerOfTwo || r < 1 || p < 1 || p > mostRounds || memoryOf({ N, r }) > mostMemory) return undefined
  return { N, r, p, salt: Buffer.from(salt, 'base64url'), expected: Buffer.from(hash, 'base64url') }
}

const memoryOf = ({ N, r }: { N: number; r: number }) => 128 * N * r

/** On the thread pool. One letter may be typed as one character or as two: to us they are the same. */
function derive(
  password: string,
  salt: Buffer,
  { bytes, N, r, p }: Parameters & { bytes: number },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const options: ScryptOptions = { N, r, p, maxmem: 2 * memoryOf({ N, r }) + 1_048_576 }
  scrypt(password.normalize('NFC'), salt, bytes, options, (error, key) =>
    error === null ? resolve(key) : reject(error),
  )
  return promise
}
