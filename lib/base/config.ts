import { z } from 'zod'
import { http, https, tftp } from './settings/downloads.ts'
import { addresses, port } from './settings/fields.ts'
import { ftp, superUser } from './settings/ftp.ts'
import { pair, pairDrill, pairEtcd, pairHooks, pairTiming } from './settings/pair.ts'
import { snmp } from './settings/snmp.ts'
import { archive, ftpCopy, userData } from './settings/user-data.ts'
import {
  alertMail,
  alertScript,
  alertSyslog,
  alertTrap,
  alertWebhook,
  watchdog,
} from './settings/watchdog.ts'

/**
 * The one table of settings: type, default, unit and a sentence for each; longer sections are in settings/. The reference page and the commented
 * example in ops/deploy are generated from it (`make docs`). Relative paths start at the configuration file's folder.
 */

const schema = z.strictObject({
  node: z
    .strictObject({
      name: z
        .string()
        .max(63)
        .default('')
        .describe('Name of this node on its pages and in its log. Empty: the host name.'),
    })
    .prefault({}),
  run: z
    .strictObject({
      folder: z.string().min(1).default('/run/twintone').describe('Folder of the control sockets.'),
    })
    .prefault({}),
  data: z
    .strictObject({
      folder: z
        .string()
        .min(1)
        .default('/var/lib/twintone')
        .describe('Folder that holds HTTPdata, HTTPSdata, TFTPdata and FTPdata.'),
      cacheMb: z
        .int()
        .min(0)
        .default(256)
        .describe(
          'Memory for files that phones ask for often, in MiB. Larger files are read from disk as they are sent.',
        ),
    })
    .prefault({}),
  http: http.prefault({}),
  https: https.prefault({}),
  tftp: tftp.prefault({}),
  ftp: ftp.prefault({}),
  superUser: superUser.prefault({}),
  snmp: snmp.prefault({}),
  userData: userData.prefault({}),
  archive: archive.prefault({}),
  ftpCopy: ftpCopy.prefault({}),
  watchdog: watchdog.prefault({}),
  alertSyslog: alertSyslog.prefault({}),
  alertMail: alertMail.prefault({}),
  alertScript: alertScript.prefault({}),
  alertWebhook: alertWebhook.prefault({}),
  alertTrap: alertTrap.prefault({}),
  pair: pair.prefault({}),
  pairEtcd: pairEtcd.prefault({}),
  pairTiming: pairTiming.prefault({}),
  pairHooks: pairHooks.prefault({}),
  pairDrill: pairDrill.prefault({}),
  access: z
    .strictObject({
      maxClients: z
        .int()
        .min(0)
        .default(0)
        .describe('Distinct phone addresses served at once, over all protocols. 0: unlimited.'),
      sessionSeconds: z
        .number()
        .min(0)
        .default(0)
        .describe(
          'How long a slot stays reserved for an address after its last request; only matters once maxClients is reached. 0: for good.',
        ),
    })
    .prefault({}),
  status: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Run the status server.'),
      port: port.default(6_090).describe('TCP port.'),
      addresses: addresses.default(['127.0.0.1']).describe('Local addresses to listen on.'),
      allow: z
        .array(z.string())
        .default(['127.0.0.1', '::1'])
        .describe('Addresses, prefixes, ranges or CIDR blocks that may read it.'),
      refreshSeconds: z.int().min(1).default(10).describe('How often the page reloads itself.'),
    })
    .prefault({}),
  phones: z
    .strictObject({
      remember: z.int().min(1).default(10_000).describe('Phones whose boots are kept in memory.'),
      boots: z.int().min(1).default(5).describe('Boots kept for each phone.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      file: z
        .string()
        .default('/var/log/twintone/fileserver.log')
        .describe('Log file, JSON lines. Empty: none.'),
      sizeMb: z.number().min(0.01).default(20).describe('Size at which a new log file is begun, in MiB.'),
      count: z.int().min(1).default(10).describe('Old log files kept beside the current one.'),
      stdout: z.boolean().default(true).describe('Also write the log to standard output.'),
      detailed: z
        .boolean()
        .default(false)
        .describe('Log every step; can be switched while running with `twintone log`.'),
    })
    .prefault({}),
})

export type Config = z.infer<typeof schema>

/** The schema itself, for the loader and the generated pages. */
export const configSchema = schema
/** Every setting at its default. */
export const defaultConfig = (): Config => schema.parse({})
