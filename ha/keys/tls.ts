import { checkServerIdentity, type TLSSocket } from 'node:tls'
import type { PairKeys } from './load.ts'

type Identity = Pick<PairKeys, 'authority' | 'certificate' | 'key'>

/**
 * What both sides of a TLS connection between the nodes have in common: TLS 1.3, and no authority but the pair's own. With
 * TLS 1.3 a client takes the connection for open before the server has looked at its certificate: that it was refused
 * comes afterwards, as an error.
 */
const commonOptions = ({ authority, certificate, key }: Identity) => ({
  ca: authority,
  cert: certificate,
  key,
  minVersion: 'TLSv1.3' as const,
})

/** For `tls.createServer`. Who is not of the pair is refused; which node it is, `isNode` tells. */
export const serverOptions = (keys: Identity) => ({
  ...commonOptions(keys),
  requestCert: true,
  rejectUnauthorized: true,
})

/** For `tls.connect`, beside address and port: the other end must be that node. */
export const clientOptions = (keys: Identity, node: string) => ({
  ...commonOptions(keys),
  servername: node,
  checkServerIdentity: (_address: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
    checkServerIdentity(node, certificate),
})

/** Whether the other end of a connection has proved to be that node, and not this one's own certificate come back. */
export const isNode = (socket: TLSSocket, node: string): boolean =>
  socket.authorized && socket.getPeerCertificate().subject?.CN === node
