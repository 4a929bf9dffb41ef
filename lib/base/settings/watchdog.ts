import { isIP } from 'node:net'
import { z } from 'zod'
import { milliseconds, port, secret } from './fields.ts'

/** The watchdog: what it asks, how it judges, what it may do, and whom it tells. */

const seconds = z.number().min(0.1).max(86_400)
const loopback = z
  .string()
  .refine((text) => isIP(text) === 4 && text.startsWith('127.'))
  .meta({ allowed: 'an address that begins with 127.' })

export const watchdog = z.strictObject({
  intervalSeconds: seconds.default(60).describe('How often each door and everything else is asked.'),
  failureLimit: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Misses that make something down; each success counts one back.'),
  failuresOf: z
    .int()
    .min(0)
    .max(1_000)
    .default(0)
    .describe('Also down after failureLimit misses among this many answers. 0: only the counter counts.'),
  suspectSeconds: seconds
    .default(10)
    .describe('How often something that missed is asked again, while it is not down yet.'),
  timeoutMs: milliseconds.default(10_000).describe('A probe without an answer for this long has missed.'),
  graceSeconds: seconds.default(60).describe('After a start, misses do not count for this long.'),
  address: loopback
    .default('127.6.9.1')
    .describe('Loopback address the watchdog comes from and answers SNMP on, as a phone would.'),
  act: z
    .boolean()
    .default(true)
    .describe('Mend what is down. false: only tell (a trial, or another system restarts things).'),
  restart: z
    .enum(['child', 'systemd', 'script', 'none'])
    .default('systemd')
    .describe(
      'How the file server is restarted: as our own child (`twintone up`), its systemd unit, or the script.',
    ),
  unit: z
    .string()
    .default('twintone-fileserver.service')
    .describe('Unit of the file server, where systemd restarts it.'),
  script: z
    .string()
    .default('')
    .describe(
      'Program that restarts the file server, with INCIDENT, PROBE, REASON and RUNG in its environment, as mv_iptel_alert.sh did.',
    ),
  scriptTimeoutMs: milliseconds.default(60_000).describe('The script is ended after this long.'),
  reopensPerHour: z
    .int()
    .min(0)
    .max(1_000)
    .default(6)
    .describe('How often one door may be opened anew in an hour.'),
  restartsPerHour: z.int().min(0).max(1_000).default(3).describe('Restarts of the file server in an hour.'),
  healthyMinutes: z
    .number()
    .min(0.01)
    .max(10_080)
    .default(30)
    .describe('What was tried is forgotten after this long without a miss.'),
  diskFreePercent: z
    .number()
    .min(0)
    .max(100)
    .default(5)
    .describe('Less free space or inodes than this, for data or log, is a fault.'),
  silentSeconds: seconds
    .default(180)
    .describe('The file server raises an alarm when the watchdog has not been heard for this long.'),
  port: port.default(6_091).describe('TCP port of its status page.'),
  addresses: z.array(z.string()).min(1).default(['127.0.0.1']).describe('Local addresses of that page.'),
  deadManUrl: z
    .string()
    .default('')
    .describe(
      'URL that is fetched after each round in which all is well, for a service that notices silence. Empty: none.',
    ),
  logFile: z
    .string()
    .default('/var/log/twintone/watchdog.log')
    .describe('Log file, JSON lines; size and count as for log. Empty: none.'),
})

const severity = z.enum(['info', 'warning', 'critical'])

/** What each way of telling has. */
const channel = {
  from: severity
    .default('warning')
    .describe('The least severity that is told this way; recoveries go where the fault went.'),
  quietHours: z
    .string()
    .regex(/^$|^(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d$/)
    .meta({ allowed: '"hh:mm-hh:mm", or empty' })
    .default('')
    .describe('Hours (local time) in which warnings wait; what is critical does not.'),
  perHour: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('Messages an hour; what is over is held back and told in one digest.'),
}

export const alertSyslog = z.strictObject({
  local: z.boolean().default(true).describe('Tell the system log of this machine (logger(1)).'),
  host: z.string().default('').describe('Syslog server (RFC 5424). Empty: none.'),
  port: port.default(514).describe('Its port; 6514 for TLS.'),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp').describe('How it is reached.'),
  authorities: z
    .string()
    .default('')
    .describe('Authorities its certificate is checked against, PEM. Empty: those of the system.'),
  ...channel,
  from: severity.default('info').describe('The least severity that is told this way.'),
})

export const alertMail = z.strictObject({
  host: z.string().default('').describe('SMTP server. Empty: no mail.'),
  port: port.default(587).describe('Its port; 465 for TLS from the first byte.'),
  tls: z
    .enum(['none', 'starttls', 'tls'])
    .default('starttls')
    .describe('Encryption: none, STARTTLS (demanded), or TLS from the first byte.'),
  authorities: z
    .string()
    .default('')
    .describe('Authorities its certificate is checked against, PEM. Empty: those of the system.'),
  user: z.string().default('').describe('Login name. Empty: no login.'),
  password: secret.default('').describe('Password.'),
  sender: z.string().default('twintone@localhost').describe('Sender address.'),
  to: z.array(z.string().min(3)).default([]).describe('Recipients.'),
  ...channel,
})

export const alertScript = z.strictObject({
  program: z
    .string()
    .default('')
    .describe(
      'Program run for each message, with SEVERITY, INCIDENT, SUBJECT and TEXT in its environment. Empty: none.',
    ),
  timeoutMs: milliseconds.default(30_000).describe('It is ended after this long.'),
  ...channel,
})

export const alertWebhook = z.strictObject({
  url: secret.default('').describe('URL that each message is posted to as JSON. Empty: none.'),
  authorization: secret.default('').describe('Authorization header to send along. Empty: none.'),
  ...channel,
})

export const alertTrap = z.strictObject({
  host: z.string().default('').describe('SNMP manager that gets a trap for each message. Empty: none.'),
  port: port.default(162).describe('Its UDP port.'),
  version: z.enum(['v2c', 'v3']).default('v2c').describe('Version of the protocol.'),
  community: secret.default('').describe('Community of v2c.'),
  user: z.string().default('').describe('User of v3.'),
  authKey: secret.default('').describe('Authentication passphrase of v3 (SHA-256).'),
  privKey: secret.default('').describe('Encryption passphrase of v3 (AES).'),
  ...channel,
})
