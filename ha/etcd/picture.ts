import type { Change, Listing } from './shapes.ts'

/** What is known of the keys under a prefix: tells each change once, whether a stream or a listing brings it. */
export class Picture {
  readonly #onChange: (change: Change) => void
  /** Keys that are gone have no value, until a listing without them has come. */
  readonly #known = new Map<string, Change>()
  #clusterId: string | undefined
  #listed = 0
  #revision = 0

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange
  }

  /** All up to here is told. */
  get revision(): number {
    return this.#revision
  }

  isOf(clusterId: string): boolean {
    return this.#clusterId === clusterId
  }

  /** From a stream. What a listing has brought before is not told again. */
  apply(change: Change): void {
    const newest = this.#known.get(change.key)?.modRevision ?? this.#listed
    if (change.modRevision > newest) this.#tell(change)
  }

  /** All keys at one revision. One that is older than another before is passed over. @returns how many changes it brought */
  replace({ clusterId, revision, values }: Listing): number {
    if (!this.isOf(clusterId)) this.#forgetRevisions(clusterId)
    if (revision < this.#listed) return 0
    this.#listed = revision
    this.#revision = Math.max(this.#revision, revision)
    const changes: Change[] = []
    for (const [key, { value, modRevision }] of values) {
      const known = this.#known.get(key)
      if (known === undefined || modRevision > known.modRevision) changes.push({ key, value, modRevision })
    }
    for (const [key, { value, modRevision }] of this.#known) {
      if (values.has(key) || modRevision > revision) continue
      this.#known.delete(key)
      if (value !== undefined) changes.push({ key, value: undefined, modRevision: revision })
    }
    for (const change of changes) this.#tell(change)
    return changes.length
  }

  #tell(change: Change): void {
    this.#revision = Math.max(this.#revision, change.modRevision)
    this.#known.set(change.key, change)
    this.#onChange(change)
  }

  /** Another store counts anew. */
  #forgetRevisions(clusterId: string): void {
    this.#clusterId = clusterId
    this.#listed = this.#revision = 0
    for (const [key, change] of this.#known) this.#known.set(key, { ...change, modRevision: 0 })
  }
}
