import { printable } from '../../lib/base/printable.ts'

/** What the system says when something cannot be done, in words, and whose fault it is. */

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ECONNRESET: 'the connection was cut off',
  EPIPE: 'the connection was cut off',
  ENOENT: 'there is no such file or folder',
  EADDRNOTAVAIL:
    "this machine does not have the watchdog's address, or no port is free; see watchdog.address",
  EMFILE: 'the watchdog has no descriptor left',
  ENFILE: 'the machine has no descriptor left',
  ENOMEM: 'no memory left',
  ENOBUFS: 'no memory left for packets',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EPERM: 'the system forbids it (a firewall of this machine?)',
  EACCES: 'the system forbids it (a firewall, or rights on a folder?)',
}

const ours: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EPERM',
  'EACCES',
])

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** The watchdog itself was hindered; it says nothing of the probed. */
export const isOurFault = (error: unknown): boolean => ours.has(codeOf(error) ?? '')

export function wordsFor(error: unknown): string {
  const code = codeOf(error)
  if (code !== undefined && words[code] !== undefined) return `${words[code]} (${code})`
  if (code?.startsWith('HPE_') === true) return `something that is not HTTP (${code})`
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL_') === true) return `TLS was not agreed on (${code})`
  return printable(error instanceof Error ? error.message : String(error), 200)
}
