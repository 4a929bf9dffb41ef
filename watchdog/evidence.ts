import { join } from 'node:path'
import type { Clock } from '../lib/base/clock.ts'
import { askControl } from '../lib/base/control-socket.ts'
import type { Log } from '../lib/base/log.ts'
import { EvidenceFolder } from './evidence-folder.ts'
import { lastLines } from './last-lines.ts'
import { processFacts } from './process-facts.ts'

export interface EvidenceSettings {
  /** Evidence lies below its `.state`. */
  dataFolder: string
  /** The file server's control socket. */
  socketPath: string
  /** Its log; empty: none. */
  logFile: string
}

export interface EvidenceParts {
  clock: Clock
  log: Log
}

export interface Subject {
  incident: string
  reason: string
  /** The file server's; undefined when it is not known, or does not run. */
  pid: number | undefined
}

export interface Collected {
  /** Undefined: not even a folder could be made. */
  folder: string | undefined
  /** What is not there, and why; a sentence each. */
  missing: string[]
}

const limits = { folders: 20, bytes: 41_943_040, fileBytes: 2_097_152 }
/** A file server that has not answered by then hangs, and each second is one without service. */
const askMs = 2_000
const collectMs = 4_000
/** On top, for writing it down. */
const writeMs = 1_000
const mostLogLines = 200

/**
 * Keeps what a restart would destroy: what the file server says of itself while it still answers, and what the kernel
 * says of it in any case. What is not at hand within five seconds is left out, and said: nothing here holds up the
 * cure. No settings and no environment are in it, so no secrets.
 */
export class Evidence {
  readonly #settings: EvidenceSettings
  readonly #parts: EvidenceParts
  readonly #folder: EvidenceFolder

  constructor(settings: EvidenceSettings, parts: EvidenceParts) {
    this.#settings = settings
    this.#parts = parts
    this.#folder = new EvidenceFolder(join(settings.dataFolder, '.state', 'watchdog', 'evidence'), limits)
  }

  /** Never rejects, and ends in time. */
  async collect(subject: Subject): Promise<Collected> {
    const { clock, log } = this.#parts
    const collected: Collected = { folder: undefined, missing: [] }
    const [late, over] = [new AbortController(), new AbortController()]
    const cancel = clock.after(collectMs, () => late.abort())
    // A disk that hangs keeps even what is at hand from being written.
    const hung = clock.sleep(collectMs + writeMs, over.signal).catch(() => {})
    await Promise.race([this.#collect(subject, collected, late.signal), hung])
    cancel()
    over.abort()
    const { folder, missing } = collected
    log.info({ incident: subject.incident, folder, missing }, 'evidence collected')
    return { folder, missing: [...missing] }
  }

  #piecesOf({ pid }: Subject): Piece[] {
    const { socketPath, logFile } = this.#settings
    const asked = (url: string) => askControl<unknown>(socketPath, url, { timeoutMs: askMs })
    return [
      { file: 'process.json', get: async () => asText(await processFacts(known(pid))) },
      { file: 'log.txt', get: async () => (await lastLines(logFile, mostLogLines)).join('\n') },
      { file: 'status.json', get: async () => asText(await asked('/status')) },
      { file: 'report.json', get: async () => asText(await asked('/report')) },
    ]
  }

  async #collect(subject: Subject, collected: Collected, late: AbortSignal): Promise<void> {
    try {
      const folder = (collected.folder = await this.#folder.begin(subject.incident))
      await Promise.all(
        this.#piecesOf(subject).map(async ({ file, get }) => {
          // Each on its own: the first that is there may be the only one.
          const problem = await this.#take(folder, file, inTime(get(), late))
          if (problem !== undefined) collected.missing.push(`${file}: ${problem}`)
        }),
      )
      await this.#folder.write(folder, 'about.json', asText(this.#about(subject, collected)))
      await this.#folder.prune(folder)
    } catch (error) {
      collected.missing.push(messageOf(error))
    }
  }

  /** @returns why it is not there */
  async #take(folder: string, file: string, getting: Promise<string>): Promise<string | undefined> {
    try {
      await this.#folder.write(folder, file, await getting)
      return undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  #about({ incident, reason, pid }: Subject, { missing }: Collected) {
    return { incident, reason, pid, at: this.#parts.clock.wallTime().toISOString(), missing }
  }
}

interface Piece {
  file: string
  get: () => Promise<string>
}

async function inTime(getting: Promise<string>, late: AbortSignal): Promise<string> {
  const tooLate = Promise.withResolvers<never>()
  const giveUp = () => tooLate.reject(new Error('not at hand in time'))
  late.addEventListener('abort', giveUp)
  try {
    return await Promise.race([getting, tooLate.promise])
  } finally {
    late.removeEventListener('abort', giveUp)
  }
}

function known(pid: number | undefined): number {
  if (pid === undefined) throw new Error('the process is not known, or does not run')
  return pid
}

const asText = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
