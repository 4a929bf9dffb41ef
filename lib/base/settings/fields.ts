import { isIP } from 'node:net'
import { z } from 'zod'

/** The kinds of values that settings of several sections share. */

export const port = z.int().min(1).max(65_535)

export const address = z
  .string()
  .refine((text) => isIP(text) !== 0)
  .meta({ allowed: 'an IPv4 or IPv6 address' })

export const addresses = z.array(address).min(1)

/** A timer of more than 24.8 days would fire at once. */
export const milliseconds = z.int().min(10).max(86_400_000)

export const everywhere = ['0.0.0.0', '::']

/** `50000-50999`; empty: any free port. `contradictions` says what the pattern cannot. */
export const portRange = z
  .string()
  .regex(/^$|^\d{1,5}-\d{1,5}$/)
  .meta({ allowed: '"first-last", or empty' })

/** Addresses as `parseAddressRange` reads them; what is wrong with one is said by `twintone check`. */
export const network = z
  .string()
  .describe('Addresses this row is for: an address, prefix, range or CIDR block.')

/** A secret is never shown, and not taken from the command line, where every user of the machine could read it. */
export const secret = z.string().meta({ secret: true })

export const tlsProfile = z.enum(['modern', 'legacy', 'authenticate-only'], {
  error: ({ input }) =>
    /^ssl/i.test(String(input))
      ? 'SSLv2 and SSLv3 cannot be offered by any maintained OpenSSL; choose modern, legacy or authenticate-only'
      : undefined,
})
export type TlsProfileName = z.infer<typeof tlsProfile>
