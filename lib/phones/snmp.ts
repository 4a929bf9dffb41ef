import type { Socket } from 'node:dgram'
import snmp from 'net-snmp'
import type { Config } from '../base/config.ts'
import type { Answers, SnmpValue } from './families.ts'
import { Unidentified } from './phone.ts'
import { closePhoneSocket, openPhoneSocket, sourceFor } from './phone-socket.ts'
import { isSystemError, nonsense, silent, unproven, unreachable } from './why-unanswered.ts'

/**
 * Questions to phones over SNMP. The surprises of net-snmp as one that asks stop here
 * (test/lib/phones/snmp.test.ts shows each):
 *
 * - It takes an answer from whoever sends it. So each question has a socket of its own that is connected to the
 *   phone: the kernel lets in nothing from elsewhere, and a closed port is noticed at once. Late answers find no socket.
 * - Request ids come from Math.random and cannot be given: the random port and the sender protect, not they.
 * - It binds its socket without looking at the outcome, and waits for ever when that fails; we bind first.
 * - An answer it cannot parse is an 'error' event, which ends the process if nobody listens.
 * - A report (RFC 3416, 3) in an answer of v1 or v2c makes it throw from the socket's event: each packet is
 *   delivered behind a catch.
 * - Though v3 is to be authenticated, it takes an answer that is not.
 * - Its errors hold communities (in the text) and users with keys (`info`): none is passed on, not even as a cause.
 * - An empty community becomes `public`.
 * - v1 fails the whole request for one missing object (RFC 1157, 4.1.2); asked for singly, each fails alone.
 * - Versions, protocols and levels are numbers; names fail late, deep inside.
 * - The first question of v3 to a phone takes milliseconds to hash the passphrases; the keys are then kept for ever.
 */

/**
 * Asks the phone at `address` for objects, from the local address `from` unless the settings name another.
 * @throws Unidentified; the signal's reason once it aborts
 */
export type Ask = (
  address: string,
  from: string,
  oids: readonly string[],
  signal: AbortSignal,
) => Promise<Answers>

/** Makes the one who asks, by the settings. */
export function snmpAsk(settings: Config['snmp']): Ask {
  return async (address, from, oids, signal) => {
    if (settings.version !== 'v3' && settings.community === '') {
      throw new Unidentified('snmp.community is empty; give it what SNMPSTRING is in the phones')
    }
    const { sourceAddress, port } = settings
    const socket = await openPhoneSocket(address, port, sourceFor(address, from, sourceAddress))
    try {
      signal.throwIfAborted()
      return await new Question(settings, address, socket, signal).ask(oids)
    } finally {
      await closePhoneSocket(socket)
    }
  }
}

type Settings = Config['snmp']

/** All that is asked over one socket. */
class Question {
  readonly #settings: Settings
  readonly #address: string
  readonly #from: string
  readonly #session: snmp.Session
  /** Rejects when the question is over before it is answered. */
  readonly #broken = Promise.withResolvers<never>()
  #heardNonsense = false

  constructor(settings: Settings, address: string, socket: Socket, signal: AbortSignal) {
    this.#settings = settings
    this.#address = address
    this.#from = socket.address().address
    this.#broken.promise.catch(() => {}) // between two objects nobody listens
    signal.addEventListener('abort', () => this.#broken.reject(signal.reason), { once: true })
    socket.on('error', (error) => this.#broken.reject(this.#unanswered(error)))
    this.#session = this.#openSession(socket)
  }

  async ask(oids: readonly string[]): Promise<Answers> {
    try {
      const together = this.#settings.version === 'v1' ? 'failed' : await this.#get(oids)
      return together === 'failed' ? await this.#getEach(oids) : together
    } finally {
      this.#session.cancelRequests(new Error('over'))
    }
  }

  /** Objects that the phone fails to tell are left out, as those that it does not have. */
  async #getEach(oids: readonly string[]): Promise<Answers> {
    const each = new Map<string, SnmpValue>()
    for (const oid of oids) {
      const answers = await this.#get([oid])
      if (answers !== 'failed') for (const [name, value] of answers) each.set(name, value)
    }
    return each
  }

  async #get(oids: readonly string[]): Promise<Answers | 'failed'> {
    const answered = Promise.withResolvers<Answers | 'failed'>()
    this.#session.get([...oids], (error: Error | null, varbinds) => {
      if (error === null) answered.resolve(answersOf(oids, varbinds ?? []))
      else if (error instanceof snmp.RequestFailedError) answered.resolve('failed')
      else answered.reject(this.#unanswered(error))
    })
    return Promise.race([answered.promise, this.#broken.promise])
  }

  #openSession(socket: Socket): snmp.Session {
    const { version, port, timeoutMs: timeout, retries } = this.#settings
    const options = {
      port,
      timeout,
      retries,
      reportOidMismatchErrors: true,
      dgramModule: { createSocket: () => this.#wire(socket) },
    }
    const session =
      version === 'v3'
        ? snmp.createV3Session(this.#address, userOf(this.#settings), options)
        : snmp.createSession(this.#address, this.#settings.community, {
            ...options,
            version: version === 'v1' ? snmp.Version1 : snmp.Version2c,
          })
    session.on('error', () => {
      this.#heardNonsense = true
    })
    if (version === 'v3' && this.#settings.authProtocol !== 'none') demandProof(session)
    return session
  }

  /** What the session takes for its socket. */
  #wire(socket: Socket) {
    return {
      on: (event: string, listener: (packet: Buffer) => void) => {
        if (event !== 'message') return
        socket.on('message', (packet) => {
          try {
            listener(packet)
          } catch {
            // The session may have forgotten the question, and would wait for ever.
            this.#broken.reject(nonsense(this.#settings, this.#address))
          }
        })
      },
      // A connected socket takes no address.
      send: (packet: Buffer, from: number, length: number, _port: number, _address: string, done: Sent) =>
        socket.send(packet, from, length, done),
      ref: () => socket.ref(),
      unref: () => socket.unref(),
    }
  }

  #unanswered(error: Error): Unidentified {
    const settings = this.#settings
    if (error.name === 'RequestTimedOutError' && !this.#heardNonsense)
      return silent(settings, this.#address, this.#from)
    if (isSystemError(error)) return unreachable(this.#address, settings.port, error)
    return settings.version === 'v3' && !this.#heardNonsense
      ? unproven(this.#address)
      : nonsense(settings, this.#address)
  }
}

type Sent = (error: Error | null, bytes: number) => void

/** The package checks the proof of a response that has one, and takes one that has none. */
function demandProof(session: snmp.Session): void {
  const take = session.onSimpleGetResponse.bind(session)
  session.onSimpleGetResponse = (request, message) => {
    if (message.hasAuthentication()) return take(request, message)
    request.responseCb(
      new snmp.ResponseInvalidError('not authenticated', snmp.ResponseInvalidCode.EAuthFailure),
    )
  }
}

function userOf({ user: name, authProtocol, authKey, privProtocol, privKey }: Settings): snmp.User {
  if (authProtocol === 'none') return { name, level: snmp.SecurityLevel.noAuthNoPriv }
  const authenticated = { name, authProtocol: snmp.AuthProtocols[authProtocol], authKey }
  if (privProtocol === 'none') return { ...authenticated, level: snmp.SecurityLevel.authNoPriv }
  return {
    ...authenticated,
    level: snmp.SecurityLevel.authPriv,
    privProtocol: snmp.PrivProtocols[privProtocol],
    privKey,
  }
}

/** Answers come in the order of the questions; objects that the phone does not have are left out. */
function answersOf(oids: readonly string[], varbinds: readonly snmp.Varbind[]): Answers {
  const answers = new Map<string, SnmpValue>()
  for (const [index, oid] of oids.entries()) {
    const { value } = varbinds[index] ?? {}
    if (Buffer.isBuffer(value) || typeof value === 'string' || typeof value === 'number')
      answers.set(oid, value)
  }
  return answers
}
