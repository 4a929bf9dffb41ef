import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { getCACertificates, rootCertificates } from 'node:tls'

/** How a server's certificate is checked: against its name, and the authorities of the settings or the system. */
export interface Trust {
  ca: string | string[]
  servername?: string
  minVersion: 'TLSv1.2'
}

/** @param setting name of the setting that `path` comes from. @throws Error naming it when the file cannot be used */
export async function trustFor(host: string, path: string, setting: string): Promise<Trust> {
  const ca = path === '' ? systemAuthorities() : await readAuthorities(path, setting)
  // A name must not be sent for an address (RFC 6066, 3); the certificate is checked against the address all the same.
  return { ca, minVersion: 'TLSv1.2', ...(isIP(host) === 0 ? { servername: host } : {}) }
}

/** A system without the package of authorities has none: then those that Node brings. */
function systemAuthorities(): string[] {
  const system = getCACertificates('system')
  return system.length > 0 ? system : [...rootCertificates]
}

async function readAuthorities(path: string, setting: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('there is no certificate in it')
    return text
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${setting}: ${path} cannot be used: ${why}`, { cause })
  }
}
