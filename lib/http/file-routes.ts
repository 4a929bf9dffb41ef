import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PhoneTraits } from '../base/phone-traits.ts'
import { printable } from '../base/printable.ts'
import { Refusal } from '../files/refusal.ts'
import type { Downloads, Granted } from '../files/service.ts'
import { FileChanged } from '../files/stored-file.ts'
import type { TransferEnd, TransferHandle, TransferStart } from '../status/activity.ts'
import { askedName } from './asked-name.ts'
import { planAnswer } from './conditional.ts'
import type { Connection } from './connections.ts'
import { Exchange } from './exchange.ts'
import { framingFault, hasBody } from './framing.ts'
import { rangeHeaders, textHeaders, validators, wholeFileHeaders, type HeaderBlock } from './headers.ts'
import { remember } from './remember.ts'
import { openPieces, pieceBytes, sendPieces } from './send-file.ts'
import {
  faultAnswer,
  outOfRange,
  refusalAnswer,
  unclearRequest,
  wrongMethod,
  type ShortAnswer,
} from './short-answer.ts'

export interface RouteParts {
  files: Downloads
  activity: { begin(start: TransferStart): TransferHandle }
  clock: Clock
  log: Log
  /** What a User-Agent tells of a phone. */
  identify: (userAgent: string) => PhoneTraits | undefined
}

export interface Pace {
  idleTimeoutMs: number
  /** Slower clients are cut off. 0: none is. */
  minBytesPerSecond: number
}

/** How long a client may go on sending what we do not want, so that it gets to read why. */
export const lingerMs = 1_000

/** Answers requests for files: the rules below decide, this writes what they decided. */
export class FileRoutes {
  readonly #parts: RouteParts
  readonly #pace: Pace
  /** Each phone says the same with every request. */
  readonly #identify: RouteParts['identify']

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
    const { asked, fault } = readTarget(target)
    const phone = this.#identify(request.headers['user-agent'] ?? '')
    const start =
      phone === undefined ? { ...connection.caller, asked } : { ...connection.caller, asked, phone }
    const exchange = new Exchange(request, response, connection, this.#parts.activity.begin(start))
    try {
      const refused = whyNot(request)
      if (refused !== undefined) return this.#sendShort(exchange, refused)
      if (fault !== undefined) throw fault
      await this.#sendGranted(exchange, await this.#parts.files.read(connection.caller, asked))
    } catch (error) {
      this.#fail(exchange, error, asked)
    }
  }

  async #sendGranted(exchange: Exchange, granted: Granted): Promise<void> {
    const { request } = exchange
    const { file } = granted
    const plan = planAnswer(request.method ?? '', request.headers, file)
    switch (plan.status) {
      case 416:
        return this.#sendShort(exchange, outOfRange(file.size))
      case 304:
        exchange.expect(endOf(granted, { result: 'unchanged', bytes: 0, code: 304 }))
        exchange.writeHead(304, validators(file)).end()
        return
      case 206:
        return this.#sendPart(exchange, granted, plan, rangeHeaders(file, plan))
      case 200:
        return this.#sendPart(
          exchange,
          granted,
          { ...plan, from: 0, length: file.size },
          wholeFileHeaders(file),
        )
    }
  }

  async #sendPart(exchange: Exchange, granted: Granted, part: Part, headers: HeaderBlock): Promise<void> {
    const { request, response, connection } = exchange
    const { content, size } = granted.file
    const { status, from } = part
    const length = request.method === 'HEAD' ? 0 : part.length
    exchange.expect(endOf(granted, { result: 'sent', bytes: length, code: status }), size)
    this.#setDeadline(connection, length)
    if (length === 0) {
      exchange.writeHead(status, headers).end()
    } else if (content !== undefined && length <= pieceBytes) {
      exchange
        .writeHead(status, headers)
        .end(length === size ? content : content.subarray(from, from + length))
    } else {
      const pieces = await openPieces(granted.file)
      try {
        exchange.writeHead(status, headers)
        await sendPieces(response, pieces, { from, length }, exchange)
      } finally {
        await pieces.close()
      }
    }
  }

  /** One deadline for the whole answer, however it is spread: a slow reader cannot stay by taking a byte at times. */
  #setDeadline(connection: Connection, bytes: number): void {
    const { idleTimeoutMs, minBytesPerSecond } = this.#pace
    if (minBytesPerSecond === 0) return
    const from = Number.isFinite(connection.deadline)
      ? connection.deadline
      : this.#parts.clock.now() + idleTimeoutMs
    connection.deadline = from + (bytes / minBytesPerSecond) * 1_000
  }

  #fail(exchange: Exchange, error: unknown, asked: string): void {
    const changed = error instanceof FileChanged
    if (!(error instanceof Refusal || changed)) {
      this.#parts.log.error({ err: error, asked: printable(asked) }, 'request failed')
    }
    if (exchange.response.headersSent) exchange.breakOff(changed ? 'the file was changed' : 'a fault of ours')
    else this.#sendShort(exchange, error instanceof Refusal ? refusalAnswer(error) : faultAnswer(error))
  }

  #sendShort(exchange: Exchange, answer: ShortAnswer): void {
    const { request, response, connection } = exchange
    const { status, result, reason, detail } = answer
    exchange.expect({ result, bytes: 0, code: status, reason, detail })
    if (answer.close) connection.closing = true
    const text = `${answer.text}\n`
    exchange.writeHead(status, textHeaders(text, answer.headers))
    if (!hasBody(request)) {
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

interface Part {
  status: 200 | 206
  from: number
  length: number
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
  return method === 'GET' || method === 'HEAD' ? undefined : wrongMethod(method)
}

function endOf({ file, kind, fallback, detail }: Granted, end: TransferEnd): TransferEnd {
  const about = { ...end, file: file.name, etag: file.etag, kind, fallback }
  return detail === undefined ? about : { ...about, detail }
}
