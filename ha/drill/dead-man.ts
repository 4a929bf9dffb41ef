import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild, type ChildProgram } from '../../lib/base/child-program.ts'
import { systemClock } from '../../lib/base/clock.ts'
import type { Act } from './acts.ts'

export interface UndoPlan {
  afterMs: number
  acts: readonly Act[]
}

export interface Undone {
  act: string
  /** It could not be done, and why. */
  why?: string
}

export const armedFile = 'armed'
export const resultFile = 'undone.json'

const program = new URL('undo.ts', import.meta.url).pathname
const armMs = 10_000

/** A process of its own that takes a fault back in time, even if this one is killed or loses its terminal. */
export class DeadMan {
  readonly #child: ChildProgram
  readonly #folder: string

  private constructor(child: ChildProgram, folder: string) {
    this.#child = child
    this.#folder = folder
  }

  /** Returns once the timer runs; only then may the fault begin. @throws Error when it does not */
  static async arm(plan: UndoPlan): Promise<DeadMan> {
    const folder = await mkdtemp(join(tmpdir(), 'twintone-drill-'))
    const file = join(folder, 'plan.json')
    await writeFile(file, JSON.stringify(plan), { mode: 0o600 })
    const child = await startChild(process.execPath, [program, file], { env: {}, output: 'ignore' })
    if (await isArmed(child, folder)) return new DeadMan(child, folder)
    child.signal('SIGKILL')
    await rm(folder, { recursive: true, force: true })
    throw new Error(`the timer that takes the fault back did not start (${program}); nothing was done`)
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Takes the fault back before its time. @returns what could not be taken back; empty: all is as before */
  async undoNow(): Promise<Undone[]> {
    this.#child.tell('now')
    return this.undone()
  }

  /** Resolves when the fault was taken back, sooner or later. */
  async undone(): Promise<Undone[]> {
    const how = await this.#child.ended
    if (how === 'code 0') return []
    const text = await readFile(join(this.#folder, resultFile), 'utf8').catch(() => undefined)
    const all = text === undefined ? [] : (JSON.parse(text) as Undone[])
    await rm(this.#folder, { recursive: true, force: true })
    const failed = all.filter(({ why }) => why !== undefined)
    return failed.length > 0 ? failed : [{ act: 'take the fault back', why: `${program} ended with ${how}` }]
  }
}

async function isArmed(child: ChildProgram, folder: string): Promise<boolean> {
  const over = new AbortController()
  void child.ended.then(() => over.abort())
  const end = systemClock.now() + armMs
  while (systemClock.now() < end && !over.signal.aborted) {
    if (await exists(join(folder, armedFile))) return true
    await systemClock.sleep(20)
  }
  return false
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )
