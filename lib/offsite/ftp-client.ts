import { once } from 'node:events'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { TLSSocket, type ConnectionOptions } from 'node:tls'
import { Client, FTPError } from 'basic-ftp'
import { printable } from '../base/printable.ts'
import type { FileName } from '../files/file-name.ts'
import { trustFor } from '../base/trust.ts'
import { CopyFailure, scopeOfReply, type Stage } from './failure.ts'
import type { Target } from './target.ts'

/**
 * A session on the customer's FTP server, by basic-ftp 6. The only file that knows it. Its oddities, each shown in
 * test/lib/offsite/ftp-client.test.ts:
 *
 * - The TLS handshake after AUTH TLS has no time limit: every step here has one of ours.
 * - `access` ignores a refused PROT P: we log in step by step, and a refusal ends the session.
 * - It sends no server name in the handshake (SNI) unless told.
 * - An upload is done when the bytes are gone and the server says 226, however few arrived: we ask for the size.
 * - An upload begins before the handshake of a data connection that resumes the session is over, so that an empty
 *   file ended it: the empty file waits.
 * - Replies become error texts as they are, with whatever the server repeats of a password: they are cleaned here,
 *   and its errors go no further, not even as a cause.
 * - `rename` does not replace a file on servers that refuse to: the old one is then deleted first.
 * - A client that lost its connection still takes orders and rejects them: `isOpen` tells.
 */
export class FtpSession {
  readonly #client: Client
  readonly #target: Target
  readonly #cut: AbortSignal
  readonly #folders = new Set<string>()

  private constructor(target: Target, cut: AbortSignal) {
    this.#client = new Client(target.timeoutMs)
    this.#target = target
    this.#cut = cut
  }

  /**
   * Connects, encrypts, logs in and enters the folder.
   * @param cut ends whatever is under way, at any time
   * @throws CopyFailure
   */
  static async open(target: Target, cut: AbortSignal): Promise<FtpSession> {
    const session = new FtpSession(target, cut)
    try {
      await session.#logIn()
    } catch (error) {
      session.close()
      throw error
    }
    return session
  }

  get isOpen(): boolean {
    return !this.#client.closed
  }

  /**
   * Stores a file, in place of the one before, which stays until the new one is there whole.
   * @throws CopyFailure
   */
  async put(name: FileName, content: Buffer): Promise<void> {
    const temporary = `${name}.twintone-part`
    // A kilobyte a second is the least that counts as progress.
    const limitMs = 4 * this.#target.timeoutMs + content.length
    const stage = 'file'
    await this.#makeFolder(dirname(name))
    await this.#step(
      stage,
      () => this.#client.uploadFrom(Readable.from(this.#source(content)), temporary),
      limitMs,
    )
    await this.#step(stage, () => this.#checkSize(temporary, content.length))
    await this.#step(stage, () => this.#replace(temporary, name))
  }

  /** Harmless twice, and when it was never open. */
  close(): void {
    this.#client.close()
  }

  async #logIn(): Promise<void> {
    const { user, password, tls, folder } = this.#target
    const client = this.#client
    await this.#connect()
    await this.#step('login', () => client.login(user, password))
    await this.#step('login', () => client.send('TYPE I'))
    if (tls !== 'none') {
      await this.#step('encryption', () => client.send('PBSZ 0'))
      await this.#step('encryption', () => client.send('PROT P'))
    }
    await this.#step('login', () => client.sendIgnoringError('OPTS UTF8 ON'))
    if (folder !== '') await this.#step('login', () => client.ensureDir(folder))
  }

  async #connect(): Promise<void> {
    const { host, port, tls } = this.#target
    const client = this.#client
    if (tls === 'none') return void (await this.#step('greeting', () => client.connect(host, port)))
    const options = await this.#encryption()
    if (tls === 'implicit')
      return void (await this.#step('encryption', () => client.connectImplicitTLS(host, port, options)))
    await this.#step('greeting', () => client.connect(host, port))
    await this.#step('encryption', () => client.useTLS(options))
  }

  /** With the host, which the certificate is checked against where it is an address and no server name is sent. */
  async #encryption(): Promise<ConnectionOptions> {
    const { host, authorities } = this.#target
    try {
      return { host, ...(await trustFor(host, authorities, 'ftpCopy.authorities')) }
    } catch (error) {
      throw new CopyFailure('settings', error instanceof Error ? error.message : String(error))
    }
  }

  /** Once for each folder of a session; a server that has it already says so in an error. */
  async #makeFolder(folder: string): Promise<void> {
    if (folder === '.' || this.#folders.has(folder)) return
    const parts = folder.split('/')
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = parts.slice(0, depth).join('/')
      await this.#step('file', () => this.#client.sendIgnoringError(`MKD ${path}`))
    }
    this.#folders.add(folder)
  }

  async *#source(content: Buffer): AsyncGenerator<Buffer> {
    const socket = this.#client.ftp.dataSocket
    const isEarly = socket instanceof TLSSocket && !socket.authorized
    if (content.length === 0 && isEarly) await once(socket, 'secureConnect')
    yield content
  }

  async #checkSize(path: string, expected: number): Promise<void> {
    const { code, message } = await this.#client.sendIgnoringError(`SIZE ${path}`)
    const arrived = code === 213 ? Number(message.slice(4)) : expected // not every server knows SIZE
    if (arrived !== expected)
      throw new CopyFailure('file', `only ${arrived} of ${expected} bytes arrived, the server says`)
  }

  async #replace(temporary: string, name: FileName): Promise<void> {
    try {
      await this.#client.rename(temporary, name)
    } catch (error) {
      if (!(error instanceof FTPError) || !this.isOpen) throw error
      const { code } = await this.#client.sendIgnoringError(`DELE ${name}`)
      if (code >= 400) throw error
      await this.#client.rename(temporary, name)
    }
  }

  /** One step with a limit, its errors in our words. After one that is not a reply, the session is closed. */
  async #step<T>(stage: Stage, work: () => Promise<T>, limitMs = 4 * this.#target.timeoutMs): Promise<T> {
    const stops = new CopyFailure('server', 'cut off, because the service stops')
    if (this.#cut.aborted) throw stops
    const late = Promise.withResolvers<never>()
    const cut = () => late.reject(stops)
    const timer = setTimeout(
      () => late.reject(new CopyFailure('server', `no end after ${limitMs / 1000} s`)),
      limitMs,
    )
    this.#cut.addEventListener('abort', cut)
    try {
      return await Promise.race([late.promise, work()])
    } catch (error) {
      if (!(error instanceof FTPError)) this.close()
      throw this.#failure(error, stage)
    } finally {
      clearTimeout(timer)
      this.#cut.removeEventListener('abort', cut)
    }
  }

  #failure(error: unknown, stage: Stage): CopyFailure {
    if (error instanceof CopyFailure) return error
    if (error instanceof FTPError) {
      const scope = this.isOpen ? scopeOfReply(error.code, stage) : 'server'
      return new CopyFailure(scope, `${whatFailed[stage]}: ${this.#clean(error.message)}`)
    }
    const text = this.#clean(error instanceof Error ? error.message : String(error))
    if (stage === 'encryption' && isAboutTrust(error)) {
      return new CopyFailure(
        'settings',
        `its certificate is not accepted: ${text}; name its authority in ftpCopy.authorities, or its proper name in ftpCopy.host`,
      )
    }
    return new CopyFailure('server', `${whatFailed[stage]}: ${text}`)
  }

  #clean(text: string): string {
    const { password } = this.#target
    const hidden = password === '' ? text : text.replaceAll(password, '[hidden]')
    return printable(hidden.trim(), 200)
  }
}

const whatFailed: Record<Stage, string> = {
  greeting: 'cannot connect',
  encryption: 'cannot encrypt',
  login: 'cannot log in',
  file: 'cannot store',
}

/** Errors of certificate checks carry OpenSSL's names, such as DEPTH_ZERO_SELF_SIGNED_CERT. */
const isAboutTrust = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  /CERT|ISSUER|SIGNATURE|ALTNAME/.test(String(error.code)) &&
  !String(error.code).startsWith('ERR_SSL')
