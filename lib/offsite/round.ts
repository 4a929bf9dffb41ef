import type { Clock } from '../base/clock.ts'
import type { FileName } from '../files/file-name.ts'
import { CopyFailure } from './failure.ts'
import type { CopiedFile } from './schedule.ts'

/** A session on the other server. */
export interface RemoteServer {
  readonly isOpen: boolean
  put(name: FileName, content: Buffer): Promise<void>
  close(): void
}

export interface RoundParts {
  /** @throws CopyFailure */
  connect: () => Promise<RemoteServer>
  read: (file: CopiedFile) => Promise<Buffer>
  /** The other server has that file. */
  onSent: (file: CopiedFile) => Promise<void>
  /** Aborts when no further file is to be begun. */
  stopping: AbortSignal
  clock: Clock
}

export interface RoundResult {
  sent: number
  bytes: number
  failed: { file: CopiedFile; failure: CopyFailure }[]
  /** Why the round ended before all was tried. */
  ended: CopyFailure | undefined
  ms: number
}

/** A file may break the connection, as a proxy's limit does; two files in a row, and it is the server. */
const mostLost = 2
/** That many refusals in a row, and there is something wrong with more than a name. */
const mostRefused = 10

/** Sends the files that are due, one after the other, over one session or as many as it takes. */
export async function sendRound(due: readonly CopiedFile[], parts: RoundParts): Promise<RoundResult> {
  const startedAt = parts.clock.now()
  const result: RoundResult = { sent: 0, bytes: 0, failed: [], ended: undefined, ms: 0 }
  let server: RemoteServer | undefined
  /** Failures since a file got through. */
  let inARow: CopyFailure[] = []
  try {
    for (const file of due) {
      if (parts.stopping.aborted) break
      const open = server?.isOpen === true ? server : await parts.connect()
      server = open
      const failure = await failureOf(() => sendOne(file, open, parts, result))
      inARow = failure === undefined ? [] : [...inARow, failure]
      if (failure === undefined) continue
      result.failed.push({ file, failure })
      if (failure.scope !== 'file') open.close()
      if (isEnough(inARow)) throw failure
    }
  } catch (error) {
    if (!(error instanceof CopyFailure)) throw error
    result.ended = error
  } finally {
    server?.close()
  }
  return { ...result, ms: Math.round(parts.clock.now() - startedAt) }
}

async function sendOne(
  file: CopiedFile,
  server: RemoteServer,
  { read, onSent }: RoundParts,
  result: RoundResult,
): Promise<void> {
  const content = await read(file)
  await server.put(file.name, content)
  await onSent(file)
  result.sent += 1
  result.bytes += content.length
}

async function failureOf(work: () => Promise<void>): Promise<CopyFailure | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof CopyFailure) return error
    throw error
  }
}

function isEnough(inARow: readonly CopyFailure[]): boolean {
  const lost = inARow.filter(({ scope }) => scope !== 'file').length
  return lost >= mostLost || inARow.length >= mostRefused || inARow.at(-1)?.scope === 'settings'
}
