import { lstatSync, readFileSync, statSync, type Stats } from 'node:fs'
import type { Alarms } from '../base/alarms.ts'
import { anyCallServer, keyOf, parseCredentials } from './credential-list.ts'

/**
 * The credentials file as last read. An edit counts from the next question on. While the file is damaged or open to
 * every user of the machine, what was read last stays in force and an alarm is raised; when it is gone, nobody has
 * credentials.
 */
export class CredentialsFile {
  /** Another number after each change. */
  generation = 0
  readonly #path: string
  readonly #alarms: Alarms
  #identity = ''
  #hashes: ReadonlyMap<string, string> = new Map()

  /** @param path empty: there is no file */
  constructor(path: string, { alarms }: { alarms: Alarms }) {
    this.#path = path
    this.#alarms = alarms
    this.refresh()
  }

  /** The one for exactly that call server comes before the one for any. */
  hashFor(extension: string, callServer: string): string | undefined {
    const hashAt = (server: string) => this.#hashes.get(keyOf({ extension, callServer: server }))
    return hashAt(callServer) ?? hashAt(anyCallServer)
  }

  /** Reads it again if it has changed: one look at its dates otherwise. */
  refresh(): void {
    if (this.#path === '') return
    try {
      const stats = lookAt(this.#path)
      if (stats === undefined) return this.#gone()
      const identity = [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs, stats.mode].join()
      if (identity === this.#identity) return
      const text = readPrivate(this.#path, stats)
      this.#identity = identity // was read: if it cannot be understood, only an edit will help
      this.#use(parseCredentials(text).map((credential) => [keyOf(credential), credential.hash]))
      this.#alarms.clear(this.#subject)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const stays =
        this.#hashes.size === 0 ? 'no phone is let in by it' : 'what was read before stays in force'
      this.#alarms.raise(this.#subject, `${this.#path} cannot be used, so ${stays}: ${why}`)
    }
  }

  #gone(): void {
    this.#identity = ''
    if (this.#hashes.size === 0) return
    this.#use([])
    this.#alarms.raise(this.#subject, `${this.#path} is gone: no phone is let in by credentials`)
  }

  #use(hashes: readonly [key: string, hash: string][]): void {
    this.#hashes = new Map(hashes)
    this.generation += 1
  }

  get #subject(): string {
    return `credentials ${this.#path}`
  }
}

const largest = 16_777_216

function lookAt(path: string): Stats | undefined {
  const entry = lstatSync(path, { throwIfNoEntry: false })
  return entry?.isSymbolicLink() === true ? statSync(path) : entry
}

function readPrivate(path: string, stats: Stats): string {
  if (!stats.isFile()) throw new Error('it is not a regular file') // reading a FIFO would never end
  if ((stats.mode & 0o007) !== 0)
    throw new Error(`every user of this machine can get at it; run: chmod 600 ${path}`)
  if (stats.size > largest) throw new Error('it is longer than 16 MiB')
  return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
}
