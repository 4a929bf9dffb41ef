import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate with its chain and the private key that fits it. */
export interface KeyPair {
  /** Path of the certificate. */
  file: string
  /** PEM. */
  certificate: string
  key: string
  x509: X509Certificate
  /** The key's group may read it, which may be meant, and may be an oversight. */
  keyReadableByGroup: boolean
}

/** @throws Error that names the file, what is wrong with it and what to do */
export function readKeyPair(certificateFile: string, keyFile: string): KeyPair {
  const certificate = readText('certificate', certificateFile)
  const key = readText('private key', keyFile)
  const { mode } = statSync(keyFile)
  if ((mode & 0o007) !== 0) {
    throw new Error(
      `the private key ${keyFile} can be read by every user of this machine; run: chmod 600 ${keyFile}`,
    )
  }
  const x509 = parse(`${certificateFile} is no certificate in PEM`, () => new X509Certificate(certificate))
  const privateKey = parse(`${keyFile} is no private key in PEM without a passphrase`, () =>
    createPrivateKey(key),
  )
  if (!x509.checkPrivateKey(privateKey)) {
    throw new Error(`the private key ${keyFile} does not belong to the certificate ${certificateFile}`)
  }
  return { file: certificateFile, certificate, key, x509, keyReadableByGroup: (mode & 0o070) !== 0 }
}

/** The pairs NAME.pem or NAME.crt with NAME.key of a folder, in the order of their names. No folder: none. */
export function readKeyPairs(folder: string): KeyPair[] {
  const names = new Set(listFolder(folder))
  const certificates = [...names].filter((name) => /\.(?:pem|crt)$/.test(name)).toSorted()
  return certificates.flatMap((certificate) => {
    const key = certificate.replace(/\.[^.]+$/, '.key')
    return names.has(key) ? [readKeyPair(join(folder, certificate), join(folder, key))] : []
  })
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw new Error(`https.certsFolder: ${folder} cannot be read`, { cause })
  }
}

function readText(what: string, file: string): string {
  return parse(`the ${what} ${file} cannot be read`, () => readFileSync(file, 'utf8'))
}

function parse<T>(complaint: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(complaint, { cause })
  }
}
