import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PhoneTraits } from '../base/phone-traits.ts'
import { printable } from '../base/printable.ts'
import { Refusal } from '../files/refusal.ts'
import type { Downloads, Presented, Uploads } from '../files/service.ts'
import { FileChanged } from '../files/stored-file.ts'
import { canonicalAddress } from '../phones/address.ts'
import type { TransferHandle, TransferStart } from '../status/activity.ts'
import { askedName } from './asked-name.ts'
import { planAnswer } from './conditional.ts'
import type { Connection } from './connections.ts'
import { Exchange } from './exchange.ts'
import { framingFault, hasBody } from './framing.ts'
import { textHeaders } from './headers.ts'
import { allowTime, type Pace } from './pace.ts'
import { remember } from './remember.ts'
import { sendGranted } from './send-granted.ts'
import {
  faultAnswer,
  lingerMs,
  outOfRange,
  refusalAnswer,
  unclearRequest,
  wrongMethod,
  type ShortAnswer,
} from './short-answer.ts'
import { storeUpload, whyNotStored } from './store-upload.ts'
import { expectsContinue } from './take-body.ts'
import { takeTurn } from './turns.ts'

export interface RouteParts {
  files: Downloads & Uploads
  activity: { begin(start: TransferStart): TransferHandle }
  clock: Clock
  log: Log
  /** What a User-Agent tells of a phone. */
  identify: (userAgent: string) => PhoneTraits | undefined
  /** Of the question for credentials; phones keep theirs by it. */
  realm: string
  /** Headers of every answer, as name and value in turn. */
  alwaysHeaders?: () => string[]
}

/** Answers requests for files: the rules below decide, this writes what they decided. */
export class FileRoutes {
  readonly #parts: RouteParts
  readonly #pace: Pace
  /** Each phone says the same with every request. */
  readonly #identify: RouteParts['identify']
  readonly #canonical = remember(canonicalAddress, 100)
  /** Uploads and deletions under way; they may outlive their connection. */
  readonly #changes = new Set<Promise<void>>()

  constructor(parts: RouteParts, pace: Pace) {
    this.#parts = parts
    this.#identify = remember(parts.identify, 5_000)
    this.#pace = pace
  }

  /** @param target the request target as it came over the wire. Never rejects. */
  async answer(
    request: IncomingMessage,
    target: string,
    response: ServerResponse,
    connection: Connection,
  ): Promise<void> {
    const { method } = request
    const turn = takeTurn(connection, method === 'PUT' || method === 'DELETE')
    if (turn !== undefined && !(await turn)) return
    const { asked, fault } = readTarget(target)
    const presented = this.#presentedBy(request, connection)
    const start = startOf(connection, asked, presented, method === 'PUT')
    const { activity, alwaysHeaders } = this.#parts
    const exchange = new Exchange(request, response, connection, activity.begin(start), alwaysHeaders?.())
    try {
      const refused = whyNot(request)
      if (refused !== undefined) return this.#sendShort(exchange, refused)
      if (fault !== undefined) throw fault
      if (method === 'PUT') await this.#tracked(this.#store(exchange, asked, presented))
      else if (method === 'DELETE') await this.#tracked(this.#remove(exchange, asked, presented))
      else await this.#send(exchange, asked, presented)
    } catch (error) {
      this.#fail(exchange, error, asked)
    }
  }

  /** Resolves once every upload and deletion that was begun has come to its end. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#changes)
  }

  async #tracked(change: Promise<void>): Promise<void> {
    this.#changes.add(change)
    try {
      await change
    } finally {
      this.#changes.delete(change)
    }
  }

  async #send(exchange: Exchange, asked: string, presented: Presented): Promise<void> {
    const { request, connection } = exchange
    const granted = await this.#parts.files.read(connection.caller, asked, presented)
    const plan = planAnswer(request.method ?? '', request.headers, granted.file)
    if (plan.status === 416) this.#sendShort(exchange, outOfRange(granted.file.size))
    else await sendGranted(exchange, granted, plan, (bytes) => this.#allowTime(connection, bytes))
  }

  async #store(exchange: Exchange, asked: string, presented: Presented): Promise<void> {
    const { request, connection } = exchange
    const bytes = Number(request.headers['content-length'])
    connection.receiving = request
    try {
      const upload = await this.#parts.files.save(connection.caller, asked, presented, bytes)
      await storeUpload(exchange, upload, bytes, () => this.#allowTime(connection, bytes))
    } finally {
      connection.receiving = undefined
    }
  }

  #remove(exchange: Exchange, asked: string, presented: Presented): Promise<void> {
    return exchange.complete(async () => {
      await this.#parts.files.remove(exchange.connection.caller, asked, presented)
      exchange.expect({ result: 'removed', bytes: 0, code: 204 })
      exchange.writeHead(204, []).end()
    })
  }

  #allowTime(connection: Connection, bytes: number): void {
    allowTime(connection, bytes, this.#pace, this.#parts.clock.now())
  }

  #presentedBy({ headers }: IncomingMessage, { caller, socket }: Connection): Presented {
    const { authorization } = headers
    const phone = this.#identify(headers['user-agent'] ?? '')
    return {
      localAddress: this.#canonical(socket.localAddress ?? ''),
      encrypted: caller.protocol === 'https',
      ...(phone === undefined ? {} : { phone }),
      ...(authorization === undefined ? {} : { authorization }),
    }
  }

  #fail(exchange: Exchange, error: unknown, asked: string): void {
    const changed = error instanceof FileChanged
    if (!(error instanceof Refusal || changed)) {
      this.#parts.log.error({ err: error, asked: printable(asked) }, 'request failed')
    }
    if (exchange.response.headersSent) exchange.breakOff(changed ? 'the file was changed' : 'a fault of ours')
    else if (error instanceof Refusal) this.#sendShort(exchange, refusalAnswer(error, this.#parts.realm))
    else this.#sendShort(exchange, faultAnswer(error))
  }

  #sendShort(exchange: Exchange, answer: ShortAnswer): void {
    const { request, response, connection } = exchange
    const { status, result, reason, detail } = answer
    exchange.expect({ result, bytes: exchange.sent, code: status, reason, detail })
    // Who was told not to send the body may do so all the same, or not: what follows would be unclear.
    if (answer.close || expectsContinue(request)) connection.closing = true
    const text = `${answer.text}\n`
    exchange.writeHead(status, textHeaders(text, answer.headers))
    if (!hasBody(request) || request.readableEnded || request.socket.readableEnded) {
      response.end(text)
      return
    }
    // The client is still sending. If we closed now, the kernel would reset the connection and take our answer
    // with it, unread: so it may go on for a while, and the sweep ends it.
    response.write(text)
    connection.deadline = this.#parts.clock.now() + lingerMs
    request.resume().once('end', () => response.end())
  }
}

function startOf(
  { caller }: Connection,
  asked: string,
  { phone }: Presented,
  upload: boolean,
): TransferStart {
  return { ...caller, asked, ...(phone === undefined ? {} : { phone }), ...(upload ? { upload } : {}) }
}

function readTarget(target: string): { asked: string; fault?: unknown } {
  try {
    return { asked: askedName(target) }
  } catch (fault) {
    return { asked: target, fault }
  }
}

/** What is wrong with the request itself, before its file is looked at. */
function whyNot(request: IncomingMessage): ShortAnswer | undefined {
  const fault = framingFault(request)
  if (fault !== undefined) return unclearRequest(fault)
  const { method = '' } = request
  if (method === 'PUT') return whyNotStored(request)
  return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? undefined : wrongMethod(method)
}
