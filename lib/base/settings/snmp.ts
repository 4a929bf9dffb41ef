import { isIP } from 'node:net'
import { z } from 'zod'
import { milliseconds, port, secret } from './fields.ts'

/** How phones are asked who they are. */

const oid = z
  .string()
  .regex(/^\.?\d+(?:\.\d+)+$/)
  .meta({ allowed: 'an object identifier in numbers, such as "1.3.6.1.4.1.6889.2.69.1.4.9.0"' })

const family = z.strictObject({
  family: z.string().min(1).describe('Name of the family. That of a built-in one takes its place.'),
  sysObjectId: oid
    .optional()
    .describe('What sysObjectID of its phones begins with. Absent: found by trying.'),
  extension: oid.describe('Object that holds the extension.'),
  model: oid.describe('Object that holds the model.'),
  mac: oid.optional().describe('Object that holds the MAC address.'),
  serial: oid.optional().describe('Object that holds the serial number.'),
  version: oid.optional().describe('Object that holds the name of the running software.'),
})
export type FamilyRow = z.infer<typeof family>

export const snmp = z.strictObject({
  version: z.enum(['v1', 'v2c', 'v3']).default('v2c').describe('Version of the protocol.'),
  community: secret
    .default('public')
    .describe('Community of v1 and v2c, as SNMPSTRING in the phones. Choose one that nobody guesses.'),
  user: z.string().default('').describe('User of v3.'),
  authProtocol: z
    .enum(['none', 'md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'])
    .default('sha256')
    .describe('How v3 proves who asks.'),
  authKey: secret.default('').describe('Authentication passphrase of v3.'),
  privProtocol: z
    .enum(['none', 'aes', 'aes256b', 'aes256r'])
    .default('aes')
    .describe('How v3 encrypts. DES is no longer offered by OpenSSL.'),
  privKey: secret.default('').describe('Encryption passphrase of v3.'),
  port: port.default(161).describe('UDP port of the phones.'),
  sourceAddress: z
    .string()
    .refine((text) => text === '' || isIP(text) !== 0)
    .meta({ allowed: 'an IPv4 or IPv6 address, or empty' })
    .default('')
    .describe(
      'Address questions come from; phones may only answer those in their SNMPADD list, so behind a floating address give that one. Empty: the address the phone came to.',
    ),
  timeoutMs: milliseconds.default(1_000).describe('Wait for an answer before asking again.'),
  retries: z.int().min(0).max(10).default(2).describe('How often a phone that is silent is asked again.'),
  rememberSeconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(60)
    .describe(
      'How long an answer is believed. A user who logs in elsewhere is found after this at the latest.',
    ),
  rememberRefusalSeconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(5)
    .describe('How long a phone that did not answer well is not asked again.'),
  families: z
    .array(family)
    .default([])
    .describe('Further families of phones, tried before the built-in 46xx, 96x0, 16xx and 96x1.'),
})
