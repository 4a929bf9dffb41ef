import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { printable } from '../base/printable.ts'
import { Refusal, refusals } from '../files/refusal.ts'
import type { Downloads, Granted } from '../files/service.ts'
import { FileChanged } from '../files/stored-file.ts'
import type { TransferEnd, TransferHandle } from '../status/activity.ts'
import { memoryBlocks, StreamedBlocks, type Blocks } from './blocks.ts'
import type { Content, Contents } from './content.ts'
import type { Deadlines } from './deadlines.ts'
import type { Listener } from './listeners.ts'
import { agreeOn, type OptionLimits, type Terms } from './options.ts'
import {
  blockOf,
  buildError,
  buildOptionAck,
  errorCode,
  opcode,
  opcodeOf,
  parseError,
  type Request,
} from './packet.ts'
import { ReadTransfer } from './read-transfer.ts'
import { Sender } from './sender.ts'
import { openOwnWire, sharedWire, type Peer, type Wire } from './wire.ts'

/** What all sessions share. */
export interface SessionContext {
  settings: Config['tftp']
  clock: Clock
  log: Log
  files: Downloads
  contents: Contents
  deadlines: Deadlines
  /** Ports to try for a transfer's own socket. */
  transferPorts: () => Iterable<number>
  /** The phone has shown that it exists. */
  onAnswered: (session: Session) => void
  onEnd: (session: Session) => void
}

export interface SessionStart {
  /** Tells transfers apart: who asked, and where. */
  key: string
  /** Canonical address of the phone. */
  address: string
  peer: Peer
  listener: Listener
  request: Request
  /** The request as it came. */
  packet: Uint8Array
  limits: OptionLimits
  handle: TransferHandle
}

/** Why a transfer ended before its file did. */
export type BreakReason =
  | 'phone silent'
  | 'phone cancelled'
  | 'phone error'
  | 'asked anew'
  | 'gave way'
  | 'address gone'
  | 'file changed'
  | 'server error'
  | 'server stopping'

/** A phone that has been quiet for this long, and then asks for the same file again, has restarted. */
const restartedAfterMs = 1_000

/** One phone fetching one file, from its request to its end. */
export class Session {
  readonly start: SessionStart
  readonly startedAt: number
  readonly #context: SessionContext
  readonly #over = Promise.withResolvers<Uint8Array | undefined>()
  #wire: Wire
  #granted: Granted | undefined
  #blocks: Blocks | undefined
  #transfer: ReadTransfer | undefined
  #sender: Sender | undefined
  #heardAt: number
  #ended = false

  constructor(start: SessionStart, context: SessionContext) {
    this.start = start
    this.#context = context
    this.#wire = sharedWire(start.listener, start.peer)
    this.startedAt = this.#heardAt = context.clock.now()
  }

