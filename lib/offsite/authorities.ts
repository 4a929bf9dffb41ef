import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { getCACertificates, rootCertificates, type ConnectionOptions } from 'node:tls'
import { CopyFailure } from './failure.ts'
import type { Target } from './target.ts'

/**
 * How the server's certificate is checked: against its name, and the authorities of the settings or the system.
 * @throws CopyFailure when the file of authorities cannot be read
 */
export async function tlsOptions({ host, authorities }: Target): Promise<ConnectionOptions> {
  const ca = authorities === '' ? systemAuthorities() : await readAuthorities(authorities)
  return { host, ca, ...(isIP(host) === 0 ? { servername: host } : {}) }
}

/** A system without the package of authorities has none: then those that Node brings. */
function systemAuthorities(): string[] {
  const system = getCACertificates('system')
  return system.length > 0 ? system : [...rootCertificates]
}

async function readAuthorities(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('there is no certificate in it')
    return text
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CopyFailure('settings', `ftpCopy.authorities: ${path} cannot be used: ${why}`)
  }
}
