import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { openPieces, piecesOf, type Pieces } from '../files/pieces.ts'
import type { Upload } from '../files/upload.ts'
import type { Entry, FtpCaller, View } from '../files/view.ts'
import type { Activity, TransferEnd, TransferHandle } from '../status/activity.ts'
import { Broken, type DataChannel } from './data-channel.ts'
import { fits } from './glob.ts'
import { listing } from './listing.ts'
import { lastPartOf } from './paths.ts'
import { receive, sendPieces } from './pieces.ts'
import { replies } from './replies.ts'
import type { Job, Result, Transfer } from './state.ts'
import { failureOf, watched, type Failure } from './watched.ts'

export interface TransferParts {
  view: View
  caller: FtpCaller
  channel: DataChannel
  activity: Pick<Activity, 'begin'>
  clock: Clock
  log: Log
  /** The file is there and open; the data connection comes next. */
  onOpened: (bytes?: number) => void
}

type List = Extract<Job, { kind: 'list' }>
type Retrieve = Extract<Job, { kind: 'retrieve' }>
type Store = Extract<Job, { kind: 'store' }>

/** One file or list, from the command that asks for it to its end. Never rejects. */
export class DataTransfer {
  readonly #work: Transfer
  readonly #parts: TransferParts

  constructor(work: Transfer, parts: TransferParts) {
    this.#work = work
    this.#parts = parts
  }

  async run(): Promise<Result> {
    const { job } = this.#work
    const { channel } = this.#parts
    channel.begin()
    try {
      await this.#do(job)
      channel.finish()
      return { type: 'done' }
    } catch (error) {
      channel.drop()
      return this.#failure(error)
    }
  }

  /** Activity hears of files, not of lists. */
  async #do(job: Job): Promise<void> {
    const { path, kind } = job
    if (kind === 'list') return this.#list(job)
    await watched(this.#parts, { path, isUpload: kind === 'store' }, (handle) =>
      kind === 'store' ? this.#store(job, handle) : this.#retrieve(job, handle),
    )
  }

  async #retrieve({ path, from }: Retrieve, handle: TransferHandle): Promise<TransferEnd> {
    const file = await this.#parts.view.read(path)
    if (from > file.size) throw new Broken('beyond the end')
    handle.size = file.size
    const pieces = await openPieces(file)
    try {
      await this.#send(pieces, from, handle)
    } finally {
      await pieces.close()
    }
    const { name, etag, size } = file
    return { result: 'sent', bytes: size - from, file: name, etag, code: replies.sent.code }
  }

  async #store({ path, how }: Store, handle: TransferHandle): Promise<TransferEnd> {
    const { view, channel } = this.#parts
    const upload = await view.store(path, how)
    try {
      await this.#receive(upload, handle)
      channel.rest()
      await upload.commit()
    } catch (error) {
      await this.#forget(upload)
      throw error
    }
    return { result: 'stored', bytes: handle.sent, file: lastPartOf(path), code: replies.stored.code }
  }

  async #list(job: List): Promise<void> {
    const { view, clock } = this.#parts
    const entries = await entriesOf(view, job)
    const { format, facts, pattern } = job
    const wanted = pattern === undefined ? entries : entries.filter(({ name }) => fits(pattern, name))
    const text = listing(wanted, { format, facts, now: clock.wallTime() })
    await this.#send(piecesOf(Buffer.from(text)), 0, { sent: 0 })
  }

  async #send(pieces: Pieces, from: number, progress: { sent: number }): Promise<void> {
    const { channel, onOpened } = this.#parts
    channel.throwIfBroken()
    onOpened(pieces.size)
    const socket = await channel.connect(this.#work.way, this.#work.encrypted)
    await sendPieces(socket, pieces, from, (position) => {
      progress.sent = position - from
      return channel.progress()
    })
  }

  async #receive(upload: Upload, progress: { sent: number }): Promise<void> {
    const { channel, onOpened } = this.#parts
    channel.throwIfBroken()
    onOpened()
    const socket = await channel.connect(this.#work.way, this.#work.encrypted)
    channel.progress()
    await receive(socket, async (chunk) => {
      channel.rest() // a slow disk is not the client's fault
      await upload.write(chunk)
      channel.progress()
      progress.sent += chunk.length
    })
  }

  async #forget(upload: Upload): Promise<void> {
    try {
      await upload.abort()
    } catch (err) {
      this.#parts.log.error({ err }, 'broken upload not removed')
    }
  }

  #failure(error: unknown): Failure {
    const failure = failureOf(error)
    const { caller, log } = this.#parts
    const asked = this.#work.job.path
    if (failure.type === 'failed')
      log.error({ address: caller.address, asked, err: error }, 'ftp transfer failed')
    return failure
  }
}

async function entriesOf(view: View, { path, perhapsFile }: List): Promise<Entry[]> {
  if (!perhapsFile) return view.list(path)
  const entry = await view.look(path)
  return entry.kind === 'file' ? [entry] : view.list(path)
}