  /** Resolves when the transfer is over, and its socket and file are closed. */
  async run(): Promise<void> {
    try {
      await this.#open()
      if (!this.#ended) this.#sender?.begin()
    } catch (error) {
      this.#failed(error)
    }
    const last = await this.#over.promise
    await Promise.all([this.#wire.close(last), this.#blocks?.close()])
  }

  /** A packet from the phone, other than a request. */
  receive(packet: Uint8Array): void {
    const now = (this.#heardAt = this.#context.clock.now())
    const kind = opcodeOf(packet)
    if (kind === opcode.error) return this.#phoneError(packet)
    const block = kind === opcode.ack ? blockOf(packet) : undefined
    if (block !== undefined) this.#sender?.acknowledged(block, now)
  }

  /**
   * The phone sends a request from the port it is being served on. The same one over: our first packet was lost.
   * @returns false when the phone has begun anew, so that this transfer is dead
   */
  askedAgain(packet: Uint8Array): boolean {
    if (Buffer.compare(packet, this.start.packet) !== 0) return false
    const now = this.#context.clock.now()
    if (this.#transfer?.answered === true) return now - this.#heardAt < restartedAfterMs
    this.#sender?.askedAgain(now)
    return true
  }

  /** Ends the transfer for a reason that is not the phone's. Nothing is sent, unless `text` is given to be its error. */
  cancel(reason: BreakReason, text?: string): void {
    const last = text === undefined ? undefined : buildError(errorCode.other, text)
    this.#end({ result: 'broken', reason }, last)
  }

  async #open(): Promise<void> {
    const { files, contents, settings } = this.#context
    const { request, address, listener, limits, handle } = this.start
    if (request.name === undefined) throw new Refusal('badName', 'the name is not UTF-8')
    // A leading slash stands for the root; the rules of names are the same for all doors.
    const name = request.name.startsWith('/') ? request.name.slice(1) : request.name
    this.#granted = await files.read({ protocol: 'tftp', address, port: listener.port }, name)
    if (this.#ended) return
    const content = await contents.of(this.#granted.file, request.mode)
    const terms = agreeOn(request.options, content.size, limits)
    this.#blocks = await this.#openBlocks(this.#granted, content, terms)
    if (this.#ended) return
    if (!settings.singlePort) this.#wire = await this.#ownWire()
    handle.size = content.size
    this.#sender = this.#makeSender(this.#blocks, content, terms)
  }

  async #openBlocks(
    { file }: Granted,
    { bytes }: Content,
    { blockSize, windowSize }: Terms,
  ): Promise<Blocks> {
    if (bytes !== undefined) return memoryBlocks(bytes, blockSize)
    return StreamedBlocks.open(file, {
      blockSize,
      windowSize,
      onReady: () => this.#sender?.blocksReady(),
      onFault: (error) => this.#failed(error),
    })
  }

  #ownWire(): Promise<Wire> {
    const { listener, peer } = this.start
    return openOwnWire({
      listener,
      peer,
      ports: this.#context.transferPorts(),
      onPacket: (packet) => this.receive(packet),
      onFault: (error) => this.#failed(error),
    })
  }

  #makeSender(
    blocks: Blocks,
    { size }: Content,
    { blockSize, windowSize, timeoutMs, granted }: Terms,
  ): Sender {
    const { settings, clock, deadlines, onAnswered } = this.#context
    const { handle } = this.start
    const withOptions = granted.length > 0
    const plan = { size, blockSize, windowSize, withOptions, exactTimeoutMs: timeoutMs }
    const transfer = new ReadTransfer(
      { ...plan, timeoutMs: settings.timeoutMs, giveUpMs: settings.giveUpMs },
      clock.now(),
    )
    this.#transfer = transfer
    return new Sender({
      transfer,
      blocks,
      windowSize,
      optionAck: withOptions ? buildOptionAck(granted) : undefined,
      wire: this.#wire,
      clock,
      deadlines,
      onAnswered: () => onAnswered(this),
      onProgress: (bytes) => {
        handle.sent = bytes
      },
      onOver: (how) => this.#ranOut(how),
    })
  }

  #ranOut(how: 'done' | 'giveUp'): void {
    if (how === 'done') return this.#end({ result: 'sent' })
    const detail =
      this.#transfer?.isAtEnd === true ? 'everything was sent, but the end was not acknowledged' : undefined
    this.#end({ result: 'broken', reason: 'phone silent', ...(detail === undefined ? {} : { detail }) })
  }

  #phoneError(packet: Uint8Array): void {
    const error = parseError(packet)
    if (error === undefined) return
    // Phones ask for a file only to learn its size, and then cancel with one of these.
    const isCancel = error.code === errorCode.other || error.code === errorCode.optionsRefused
    this.#end({
      result: 'broken',
      reason: isCancel ? 'phone cancelled' : 'phone error',
      detail: `the phone said: ${printable(error.text, 100)}`,
      code: error.code,
    })
  }

  #failed(error: unknown): void {
    if (error instanceof Refusal) {
      const { tftp: code, text } = refusals[error.reason]
      const { reason, detail } = error
      return this.#end({ result: 'refused', reason, detail, code }, buildError(code, text))
    }
    if (error instanceof FileChanged) return this.cancel('file changed', 'file changed, ask again')
    const { address, request } = this.start
    if (!this.#ended) {
      this.#context.log.error(
        { address, asked: printable(request.shownName), err: error },
        'tftp transfer failed',
      )
    }
    this.cancel('server error', 'server error')
  }

  #end(how: Omit<TransferEnd, 'bytes'>, last?: Uint8Array): void {
    if (this.#ended) return
    this.#ended = true
    this.#sender?.stop()
    const { file, kind, fallback } = this.#granted ?? {}
    this.start.handle.end({
      bytes: this.#transfer?.ackedBytes ?? 0,
      retries: this.#transfer?.resent ?? 0,
      ...(file === undefined ? {} : { file: file.name, etag: file.etag }),
      ...(kind === undefined ? {} : { kind }),
      ...(fallback === true ? { fallback } : {}),
      ...how,
    })
    this.#context.onEnd(this)
    this.#over.resolve(last)
  }
}
