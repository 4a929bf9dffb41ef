import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import type { TlsProfileName } from '../base/settings/fields.ts'
import type { CertificateKeeper } from '../tls/certificate-keeper.ts'

/** What the door needs of the keeper of certificates. */
export type FtpCertificates = Pick<CertificateKeeper, 'contextOptions' | 'contextFor' | 'onRenewed'>

/** The server's side of TLS, for control and data connections alike. */
export class Encryption {
  readonly #certificates: FtpCertificates
  readonly #profile: TlsProfileName
  #context: SecureContext | undefined

  constructor(certificates: FtpCertificates, profile: TlsProfileName) {
    this.#certificates = certificates
    this.#profile = profile
    certificates.onRenewed(() => {
      this.#context = undefined
    })
  }

  /**
   * Begins TLS on a connection whose further bytes nobody has read.
   * @returns at once; `secured` tells when it has been agreed on
   */
  wrap(socket: Socket): TLSSocket {
    const profile = this.#profile
    // One context for all, so that a data connection can resume the session of its control connection.
    this.#context ??= createSecureContext({
      ...this.#certificates.contextOptions(profile),
      sessionIdContext: 'twintone-ftp',
    })
    const encrypted = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      SNICallback: (name, done) => done(null, this.#certificates.contextFor(profile, name)),
      // Who asks for another protocol is a client of that one, led here (ALPACA, abuse case d39).
      ALPNCallback: ({ protocols }) => (protocols.includes('ftp') ? 'ftp' : undefined),
    })
    encrypted.on('error', () => {}) // 'close' follows, and tells all
    return encrypted
  }
}

/**
 * Resolves once a connection that was wrapped is encrypted.
 * @throws Error whose cause says why it is not: the handshake failed, or the connection ended
 */
export function secured(socket: TLSSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const failed = (cause?: unknown) => reject(new Error('TLS was not agreed on', { cause }))
  const ended = () => failed()
  socket.once('secure', resolve)
  socket.once('error', failed)
  socket.once('end', ended)
  socket.once('close', ended)
  return promise.finally(() => {
    socket.off('secure', resolve)
    socket.off('error', failed)
    socket.off('end', ended)
    socket.off('close', ended)
  })
}

/** The client spoke, but not TLS, or none we have in common. */
export function isDisagreement(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ERR_SSL')
}
