import { z } from 'zod'
import { milliseconds, network, port, secret } from './fields.ts'

/** What phones save for their users, and what becomes of it. */

/** How a phone proves whose data it may touch. */
export const userPolicies = ['snmp', 'credentials', 'address-list', 'open'] as const
export type UserPolicy = (typeof userPolicies)[number]

const plainPolicy = z.enum(['snmp', 'address-list', 'open'])

const policyRow = z.strictObject({
  network,
  protocols: z
    .array(z.enum(['ftp', 'http', 'https']))
    .default(['ftp', 'http', 'https'])
    .describe('Protocols this row is for.'),
  policy: z.enum(userPolicies).describe('What counts there.'),
})
export type UserPolicyRow = z.infer<typeof policyRow>

const dataFile = z
  .string()
  .regex(/^[0-9A-Za-z_-]{1,40}\.txt$/)
  .meta({ allowed: 'a file name that ends in .txt' })

const familyRow = z.strictObject({
  family: z.string().min(1).describe('Name of the family.'),
  models: z.array(z.string().min(1)).describe('What the models of the family begin with.'),
  data: z
    .array(dataFile)
    .min(1)
    .describe('Names of its files, without the extension and underscore before them.'),
  missing: z
    .enum(['notFound', 'empty'])
    .default('notFound')
    .describe('What a user without a backup gets over HTTP: 404, or an empty file.'),
})
export type UserFamilyRow = z.infer<typeof familyRow>

export const userData = z.strictObject({
  ftp: plainPolicy
    .default('snmp')
    .describe(
      'Whose data a phone may touch over FTP: "snmp" (the phone is asked its extension), "address-list" (FTP_allow_IP.txt lets it in, the file name tells the extension), "open" (everybody; a lab).',
    ),
  http: plainPolicy.default('snmp').describe('The same over HTTP.'),
  https: z
    .enum(userPolicies)
    .default('snmp')
    .describe(
      'The same over HTTPS; there also "credentials" (Authorization with call server and registration password).',
    ),
  policies: z
    .array(policyRow)
    .default([])
    .describe(
      'Rows of network, protocols, policy: other policies for some networks. The first row that fits counts.',
    ),
  httpPaths: z
    .array(
      z
        .string()
        .regex(/^\/(?:[\w.-]+\/)*$/)
        .meta({ allowed: 'a path that begins and ends with a slash' }),
    )
    .default(['/', '/backup/'])
    .describe('Paths below which phones keep backups over HTTP and HTTPS, as in their BRURI.'),
  families: z
    .array(familyRow)
    .default([
      {
        family: '46xx',
        models: ['46'],
        data: ['4610data.txt', '4620data.txt', '4610data_sip.txt', '4620data_sip.txt'],
        missing: 'notFound',
      },
      { family: '16xx', models: ['16'], data: ['16xxdata.txt'], missing: 'notFound' },
      { family: '9610', models: ['9610'], data: ['9610data.txt'], missing: 'notFound' },
      { family: '96xx', models: ['96', 'B1'], data: ['96xxdata.txt'], missing: 'notFound' },
      {
        family: 'J100',
        models: ['J1', 'K1', 'H1'],
        data: ['J100data.txt', '96xxdata.txt'],
        missing: 'empty',
      },
    ])
    .describe('Names of backup files by family of phone: rows of family, models, data, missing.'),
  longestExtension: z.int().min(1).max(64).default(32).describe('Most characters an extension has.'),
  maxBytes: z.int().min(1_024).max(268_435_456).default(1_048_576).describe('Largest backup, in bytes.'),
  credentialsFile: z
    .string()
    .default('credentials')
    .describe(
      'File of call servers and hashed registration passwords, written by `twintone credentials`. Empty: none.',
    ),
  credentialsCommand: z
    .string()
    .default('')
    .describe(
      'Program that is asked instead, with EXTENSION, CALL_SERVER and PASSWORD in its environment; exit code 0 means yes. Empty: none.',
    ),
  realm: z
    .string()
    .regex(/^[\w .-]{1,64}$/)
    .meta({ allowed: 'letters, digits, spaces, dots and dashes' })
    .default('Twintone')
    .describe('Realm of the question for credentials. Phones keep theirs by realm: do not change it.'),
  uploads: z
    .array(
      z
        .string()
        .regex(/^[\w.-]{1,40}$/)
        .meta({ allowed: 'the end of a file name' }),
    )
    .default([])
    .describe(
      'What other phones may store under their MAC address, by the end of the name, for Polycom ["-boot.log", "-app.log", "-phone.cfg", "-web.cfg", "-directory.xml"]. Empty: nothing.',
    ),
  versions: z
    .int()
    .min(1)
    .max(1_000)
    .default(10)
    .describe('Versions kept of each file, the current one included.'),
  binDays: z.int().min(1).max(3_650).default(90).describe('Days a deleted file can be brought back.'),
  shrinkPercent: z
    .int()
    .min(1)
    .max(100)
    .default(50)
    .describe(
      'A backup that is smaller than the one before by more than this share keeps that one at hand, and says so.',
    ),
})

export const archive = z.strictObject({
  enabled: z.boolean().default(true).describe('Archive the user data of each month when it is over.'),
  months: z.int().min(1).max(600).default(24).describe('Months kept.'),
})

export const ftpCopy = z.strictObject({
  host: z.string().default('').describe('FTP server that gets a copy of all user data. Empty: none.'),
  port: port.default(21).describe('Its port; 990 for implicit TLS.'),
  user: z.string().default('anonymous').describe('Login name there.'),
  password: secret.default('').describe('Password there.'),
  folder: z
    .string()
    .default('')
    .describe('Folder there; it is made when it is missing. Empty: where the login lands.'),
  tls: z
    .enum(['none', 'explicit', 'implicit'])
    .default('explicit')
    .describe('Encryption: AUTH TLS, TLS from the first byte, or none.'),
  authorities: z
    .string()
    .default('')
    .describe('Authorities its certificate is checked against, PEM. Empty: those the system trusts.'),
  everyMinutes: z.number().min(0.01).max(44_640).default(60).describe('How often what has changed is sent.'),
  timeoutMs: milliseconds
    .default(30_000)
    .describe('A server that is silent for this long is given up until the next try.'),
})
