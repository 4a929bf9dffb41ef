import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { TestContext } from 'node:test'
import snmp from 'net-snmp'
import { asPhonesAnswer, isV3, withAnotherId } from './snmp-packet.ts'

/**
 * Phones as their SNMP agents show them, each on a loopback address of its own, all on one port. They speak v1, v2c and
 * v3 with the agent of net-snmp; what a phone does wrong happens between that agent and the wire, to real packets.
 */

export type FamilyName = '46xx' | '96x0' | '16xx' | '96x1'

export interface PhoneSpec {
  /** Loopback: `127.x.y.z` or `::1`. */
  address: string
  /** 46xx unless said otherwise. */
  family?: FamilyName
  /** As the phone says it; for a 96x1 `4711` is said as `4711@example.com` unless it holds an `@`. */
  extension: string | Buffer
  model?: string
  /** Twelve hex digits. */
  mac?: string
  serial?: string
  version?: string
  /** Objects that this phone does not have. */
  without?: readonly Field[]
  behaviour?: Behaviour
}

export type Field = 'sysObjectId' | 'extension' | 'model' | 'mac' | 'serial' | 'version'

/** What becomes of an answer on its way: sent as it is, by itself (undefined), or as these packets. */
export type Behaviour =
  | 'well'
  | 'silent'
  /** Answers after this long. */
  | { lateMs: number }
  /** Answers from another address, or another port of its own. */
  | { fromAddress: string }
  | 'from another port'
  /** Answers a question that nobody asked. */
  | 'another id'
  /** Sends these instead, one after the other. */
  | { instead: (answer: Buffer, question: Buffer) => readonly Buffer[] }

export interface PhonesOptions {
  /** `public` unless said otherwise. */
  community?: string
  /** Who may ask with v3. */
  user?: snmp.User
  /** A free one unless said otherwise. */
  port?: number
}

export interface SimulatedPhone {
  readonly address: string
  /** How many packets came in. */
  readonly asked: number
  /** Addresses and ports that asked, in their order. */
  readonly askers: readonly RemoteInfo[]
  behaviour: Behaviour
  /** Somebody logs in, or out with an empty extension. */
  logIn(extension: string | Buffer): void
}

export interface Phones {
  /** For `snmp.port`: all phones listen on it. */
  port: number
  phones: SimulatedPhone[]
  /** @throws Error when there is none */
  at: (address: string) => SimulatedPhone
}

/** Starts the phones and stops them when the test ends. Hundreds are fine: each is one socket. */
export async function startPhones(
  t: TestContext,
  specs: readonly PhoneSpec[],
  options: PhonesOptions = {},
): Promise<Phones> {
  const { port, sockets } = await bindAll(specs, options.port)
  t.after(() => Promise.all(sockets.map(closed)))
  const phones = specs.map((spec, index) => {
    const socket = sockets[index]
    assert.ok(socket)
    return new AgentPhone(t, spec, socket, { ...options, port })
  })
  const at = (address: string) => {
    const phone = phones.find((each) => each.address === address)
    assert.ok(phone, `there is no phone at ${address}`)
    return phone
  }
  return { port, phones, at }
}

const root = '1.3.6.1.4.1.6889'

/** Written once more here, so that the table of the server is checked against another one. Without the `.0`. */
const objects: Record<FamilyName, Record<Field, string>> = {
  '46xx': {
    sysObjectId: `${root}.1.69.1.5`,
    extension: `${root}.2.69.1.4.9`,
    model: `${root}.2.69.1.1.2`,
    mac: `${root}.2.69.1.1.9`,
    serial: `${root}.2.69.1.1.6`,
    version: `${root}.2.69.1.3.2`,
  },
  '96x0': {
    sysObjectId: `${root}.1.69.2.3`,
    extension: `${root}.2.69.2.6.3`,
    model: `${root}.2.69.2.1.43`,
    mac: `${root}.2.69.2.1.42`,
    serial: `${root}.2.69.2.1.46`,
    version: `${root}.2.69.2.1.4`,
  },
  '16xx': {
    sysObjectId: `${root}.1.69.3.1`,
    extension: `${root}.2.69.3.6.3`,
    model: `${root}.2.69.3.1.43`,
    mac: `${root}.2.69.3.1.42`,
    serial: `${root}.2.69.3.1.46`,
    version: `${root}.2.69.3.1.58`,
  },
  '96x1': {
    sysObjectId: `${root}.1.69.6.1`,
    extension: `${root}.2.69.6.7.26`,
    model: `${root}.2.69.6.1.52`,
    mac: `${root}.2.69.6.1.50`,
    serial: `${root}.2.69.6.1.57`,
    version: `${root}.2.69.6.1.4`,
  },
}
const sysObjectIdOid = '1.3.6.1.2.1.1.2'
const usualModel: Record<FamilyName, string> = {
  '46xx': '4620',
  '96x0': '9640',
  '16xx': '1616',
  '96x1': 'J179D02A',
}

interface Scalars {
  setScalarValue(name: string, value: unknown): void
}

class AgentPhone implements SimulatedPhone {
  readonly address: string
  readonly askers: RemoteInfo[] = []
  behaviour: Behaviour
  readonly #spec: PhoneSpec
  readonly #t: TestContext
  readonly #socket: Socket
  readonly #scalars: Scalars
  #question: Buffer = Buffer.alloc(0)

  constructor(t: TestContext, spec: PhoneSpec, socket: Socket, options: PhonesOptions & { port: number }) {
    this.#t = t
    this.#spec = spec
    this.#socket = socket
    this.address = spec.address
    this.behaviour = spec.behaviour ?? 'well'
    const agent = snmp.createAgent(
      {
        address: spec.address,
        port: options.port,
        transport: isIPv6(spec.address) ? 'udp6' : 'udp4',
        dgramModule: { createSocket: () => this.#wire() },
      },
      () => {}, // a question with another community: a phone is silent then
    )
    const authorizer = agent.getAuthorizer()
    authorizer.addCommunity(options.community ?? 'public')
    if (options.user !== undefined) authorizer.addUser(options.user)
    this.#scalars = agent.getMib()
    for (const scalar of scalarsOf(spec)) {
      agent.registerProvider({ ...scalar, type: snmp.MibProviderType.Scalar, maxAccess: readOnly })
      this.#scalars.setScalarValue(scalar.name, scalar.value)
    }
  }

  get asked(): number {
    return this.askers.length
  }

  logIn(extension: string | Buffer): void {
    this.#scalars.setScalarValue('extension', saidExtension({ ...this.#spec, extension }))
  }

  /** What the agent takes for its socket. */
  #wire() {
    return {
      on: (event: string, listener: (packet: Buffer, from: RemoteInfo) => void) => {
        if (event !== 'message') return
        this.#socket.on('message', (packet, from) => {
          this.askers.push(from)
          this.#question = packet // it is answered before `listener` returns
          listener(packet, from)
        })
      },
      bind: () => {},
      send: (answer: Buffer, _offset: number, _length: number, port: number, address: string) =>
        this.#answer(this.#question, answer, port, address),
    }
  }

  #answer(question: Buffer, agents: Buffer, port: number, address: string): void {
    const behaviour = this.behaviour
    const answer = isV3(question) ? agents : asPhonesAnswer(question, agents)
    const send = (packet: Buffer) => this.#socket.send(packet, port, address, ignored)
    if (behaviour === 'silent') return
    if (behaviour === 'well') return send(answer)
    if (behaviour === 'another id') return send(withAnotherId(answer))
    if (behaviour === 'from another port') return this.#sendFrom(this.address, answer, port, address)
    if ('fromAddress' in behaviour) return this.#sendFrom(behaviour.fromAddress, answer, port, address)
    if ('instead' in behaviour) return behaviour.instead(answer, question).forEach(send)
    const timer = setTimeout(() => send(answer), behaviour.lateMs)
    this.#t.after(() => clearTimeout(timer))
  }

  #sendFrom(from: string, answer: Buffer, port: number, address: string): void {
    const socket = createSocket(isIPv6(from) ? 'udp6' : 'udp4')
    socket.bind(0, from, () => socket.send(answer, port, address, () => socket.close()))
  }
}

const readOnly = snmp.MaxAccess['read-only']
const ignored = () => {} // the asker may have gone

function scalarsOf(spec: PhoneSpec) {
  const family = spec.family ?? '46xx'
  const oids = objects[family]
  const octets = snmp.ObjectType.OctetString
  const mac = spec.mac ?? '00040d1a2b3c'
  const all = [
    {
      name: 'sysObjectId',
      oid: sysObjectIdOid,
      scalarType: snmp.ObjectType.OID,
      value: oids.sysObjectId as string | Buffer,
    },
    { name: 'extension', oid: oids.extension, scalarType: octets, value: saidExtension(spec) },
    { name: 'model', oid: oids.model, scalarType: octets, value: spec.model ?? usualModel[family] },
    {
      name: 'mac',
      oid: oids.mac,
      scalarType: octets,
      value: family === '46xx' ? Buffer.from(mac, 'hex') : (mac.match(/../g) ?? []).join(':'),
    },
    { name: 'serial', oid: oids.serial, scalarType: octets, value: spec.serial ?? '051612345' },
    { name: 'version', oid: oids.version, scalarType: octets, value: spec.version ?? 'a20d01b2_3.bin' },
  ]
  return all.filter(({ name }) => !spec.without?.some((field) => field === name))
}

const saidExtension = ({ family, extension }: PhoneSpec) =>
  family === '96x1' && extension !== '' && typeof extension === 'string' && !extension.includes('@')
    ? `${extension}@example.com`
    : extension

const attempts = 20

/** One port that is free on all addresses. */
async function bindAll(specs: readonly PhoneSpec[], asked = 0): Promise<{ port: number; sockets: Socket[] }> {
  for (let attempt = 1; ; attempt += 1) {
    const sockets: Socket[] = []
    try {
      let port = asked
      for (const { address } of specs) {
        const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
        sockets.push(socket)
        socket.bind(port, address)
        await once(socket, 'listening')
        port = socket.address().port
      }
      return { port, sockets }
    } catch (error) {
      await Promise.all(sockets.map(closed))
      if (asked !== 0 || attempt === attempts) throw error
    }
  }
}

const closed = (socket: Socket) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.close(resolve)
  return promise
}
