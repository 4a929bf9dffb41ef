import { makeCertificate, type CertificateAndKey } from './x509.ts'

/**
 * A certificate that vouches for itself, as an authority that phones can be told to trust. RSA, since old phones
 * know nothing else.
 * @param names host names and addresses; the first is also its common name
 */
export const makeSelfSigned = ({
  names,
  days,
  rsaBits = 2048,
}: {
  names: readonly string[]
  days: number
  rsaBits?: number
}): Promise<CertificateAndKey> =>
  makeCertificate({
    commonName: names[0] ?? 'twintone',
    names,
    days,
    keys: { name: 'RSA', bits: rsaBits },
    signs: true,
    identifies: true,
  })
