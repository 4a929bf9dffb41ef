import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Paths of PEM files. */
export interface Issued {
  certificate: string
  key: string
}

export interface TestAuthority {
  /** PEM file of its own certificate. */
  ca: string
  /** A certificate good for both sides of a connection. */
  issue(name: string, addresses?: readonly string[]): Promise<Issued>
}

/** An authority whose files lie in `folder`. */
export async function makeAuthority(folder: string, name = 'test-authority'): Promise<TestAuthority> {
  const [ca, caKey] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const fresh = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  await run('openssl', [...fresh, '-subj', `/CN=${name}`, '-keyout', caKey, '-out', ca])
  return {
    ca,
    async issue(subject, addresses = []) {
      const [certificate, key] = [join(folder, `${subject}.pem`), join(folder, `${subject}.key`)]
      const names = [`DNS:${subject}`, ...addresses.map((address) => `IP:${address}`)].join()
      const signed = ['-CA', ca, '-CAkey', caKey, '-addext', 'basicConstraints=critical,CA:FALSE']
      const bearer = ['-subj', `/CN=${subject}`, '-addext', `subjectAltName=${names}`]
      await run('openssl', [...fresh, ...signed, ...bearer, '-keyout', key, '-out', certificate])
      return { certificate, key }
    },
  }
}
