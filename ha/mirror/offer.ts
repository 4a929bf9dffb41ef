import { createHash, randomUUID } from 'node:crypto'
import type { Identity } from '../../lib/files/hot-files.ts'
import { manifestLines, rootText, type Content, type Entry, type Manifest, type Role } from './manifest.ts'
import type { Here } from './plan.ts'
import type { FullScan } from './disk/scanner.ts'

/** A content and the file that holds it. */
export interface Held {
  path: string
  identity: Identity
}

/** What this node tells the other one that it has: the last scan, and what is to be published. */
export class Offer {
  readonly #node: string
  readonly #run = randomUUID()
  readonly #pathOf: (path: Entry['path']) => string | undefined
  readonly #pending = new Map<string, Content & Held>()
  #role: Role = 'none'
  #scan: FullScan | undefined
  #manifest: Manifest
  #lines: readonly string[] = []
  #etag = ''
  #rootHash = ''
  #bytes = 0
  #byContent = new Map<string, Entry>()
  #changed = Promise.withResolvers<void>()

  constructor(node: string, pathOf: (path: Entry['path']) => string | undefined) {
    this.#node = node
    this.#pathOf = pathOf
    this.#manifest = { node, role: 'none', run: this.#run, entries: [], unsure: [], pending: [] }
    this.#renew()
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  get etag(): string {
    return this.#etag
  }

  /** Of what the files are, whatever their node and its role. */
  get rootHash(): string {
    return this.#rootHash
  }

  setRole(role: Role): void {
    this.#role = role
    this.#renew()
  }

  setScan(scan: FullScan): void {
    const isSame = this.#scan !== undefined && equalScans(this.#scan, scan)
    this.#scan = scan // its identities are newer even then
    if (!isSame) this.#renew()
  }

  addPending(content: Content & Held): void {
    this.#pending.set(content.sha256, content)
    this.#renew()
  }

  dropPending(sha256: string): void {
    if (this.#pending.delete(sha256)) this.#renew()
  }

  /** Of all files together. */
  get bytes(): number {
    return this.#bytes
  }

  lines(): readonly string[] {
    return this.#lines
  }

  /** Resolves once the manifest is another than that, and known at all, or when `signal` aborts. */
  async untilOther(etag: string, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    const abort = () => aborted.resolve()
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    while (this.#etag === etag && !signal.aborted)
      await Promise.race([this.#changed.promise, aborted.promise])
    signal.removeEventListener('abort', abort)
  }

  content(sha256: string): Held | undefined {
    const pending = this.#pending.get(sha256)
    if (pending !== undefined) return pending
    const entry = this.#byContent.get(sha256)
    const path = entry && this.#pathOf(entry.path)
    const identity = entry && this.#scan?.identities.get(entry.path)
    return path === undefined || identity === undefined ? undefined : { path, identity }
  }

  #renew(): void {
    const { here = new Map<string, Here>(), unsure = ['/'] } = this.#scan ?? {}
    const entries = [...here.values()].flatMap((each) => (each.is === 'file' ? [each.entry] : []))
    entries.sort((a, b) => (a.path < b.path ? -1 : 1))
    const pending = [...this.#pending.values()].map(({ sha256, size }) => ({ sha256, size }))
    const odd = [...here].flatMap(([path, each]) => (each.is === 'odd' ? [path, `${path}/`] : []))
    // Before the first scan nothing is known of anything, and this node says that it is not active.
    const role = this.#scan === undefined ? 'none' : this.#role
    this.#manifest = { node: this.#node, role, run: this.#run, entries, unsure: [...unsure, ...odd], pending }
    this.#byContent = new Map(entries.map((entry) => [entry.sha256, entry]))
    this.#lines = manifestLines(this.#manifest)
    this.#etag = `"${hashOf(this.#lines.join('\n'))}"`
    this.#rootHash = hashOf(rootText(entries))
    this.#bytes = entries.reduce((sum, { size }) => sum + size, 0)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)

/** What is unchanged is the same object in both. */
function equalScans(a: FullScan, b: FullScan): boolean {
  if (a.here.size !== b.here.size || a.unsure.join('\n') !== b.unsure.join('\n')) return false
  for (const [path, here] of b.here) {
    const before = a.here.get(path)
    if (before !== here && !(before?.is === here.is && here.is !== 'file')) return false
  }
  return true
}
