import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Complaint } from '../../lib/base/complaint.ts'
import type { Config } from '../../lib/base/config.ts'
import { lineOf } from '../../lib/base/config-place.ts'
import { protocols } from '../../lib/base/protocol.ts'
import { listNames, rootNames } from '../../lib/files/roots.ts'
import { Certificates } from '../../lib/tls/certificates.ts'
import { parseAddressList } from '../../lib/phones/address-list.ts'
import { parseAddressRange } from '../../lib/phones/address.ts'
import { profilesOf } from '../doors-with-tls.ts'
import { inspectUsers, type About } from './inspect-users.ts'

/** What is wrong with the things the settings name: folders, certificates, address lists, ranges. */
export async function inspectNode(config: Config, configFile: string): Promise<Complaint[]> {
  const text = await readFile(configFile, 'utf8').catch(() => '')
  const about = (setting: string, problem: string, fix: string): Complaint => {
    const line = lineOf(text, setting.split('.'))
    return { source: configFile, ...(line === undefined ? {} : { line }), setting, problem, fix }
  }
  return [
    ...(await folders(config, about)),
    ...certificates(config, about),
    ...ranges(config, about),
    ...(await inspectUsers(config, about)),
    ...(await addressLists(config)),
  ]
}

async function folders(
  { data, log, run, http, https, tftp, ftp }: Config,
  about: About,
): Promise<Complaint[]> {
  const complaints: Complaint[] = []
  const need = async (path: string, mode: number, setting: string, fix: string) => {
    const problem = await access(path, mode).then(() => undefined, whyNot)
    if (problem !== undefined) complaints.push(about(setting, `${path} ${problem}`, fix))
  }
  const doors = { http, https, tftp }
  for (const [protocol, { enabled }] of Object.entries(doors) as [
    'http' | 'https' | 'tftp',
    { enabled: boolean },
  ][]) {
    if (enabled)
      await need(
        join(data.folder, rootNames[protocol]),
        constants.R_OK | constants.X_OK,
        'data.folder',
        '`twintone init` makes what is missing',
      )
  }
  if (http.enabled || https.enabled || ftp.enabled)
    await need(
      join(data.folder, rootNames.ftp),
      constants.R_OK | constants.W_OK | constants.X_OK,
      'data.folder',
      "users' data is written there: `twintone init` makes what is missing",
    )
  if (log.file !== '')
    await need(
      dirname(log.file),
      constants.W_OK,
      'log.file',
      'make the folder, and let the service write there',
    )
  // The run folder is often made at start (RuntimeDirectory in the systemd unit): it is enough that it can be.
  if ((await access(dirname(run.folder)).then(() => undefined, whyNot)) !== undefined) {
    complaints.push(
      about('run.folder', `${dirname(run.folder)} does not exist`, 'choose a folder that can be made'),
    )
  }
  return complaints
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT'
    ? 'does not exist'
    : code === 'EACCES'
      ? 'may not be used by this user'
      : `cannot be used (${String(code)})`
}

function certificates(config: Config, about: About): Complaint[] {
  const { https } = config
  const profiles = profilesOf(config)
  if (profiles.length === 0) return []
  try {
    const ended = new Certificates(https, profiles).list(new Date()).filter(({ daysLeft }) => daysLeft < 0)
    return ended.map(({ file, validTo }) =>
      about('https.certificate', `${file} ended on ${validTo}`, 'renew it, then `twintone reload`'),
    )
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return [
      about('https.certificate', problem, '`twintone init` makes a self-signed one where there is none'),
    ]
  }
}

function ranges({ status, tftp, superUser, ftp, userData }: Config, about: About): Complaint[] {
  const named: [string, string][] = [
    ...status.allow.map((range, row): [string, string] => [`status.allow.${row}`, range]),
    ...tftp.quirks.flatMap(({ network }, row): [string, string][] =>
      network === undefined ? [] : [[`tftp.quirks.${row}.network`, network]],
    ),
    ...superUser.networks.map((range, row): [string, string] => [`superUser.networks.${row}`, range]),
    ...rows('ftp.passiveAddresses', ftp.passiveAddresses),
    ...rows('userData.policies', userData.policies),
  ]
  return named.flatMap(([setting, range]) => {
    try {
      parseAddressRange(range)
      return []
    } catch (error) {
      return [
        about(
          setting,
          error instanceof Error ? error.message : String(error),
          'write an address, prefix, range or CIDR block',
        ),
      ]
    }
  })
}

const rows = (setting: string, of: readonly { network: string }[]) =>
  of.map(({ network }, row): [string, string] => [`${setting}.${row}.network`, network])

async function addressLists({ data }: Config): Promise<Complaint[]> {
  const complaints: Complaint[] = []
  for (const protocol of protocols) {
    for (const name of listNames(protocol)) {
      const source = join(data.folder, rootNames[protocol], name)
      const text = await readFile(source, 'utf8').catch(() => undefined)
      if (text === undefined) continue
      try {
        parseAddressList(text)
      } catch (error) {
        complaints.push({
          source,
          setting: '',
          problem: error instanceof Error ? error.message : String(error),
          fix: 'until then the last good list stays in force',
        })
      }
    }
  }
  return complaints
}
