import { makeCertificate, type CertificateAndKey } from './x509.ts'

/** Certificates for programs of ours among each other: signed by an authority that nobody else knows. ECDSA on P-256. */

export const makeAuthority = ({ name, days }: { name: string; days: number }): Promise<CertificateAndKey> =>
  makeCertificate({
    commonName: name,
    names: [],
    days,
    keys: { name: 'ECDSA' },
    signs: true,
    identifies: false,
  })

/**
 * For a server and client in one.
 * @param name its common name, which is also the first of its host names
 * @param addresses further names it is reached by
 */
export const issueCertificate = (
  authority: CertificateAndKey,
  { name, addresses, days }: { name: string; addresses: readonly string[]; days: number },
): Promise<CertificateAndKey> =>
  makeCertificate(
    {
      commonName: name,
      names: [name, ...addresses],
      days,
      keys: { name: 'ECDSA' },
      signs: false,
      identifies: true,
    },
    authority,
  )
