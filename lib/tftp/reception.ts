import type { RemoteInfo } from 'node:dgram'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { PhoneTraits } from '../base/phone-traits.ts'
import { refusals, type RefusalReason } from '../files/refusal.ts'
import type { Downloads } from '../files/service.ts'
import { canonicalAddress } from '../phones/address.ts'
import type { TransferHandle, TransferStart } from '../status/activity.ts'
import { Contents } from './content.ts'
import { Deadlines } from './deadlines.ts'
import type { Listener } from './listeners.ts'
import type { OptionLimits } from './options.ts'
import { buildError, errorCode, opcode, opcodeOf, parseRequest, type Request } from './packet.ts'
import { Quirks } from './quirks.ts'
import { RequestRate } from './request-rate.ts'
import { Session, type SessionContext } from './session.ts'
import { parsePortRange, portsToTry } from '../base/port-range.ts'
import { TransferTable } from './transfer-table.ts'
import { turnAway } from './wire.ts'

export interface TftpCollaborators {
  files: Downloads
  activity: { begin(start: TransferStart): TransferHandle }
  clock: Clock
  log: Log
  /** What is known of the phone at an address, from its earlier requests. */
  phoneAt?: (address: string) => PhoneTraits | undefined
  /** From 0 to below 1, for the choice of transfer ports. */
  random?: () => number
}

/** Bytes of a DATA packet before its data. */
const dataHeaderBytes = 4
/** A name may be as long as a packet; of one that long, the beginning is enough to be remembered. */
const longestShownName = 1_024

/** A packet that reached a listening socket, and whose it is. */
interface Call {
  listener: Listener
  packet: Buffer
  from: RemoteInfo
  /** Tells transfers apart: who sent it, and where to. */
  key: string
}

/** Takes packets that reach a listening socket: begins transfers, or says no, or nothing. */
export class Reception {
  readonly #settings: Config['tftp']
  readonly #collaborators: TftpCollaborators
  readonly #table: TransferTable
  readonly #rate: RequestRate
  readonly #quirks: Quirks
  readonly #context: SessionContext
  /** Sessions whose sockets and files are not closed yet. */
  readonly #running = new Set<Promise<void>>()
  #isOpen = true

  constructor(settings: Config['tftp'], collaborators: TftpCollaborators) {
    const { clock, log, files, random = Math.random } = collaborators
    const ports = parsePortRange('tftp.transferPorts', settings.transferPorts)
    this.#settings = settings
    this.#collaborators = collaborators
    this.#table = new TransferTable(settings)
    this.#rate = new RequestRate(settings.requestsPerSecond)
    this.#quirks = new Quirks(settings.quirks)
    this.#context = {
      settings,
      clock,
      log,
      files,
      contents: new Contents(),
      deadlines: new Deadlines(clock),
      transferPorts: () => portsToTry(ports, random),
      onAnswered: (session) => this.#table.answered(session),
      onEnd: (session) => this.#table.remove(session),
    }
  }

  /** Requests dropped since the start, because their address sent too many. */
  get dropped(): number {
    return this.#rate.dropped
  }

  /** No request is heard from now on. */
  close(): void {
    this.#isOpen = false
  }

  /** Ends every transfer, telling the phones. */
  cut(): void {
    for (const session of this.#table.all()) session.cancel('server stopping', 'server stopping')
  }

  /** Resolves when all transfers have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** The socket of `listener` is about to be closed; transfers with one of their own may go on. */
  addressGone(listener: Listener): void {
    if (!this.#settings.singlePort) return
    for (const session of this.#table.all())
      if (session.start.listener === listener) session.cancel('address gone')
  }

  receive(listener: Listener, packet: Buffer, from: RemoteInfo): void {
    if (from.port === 0) return // nobody can be answered there
    const call = { listener, packet, from, key: `${from.port} ${from.address} ${listener.address}` }
    const kind = opcodeOf(packet)
    if (kind === opcode.read || kind === opcode.write) this.#request(call)
    else if (this.#settings.singlePort) this.#follow(call)
  }

  /** Single-port mode: a packet of a transfer under way, we suppose. */
  #follow({ listener, packet, from, key }: Call): void {
    const session = this.#table.find(key)
    if (session !== undefined) return session.receive(packet)
    const isStrange = opcodeOf(packet) === opcode.ack && !this.#table.hasEnded(key)
    if (isStrange && this.#mayAnswer(from)) turnAway(listener.socket, packet, from)
  }

  #request(call: Call): void {
    if (!this.#isOpen || !this.#mayAnswer(call.from)) return
    const known = this.#table.find(call.key)
    if (known?.askedAgain(call.packet) === true) return
    const request = parseRequest(call.packet)
    if ('malformed' in request) {
      this.#collaborators.log.debug(
        { address: call.from.address, why: request.malformed },
        'tftp request malformed',
      )
      return sendError(call, errorCode.illegal, request.malformed)
    }
    known?.cancel('asked anew')
    this.#answer(call, request)
  }

  #answer(call: Call, request: Request): void {
    const { listener, from } = call
    const address = canonicalAddress(from.address)
    const phone = this.#collaborators.phoneAt?.(address)
    const handle = this.#collaborators.activity.begin({
      protocol: 'tftp',
      address,
      port: listener.port,
      asked: request.shownName.slice(0, longestShownName),
      ...(phone === undefined ? {} : { phone }),
    })
    const refuse = (reason: RefusalReason, detail: string) => {
      const { tftp: code, text } = refusals[reason]
      handle.end({ result: 'refused', bytes: 0, reason, detail, code })
      sendError(call, code, text)
    }
    if (request.operation === 'write') return refuse('forbidden', 'nothing may be written over TFTP')
    if (!this.#table.hasRoom(address, this.#context.clock.now()))
      return refuse('busy', 'too many TFTP transfers under way')
    const limits = this.#limitsFor({ address, model: phone?.model }, listener)
    this.#begin(new Session({ ...call, peer: from, address, request, limits, handle }, this.#context))
  }

  #begin(session: Session): void {
    this.#table.add(session)
    const running = session.run().finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #limitsFor(
    phone: { address: string; model: string | undefined },
    { largestPacket }: Listener,
  ): OptionLimits {
    const { maxBlockSize, maxWindowSize } = this.#settings
    const fitting = Math.min(maxBlockSize, largestPacket - dataHeaderBytes)
    return this.#quirks.limitsFor(phone, { maxBlockSize: fitting, maxWindowSize })
  }

  /** Whether one more packet of this address is answered; if not, says so now and then. */
  #mayAnswer({ address }: RemoteInfo): boolean {
    const { answer, say } = this.#rate.take(address, this.#context.clock.now())
    if (say !== undefined) {
      this.#collaborators.log.warn(
        { address, dropped: say, limit: this.#settings.requestsPerSecond },
        'tftp requests dropped',
      )
    }
    return answer
  }
}

function sendError({ listener, from }: Call, code: number, text: string): void {
  listener.socket.send(buildError(code, text), from.port, from.address)
}
