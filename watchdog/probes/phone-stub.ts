import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import snmp from 'net-snmp'
import type { Config } from '../../lib/base/config.ts'
import { wordsFor } from './system-error.ts'

/**
 * A phone for the file server to ask: it answers SNMP on the watchdog's addresses as a 46xx with the watchdog's
 * extension logged in, so that the way to a user's data is probed whole. Surprises of net-snmp's agent that stop here
 * (test/watchdog/probes/phone-stub.test.ts):
 *
 * - It binds its sockets without looking at the outcome; we bind first, and give it ours.
 * - Some questions that it can parse make it throw from the socket's event.
 * - A failed send is written to the console.
 * - It asks a socket for its address when it is closed; ours are closed by us.
 */
export class PhoneStub {
  readonly #settings: Config['snmp']
  readonly #addresses: readonly string[]
  readonly #extension: string
  readonly #open = new Map<string, Socket>()

  /** @param addresses loopback, those that probes come from */
  constructor(settings: Config['snmp'], addresses: readonly string[], extension: string) {
    this.#settings = settings
    this.#addresses = addresses
    this.#extension = extension
  }

  /**
   * Listens, where it does not yet.
   * @returns why it cannot, as a sentence, or undefined
   */
  async listen(): Promise<string | undefined> {
    const { port, version, community } = this.#settings
    if (version !== 'v3' && community === '')
      return 'snmp.community is empty, so no phone can be asked; user data is not probed'
    for (const address of this.#addresses) {
      if (this.#open.has(address)) continue
      try {
        await this.#openAt(address)
      } catch (cause) {
        return `the watchdog cannot answer SNMP as a phone on UDP port ${port} of ${address}, ${whyNot(cause)}; user data is not probed`
      }
    }
    return undefined
  }

  async close(): Promise<void> {
    const sockets = [...this.#open.values()]
    this.#open.clear()
    for (const socket of sockets) {
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.close(resolve)
      await promise
    }
  }

  async #openAt(address: string): Promise<void> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    try {
      socket.bind(this.#settings.port, address)
      await once(socket, 'listening')
    } catch (error) {
      socket.close()
      throw error
    }
    socket.on('error', () => {}) // the asker has gone
    this.#open.set(address, socket)
    startAgent(this.#settings, socket, this.#extension)
  }
}

function whyNot(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE')
    return 'another program has it (another SNMP agent? let it listen on its own address)'
  if (code === 'EACCES') return 'that port needs CAP_NET_BIND_SERVICE'
  return wordsFor(cause)
}

function startAgent(settings: Config['snmp'], socket: Socket, extension: string): void {
  const { address, port } = socket.address()
  const agent = snmp.createAgent(
    {
      address,
      port,
      transport: isIPv6(address) ? 'udp6' : 'udp4',
      dgramModule: { createSocket: () => wire(socket) },
    },
    () => {}, // somebody asked with another community: a phone is silent then
  )
  const authorizer = agent.getAuthorizer()
  if (settings.version === 'v3') authorizer.addUser(userOf(settings))
  else authorizer.addCommunity(settings.community)
  for (const { oid, value, scalarType } of objectsOf(settings, extension)) {
    agent.registerProvider({
      name: oid,
      type: snmp.MibProviderType.Scalar,
      oid,
      scalarType,
      maxAccess: snmp.MaxAccess['read-only'],
    })
    agent.getMib().setScalarValue(oid, value)
  }
}

/** What the agent takes for its socket. */
function wire(socket: Socket) {
  return {
    on: (event: string, listener: (packet: Buffer, from: RemoteInfo) => void) => {
      if (event !== 'message') return
      socket.on('message', (packet, from) => {
        try {
          listener(packet, from)
        } catch {
          // Whoever sent that is no file server of ours.
        }
      })
    },
    bind: () => {},
    send: (answer: Buffer, from: number, length: number, port: number, address: string) =>
      socket.send(answer, from, length, port, address, () => {}),
  }
}

const avaya = '1.3.6.1.4.1.6889'

/** `Avaya-46xxIPTelephone-MIB`, or what the settings say of that family. Identifiers without the `.0` of the instance. */
function objectsOf({ families }: Config['snmp'], extension: string) {
  const own = families.find(({ family }) => family === '46xx')
  const octets = snmp.ObjectType.OctetString
  const text = (oid: string, value: string) => ({
    oid: oid.replace(/^\./, '').replace(/\.0$/, ''),
    value,
    scalarType: octets,
  })
  return [
    {
      oid: '1.3.6.1.2.1.1.2',
      value: `${(own?.sysObjectId ?? `${avaya}.1.69.1`).replace(/^\./, '')}.5`,
      scalarType: snmp.ObjectType.OID,
    },
    text(own?.extension ?? `${avaya}.2.69.1.4.9`, extension),
    text(own?.model ?? `${avaya}.2.69.1.1.2`, '4620'),
    text(own?.mac ?? `${avaya}.2.69.1.1.9`, '02:00:00:00:00:01'),
    text(own?.serial ?? `${avaya}.2.69.1.1.6`, 'watchdog'),
    text(own?.version ?? `${avaya}.2.69.1.3.2`, 'watchdog'),
  ]
}

function userOf({ user: name, authProtocol, authKey, privProtocol, privKey }: Config['snmp']): snmp.User {
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
