import { isIP } from 'node:net'
import { z } from 'zod'
import {
  addresses,
  everywhere,
  milliseconds,
  network,
  port,
  portRange,
  secret,
  tlsProfile,
} from './fields.ts'

/** Settings of the FTP door and of the super user, who is the only one to see more than a phone's own files. */

const passiveAddress = z.strictObject({
  network,
  address: z
    .string()
    .refine((text) => isIP(text) === 4)
    .meta({ allowed: 'an IPv4 address' })
    .describe('Address those clients are told to connect to for data.'),
})

export const ftp = z.strictObject({
  enabled: z.boolean().default(true).describe('Serve FTP.'),
  port: port.default(21).describe('TCP port.'),
  addresses: addresses
    .default(everywhere)
    .describe('Local addresses to listen on. "::" is IPv6 only; "0.0.0.0" is every IPv4 address.'),
  explicitTls: z
    .boolean()
    .default(true)
    .describe('Offer AUTH TLS on the port, with the certificate of HTTPS.'),
  implicitTlsPorts: z
    .array(port)
    .default([990])
    .describe('TCP ports that speak TLS from the first byte (FTPS). Empty: none.'),
  profile: tlsProfile.default('modern').describe('TLS profile, as for https.profile.'),
  active: z
    .boolean()
    .default(true)
    .describe('Connect to clients that ask for it (PORT, EPRT), as old phones do.'),
  dataPort: z
    .int()
    .min(0)
    .max(65_535)
    .default(20)
    .describe('TCP port that active data connections come from. 0: any free port.'),
  passivePorts: portRange
    .default('')
    .describe('TCP ports for passive data connections, such as "50000-50999". Empty: any free port.'),
  passiveAddresses: z
    .array(passiveAddress)
    .default([])
    .describe(
      'Rows of network, address: what those clients are told to connect to (PASV) where it is not the address they came to, as behind NAT.',
    ),
  loginTimeoutMs: milliseconds
    .default(30_000)
    .describe('A client that has not logged in after this long is cut off.'),
  idleTimeoutMs: milliseconds
    .default(60_000)
    .describe('A client that neither says nor transfers anything for this long is cut off.'),
  dataTimeoutMs: milliseconds
    .default(20_000)
    .describe('A data connection that does not come, or makes no progress, for this long is given up.'),
  connectionsPerAddress: z
    .int()
    .min(1)
    .default(50)
    .describe('Sessions one phone address may have open. A site behind NAT is one address.'),
  maxConnections: z.int().min(1).default(5_000).describe('Sessions of all phones together.'),
})

export const superUser = z.strictObject({
  name: z.string().min(1).max(64).default('mvuser').describe('Login name.'),
  password: secret
    .default('')
    .describe('Hash of the password, as `twintone password` prints it. Empty: there is no super user.'),
  requireTls: z.boolean().default(true).describe('Refuse the login on a connection that is not encrypted.'),
  networks: z
    .array(z.string())
    .default(['127.0.0.1', '::1'])
    .describe('Addresses, prefixes, ranges or CIDR blocks the super user may come from.'),
  maxMb: z.number().min(0.01).default(2_048).describe('Largest file the super user may store, in MiB.'),
})
