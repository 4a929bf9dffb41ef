import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Component } from '../base/component.ts'
import type { Log } from '../base/log.ts'
import { isProbeName, type ProbeFiles } from './probe-files.ts'
import { allRoots } from './roots.ts'

export interface ProbeKeeperParts {
  probes: ProbeFiles
  log: Log
}

/**
 * Remembers the token of the watchdog over a restart of ours, since it goes on asking meanwhile; and removes check
 * files that earlier runs of it left behind. Users' files are the business of whoever stores them.
 */
export class ProbeKeeper implements Component {
  readonly name = 'probe files'
  readonly #dataFolder: string
  readonly #parts: ProbeKeeperParts

  constructor(dataFolder: string, parts: ProbeKeeperParts) {
    this.#dataFolder = dataFolder
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#parts.probes.begin(await readFile(this.#tokenFile, 'utf8').catch(() => ''))
    await this.#sweep()
  }

  async stop(): Promise<void> {}

  /** A run of the watchdog begins, or goes on. @returns false for what is no token */
  async hello(token: string): Promise<boolean> {
    const { probes, log } = this.#parts
    if (probes.isCurrent(token)) return true
    if (!probes.begin(token)) return false
    try {
      await mkdir(join(this.#tokenFile, '..'), { recursive: true, mode: 0o750 })
      await writeFile(this.#tokenFile, token, { mode: 0o640 })
    } catch (err) {
      log.warn({ err }, 'watchdog token not kept') // its probes are counted for a moment after our next start
    }
    await this.#sweep()
    return true
  }

  async bye(): Promise<void> {
    this.#parts.probes.end()
    await rm(this.#tokenFile, { force: true }).catch(() => {}) // the next hello overwrites it
    await this.#sweep()
  }

  get #tokenFile(): string {
    return join(this.#dataFolder, '.state', 'watchdog', 'token')
  }

  /** What cannot be removed today is harmless, and tried again at the next occasion. */
  async #sweep(): Promise<void> {
    const { probes } = this.#parts
    for (const folder of Object.values(allRoots(this.#dataFolder))) {
      const names = await readdir(folder).catch(() => [])
      const left = names.filter((name) => isCheckFile(name) && !probes.has(name))
      for (const name of left) await rm(join(folder, name), { force: true }).catch(() => {})
    }
  }
}

const isCheckFile = (name: string) => name.startsWith('watchdog-') && isProbeName(name)
