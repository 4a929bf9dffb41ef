import { z } from 'zod'
import { addresses, everywhere, milliseconds, port, portRange, tlsProfile } from './fields.ts'

/** Settings of the doors phones download through. */

const webLimits = {
  addresses: addresses
    .default(everywhere)
    .describe('Local addresses to listen on. "::" is IPv6 only; "0.0.0.0" is every IPv4 address.'),
  connectionsPerAddress: z
    .int()
    .min(1)
    .default(500)
    .describe(
      'Open connections one phone address may have. A site behind NAT is one address: leave room for all its phones.',
    ),
  maxConnections: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Open connections of all phones together, for each port and address.'),
  headersTimeoutMs: milliseconds
    .default(10_000)
    .describe('A client that has not sent its whole request header after this long is cut off.'),
  bodyTimeoutMs: milliseconds
    .default(60_000)
    .describe('A client that has not sent its whole request after this long is cut off.'),
  idleTimeoutMs: milliseconds
    .default(30_000)
    .describe('A transfer that makes no progress for this long is cut off.'),
  minBytesPerSecond: z
    .int()
    .min(0)
    .default(500)
    .describe('A reader slower than this, over the whole transfer, is cut off. 0: never.'),
  keepAliveMs: milliseconds
    .default(5_000)
    .describe('How long an idle connection is kept for the next request.'),
}

export const http = z.strictObject({
  enabled: z.boolean().default(true).describe('Serve HTTP.'),
  ports: z.array(port).min(1).default([80, 81]).describe('TCP ports. Phones fetch firmware on 81, then 80.'),
  ...webLimits,
})

export const https = z.strictObject({
  enabled: z.boolean().default(true).describe('Serve HTTPS.'),
  ports: z.array(port).min(1).default([411]).describe('TCP ports. Avaya phones ask on 411, others on 443.'),
  profile: tlsProfile
    .default('modern')
    .describe(
      'TLS profile of the ports: "modern" (TLS 1.2 and later), "legacy" (adds TLS 1.0, 1.1 and the old suites), "authenticate-only" (NULL-SHA: proves who the server is, encrypts nothing).',
    ),
  profileOfPort: z
    .record(z.string().regex(/^[1-9]\d*$/), tlsProfile, {
      error: ({ code }) => (code === 'invalid_key' ? 'the name must be the number of a port' : undefined),
    })
    .default({})
    .describe('Ports with a TLS profile of their own, such as { "411" = "legacy" }.'),
  certificate: z.string().min(1).default('certs/server.pem').describe('Certificate with its chain, PEM.'),
  key: z
    .string()
    .min(1)
    .default('certs/server.key')
    .describe('Private key of the certificate, PEM, readable by the service only.'),
  certsFolder: z
    .string()
    .default('certs')
    .describe(
      'Folder of further certificates NAME.pem with NAME.key, chosen by the name a client asks for (SNI). Empty: none.',
    ),
  clientAuth: z
    .enum(['none', 'request', 'require'])
    .default('none')
    .describe('Ask clients for a certificate.'),
  clientCa: z.string().default('').describe('Authorities whose client certificates are accepted, PEM.'),
  handshakeTimeoutMs: milliseconds
    .default(10_000)
    .describe('A client that has not finished the TLS handshake after this long is cut off.'),
  expiryWarningDays: z.int().min(0).default(30).describe('Warn this many days before a certificate ends.'),
  ...webLimits,
})

const tftpOption = z.enum(['blksize', 'tsize', 'timeout', 'windowsize'])
const tftpQuirk = z.strictObject({
  network: z
    .string()
    .optional()
    .describe('Phones this row is for: an address, prefix, range or CIDR block. Absent: all.'),
  model: z
    .string()
    .optional()
    .describe('Model this row is for, as learned from an earlier HTTP request of that address. Absent: all.'),
  refuse: z.array(tftpOption).default([]).describe('Options that are not granted.'),
  maxBlockSize: z.int().min(8).max(65_464).optional().describe('Largest block granted, in bytes.'),
})
export type TftpQuirk = z.infer<typeof tftpQuirk>

export const tftp = z.strictObject({
  enabled: z.boolean().default(true).describe('Serve TFTP.'),
  port: port.default(69).describe('UDP port.'),
  addresses: addresses
    .default(everywhere)
    .describe(
      'Local addresses to listen on. "0.0.0.0" and "::" stand for each local address, followed as addresses come and go, so that answers leave from the address that was asked.',
    ),
  transferPorts: portRange
    .default('')
    .describe('UDP ports that transfers leave from, such as "50000-50999". Empty: any free port.'),
  singlePort: z
    .boolean()
    .default(false)
    .describe(
      'Answer from the TFTP port itself instead of a port of its own for each transfer, for phones behind NAT.',
    ),
  maxBlockSize: z
    .int()
    .min(8)
    .max(65_464)
    .default(65_464)
    .describe(
      'Largest block granted, in bytes. Whatever this says, a packet must fit the MTU of the interface.',
    ),
  maxWindowSize: z
    .int()
    .min(1)
    .max(65_535)
    .default(64)
    .describe('Largest window granted, in blocks (RFC 7440).'),
  timeoutMs: milliseconds
    .default(1_000)
    .describe(
      'First wait for an answer before a packet is sent again; later waits follow what was measured.',
    ),
  giveUpMs: milliseconds.default(30_000).describe('A phone silent for this long has gone.'),
  maxTransfers: z.int().min(1).default(4_000).describe('Transfers under way at once.'),
  transfersPerAddress: z.int().min(1).default(500).describe('Transfers of one address under way at once.'),
  requestsPerSecond: z
    .int()
    .min(1)
    .default(200)
    .describe('Requests answered per address and second; more are dropped in silence.'),
  quirks: z
    .array(tftpQuirk)
    .default([])
    .describe('Options that break old clients: rows of network, model, refuse, maxBlockSize.'),
})
