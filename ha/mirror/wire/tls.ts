import type { TLSSocket, TlsOptions, ConnectionOptions, PeerCertificate } from 'node:tls'

/** What both nodes prove who they are with, in PEM. */
export interface MirrorTls {
  /** The pair's authority, which vouches for both nodes and for nobody else. */
  ca: string | string[]
  certificate: string
  key: string
}

export const serverTls = ({ ca, certificate, key }: MirrorTls): TlsOptions => ({
  ca,
  cert: certificate,
  key,
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
})

/** The other node is known by its name, whatever address it has. */
export const clientTls = ({ ca, certificate, key }: MirrorTls, otherName: string): ConnectionOptions => ({
  ca,
  cert: certificate,
  key,
  minVersion: 'TLSv1.3',
  checkServerIdentity: (_host, shown) =>
    isNamed(shown, otherName) ? undefined : new Error(`the certificate shown is not that of ${otherName}`),
})

/** Whether the certificate a connection has shown, which the pair's authority vouches for, is that of this node. */
export const isFrom = (socket: TLSSocket, name: string): boolean =>
  socket.authorized && isNamed(socket.getPeerCertificate(), name)

function isNamed({ subject, subjectaltname = '' }: Partial<PeerCertificate>, name: string): boolean {
  return subject?.CN === name || subjectaltname.split(', ').includes(`DNS:${name}`)
}
