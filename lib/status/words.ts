import type { PhoneTraits } from '../base/phone-traits.ts'
import type { UserDataStatus } from './snapshot.ts'

/** Numbers and phones in words, for pages and the command line. */

const units = ['B', 'KB', 'MB', 'GB', 'TB']

/** `8.4 MB`, in steps of 1,000. */
export function describeBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  let power = 1
  let value = bytes / 1_000
  // What would be written 1000.0 KB is 1.0 MB.
  while (value >= 999.95 && power < units.length - 1) {
    value /= 1_000
    power++
  }
  return `${value.toFixed(1)} ${units[power]}`
}

/** `3 d 4 h`, `12 min 5 s`: the two largest parts. */
export function describeDuration(seconds: number): string {
  const whole = Math.floor(seconds)
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  return parts
    .slice(first, first + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** Local time to the second, `2026-11-22 20:15:04`: what an administrator compares with other logs. */
export function describeTime(wallMs: number): string {
  const time = new Date(wallMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

/** Who may touch whose data, and what is kept; a line each, for the page and the command line. */
export function describeUsers({ policies, files, bytes, superUser, copy }: UserDataStatus): string[] {
  const { ftp, http, https, networks } = policies
  const lines = [
    `users' data: ${files} files, ${describeBytes(bytes)}; identity by ${ftp} (ftp), ${http} (http), ${https} (https)`,
  ]
  for (const { network, protocols, policy } of networks)
    lines.push(`in ${network}: identity by ${policy} (${protocols.join(', ')})`)
  if (superUser) lines.push('the super user may log in over FTP')
  if (copy !== undefined) lines.push(describeCopy(copy))
  return lines
}

function describeCopy({ server, waiting, lastSuccessAt, nextTryAt, lastError }: CopyStatus): string {
  const last = lastSuccessAt === undefined ? 'never whole yet' : `whole at ${describeIso(lastSuccessAt)}`
  const next = nextTryAt === undefined ? 'sending now' : `next at ${describeIso(nextTryAt)}`
  const error = lastError === undefined ? '' : `; the last round failed: ${lastError}`
  return `copy on ${server}: ${waiting} files wait, ${last}, ${next}${error}`
}

type CopyStatus = NonNullable<UserDataStatus['copy']>

const describeIso = (iso: string) => describeTime(Date.parse(iso))

/** `Avaya J139 4.1.5.0.6, MAC c81f4aef9689`; empty when the phone told nothing. */
export function describePhone({ vendor, model, version, mac }: PhoneTraits): string {
  const type = [vendor, model, version].filter((part) => part !== undefined).join(' ')
  return [type, mac === undefined ? '' : `MAC ${mac}`].filter((part) => part !== '').join(', ')
}
