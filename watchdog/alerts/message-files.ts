import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Message } from '../message.ts'

/** A message on its way. */
export interface Queued {
  /** Its place in the order. */
  seq: number
  message: Message
}

/**
 * A folder with a file for each message that waits, and one for what else is to be known after a restart. Each is
 * written beside its place, synced and renamed into it, so that a crash leaves it whole or not at all.
 */
export class MessageFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What waits, in order. @param onUnusable told of a file that holds no message, which is removed */
  async load(onUnusable: (file: string, why: string) => void): Promise<Queued[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 })
    const names = await readdir(this.#folder)
    const queued: Queued[] = []
    for (const name of names.toSorted()) {
      if (name.endsWith('.new')) await this.#remove(name)
      const seq = seqOf(name)
      if (seq === undefined) continue
      try {
        queued.push({ seq, message: parseMessage(await readFile(join(this.#folder, name), 'utf8')) })
      } catch (error) {
        onUnusable(name, error instanceof Error ? error.message : String(error))
        await this.#remove(name)
      }
    }
    return queued
  }

  add({ seq, message }: Queued): Promise<void> {
    return this.#write(nameOf(seq), JSON.stringify(message))
  }

  remove(seq: number): Promise<void> {
    return this.#remove(nameOf(seq))
  }

  /** @returns undefined when there is none */
  async loadState(name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.#folder, `${name}.state`), 'utf8'))
    } catch (error) {
      if (error instanceof SyntaxError || isMissing(error)) return undefined
      throw error
    }
  }

  saveState(name: string, state: unknown): Promise<void> {
    return this.#write(`${name}.state`, JSON.stringify(state))
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.#folder, name)
    const handle = await open(`${path}.new`, 'w', 0o640)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${path}.new`, path)
    await this.#sync()
  }

  /** Without it, a power cut could take back the rename. */
  async #sync(): Promise<void> {
    const handle = await open(this.#folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  #remove(name: string): Promise<void> {
    return rm(join(this.#folder, name), { force: true })
  }
}

/** Digits enough for the order of names to be that of numbers. */
const nameOf = (seq: number) => `${String(seq).padStart(12, '0')}.json`

const seqOf = (name: string) => (/^\d{12}\.json$/.test(name) ? Number(name.slice(0, 12)) : undefined)

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'

const severities = ['info', 'warning', 'critical'] as const

function parseMessage(text: string): Message {
  const read: unknown = JSON.parse(text)
  if (typeof read !== 'object' || read === null) throw new Error('not an object')
  const fields = read as Record<string, unknown>
  const textAt = (name: string) => {
    const value = fields[name]
    if (typeof value !== 'string') throw new Error(`${name} is missing`)
    return value
  }
  const severity = severities.find((each) => each === fields['severity'])
  if (severity === undefined) throw new Error('severity is missing')
  return {
    incident: textAt('incident'),
    severity,
    kind: textAt('kind'),
    node: textAt('node'),
    subject: textAt('subject'),
    text: textAt('text'),
    at: textAt('at'),
  }
}
