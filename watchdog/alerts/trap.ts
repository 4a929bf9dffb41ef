import snmp from 'net-snmp'
import type { Config } from '../../lib/base/config.ts'
import type { Channel, Message } from '../message.ts'
import { sendDatagram } from './datagram.ts'
import { enterpriseNumber } from './enterprise.ts'
import { failure } from './failure.ts'
import { cutBytes, plainLine, plainText } from './plain.ts'

/**
 * SNMP traps; the objects are those of ops/deploy/TWINTONE-MIB.txt. A trap has no answer. net-snmp
 * writes the packet here and does not send it. Its surprises (test/watchdog/alerts/trap.test.ts):
 *
 * - Who sends a trap is the authority of v3 (RFC 3414, 1.5.1). Its engine is a new one with each session, which no
 *   manager could know, and always at boot 0 and second 0, which a manager refuses as too old after 150 s
 *   (RFC 3414, 3.2, 7 b). Both are given here.
 * - It binds a socket that nobody needs, unless it is given one.
 * - Its errors can hold the user with its keys: only their text is passed on, without the secrets.
 */

type Settings = Pick<
  Config['alertTrap'],
  'host' | 'port' | 'version' | 'community' | 'user' | 'authKey' | 'privKey'
>

const twintone = `1.3.6.1.4.1.${enterpriseNumber}.1`
const object = (number: number) => `${twintone}.1.${number}.0`
const notifications = { fault: `${twintone}.0.1`, warning: `${twintone}.0.2`, recovery: `${twintone}.0.3` }
const severityNumbers = { info: 1, warning: 2, critical: 3 }

/** With all objects, a packet that needs no fragments. */
const mostTextBytes = 900

/** @param wallTime for v3. @throws Error naming a setting that is missing or too short */
export function trapChannel(settings: Settings, wallTime: () => Date): Channel {
  demandKeys(settings)
  const { host, port } = settings
  return {
    name: 'trap',
    async send(message, signal) {
      try {
        await sendDatagram(host, port, await trapPacket(settings, message, wallTime()), signal)
      } catch (error) {
        signal.throwIfAborted()
        const { community, authKey, privKey } = settings
        throw failure(`${host}:${port} (udp)`, error, [community, authKey, privKey])
      }
    },
  }
}

function demandKeys({ version, community, user, authKey, privKey }: Settings): void {
  if (version === 'v2c' && community === '') throw new Error('alertTrap.community is empty; v2c needs one')
  if (version === 'v2c') return
  if (user === '') throw new Error('alertTrap.user is empty; v3 needs one')
  if (privKey !== '' && authKey === '')
    throw new Error('alertTrap.authKey is empty; there is no encryption without it (RFC 3411, 3.4.3)')
  for (const [name, key] of [
    ['authKey', authKey],
    ['privKey', privKey],
  ] as const) {
    if (key !== '' && key.length < 8)
      throw new Error(`alertTrap.${name} is too short; 8 characters are the least (RFC 3414, 11.2)`)
  }
}

/** A packet as it goes on the wire. */
async function trapPacket(settings: Settings, message: Message, wall: Date): Promise<Uint8Array> {
  const written = Promise.withResolvers<Uint8Array>()
  const wire = {
    createSocket: () => ({
      on: () => {},
      bind: () => {},
      close: () => {},
      unref: () => {},
      send: (
        packet: Buffer,
        _from: number,
        _length: number,
        _port: number,
        _host: string,
        done: () => void,
      ) => {
        written.resolve(Buffer.from(packet))
        done()
      },
    }),
  }
  const session = openSession(settings, message.node, wall, wire)
  session.trap(notificationOf(message), varbindsOf(message), (error) => {
    if (error !== null) written.reject(error)
  })
  session.close()
  return written.promise
}

function openSession(settings: Settings, node: string, wall: Date, dgramModule: object): snmp.Session {
  const { host, version, community } = settings
  if (version === 'v2c') return snmp.createSession(host, community, { version: snmp.Version2c, dgramModule })
  const session = snmp.createV3Session(host, userOf(settings), { engineID: engineId(node), dgramModule })
  setTime(session, wall)
  return session
}

/**
 * An engine that is always the same for one node, as its name (RFC 3411, SnmpEngineID, format 4): a manager gives it to
 * its users, as in `createUser -e 0x8000... `.
 */
export function engineId(node: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(0x8000_0000 + enterpriseNumber)
  head[4] = 4
  return Buffer.concat([head, Buffer.from(cutBytes(node === '' ? 'twintone' : node, 27))])
}

/** What is not in its types. */
interface Writing {
  send(request: { message: { msgSecurityParameters: Record<string, unknown> } }, noWait: boolean): unknown
}

/** Days and seconds of the day are boots and seconds that go on over a restart, without a file to keep them in. */
function setTime(session: snmp.Session, wall: Date): void {
  const writing = session as unknown as Writing
  const send = writing.send.bind(session)
  const seconds = Math.floor(wall.getTime() / 1_000)
  writing.send = (request, noWait) => {
    request.message.msgSecurityParameters['msgAuthoritativeEngineBoots'] = Math.floor(seconds / 86_400)
    request.message.msgSecurityParameters['msgAuthoritativeEngineTime'] = seconds % 86_400
    return send(request, noWait)
  }
}

function userOf({ user: name, authKey, privKey }: Settings): snmp.User {
  if (authKey === '') return { name, level: snmp.SecurityLevel.noAuthNoPriv }
  const authenticated = { name, authProtocol: snmp.AuthProtocols.sha256, authKey }
  if (privKey === '') return { ...authenticated, level: snmp.SecurityLevel.authNoPriv }
  return {
    ...authenticated,
    level: snmp.SecurityLevel.authPriv,
    privProtocol: snmp.PrivProtocols.aes,
    privKey,
  }
}

const notificationOf = ({ kind, severity }: Message) => {
  if (kind === 'recovered') return notifications.recovery
  return severity === 'critical' ? notifications.fault : notifications.warning
}

function varbindsOf({ incident, severity, kind, node, subject, text, at }: Message): snmp.Varbind[] {
  const octets = snmp.ObjectType.OctetString
  const textAt = (number: number, value: string) => ({ oid: object(number), type: octets, value })
  return [
    textAt(1, cutBytes(plainLine(incident, 200), 200)),
    { oid: object(2), type: snmp.ObjectType.Integer, value: severityNumbers[severity] },
    textAt(3, cutBytes(plainLine(kind, 60), 60)),
    textAt(4, cutBytes(plainLine(node, 255), 255)),
    textAt(5, cutBytes(plainLine(subject, 255), 255)),
    textAt(6, cutBytes(plainText(text, mostTextBytes), mostTextBytes)),
    textAt(7, cutBytes(plainLine(at, 40), 40)),
  ]
}
