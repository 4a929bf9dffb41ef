import { join } from 'node:path'
import type { Agreed } from '../agreed.ts'
import type { Placer } from '../disk/placer.ts'
import type { Scanner } from '../disk/scanner.ts'
import type { MirrorPath } from '../layout.ts'
import type { Lookout } from '../lookout.ts'
import type { Places } from '../places.ts'
import type { MirrorParts, MirrorSettings, Readiness } from '../settings.ts'
import type { Client } from '../wire/client.ts'
import type { Worries } from '../worries.ts'
import { Applier } from './applier.ts'
import { Blobs } from './blobs.ts'
import { Puller, type PullerStatus } from './puller.ts'

export interface StandbyParts extends MirrorParts {
  client: Client
  places: Places
  scanner: Scanner
  placer: Placer
  lookout: Lookout
  worries: Worries
}

const usualReserveBytes = 33_554_432

/** What a node does about the folders while it is the standby, and how far it is. */
export class Standby {
  readonly #node: string
  readonly #stateFolder: string
  readonly #parts: StandbyParts
  readonly #blobs: Blobs
  #puller: Puller | undefined

  constructor(settings: MirrorSettings, parts: StandbyParts) {
    this.#node = settings.node.name
    this.#stateFolder = join(settings.dataFolder, '.state')
    this.#parts = parts
    const { reserveBytes = usualReserveBytes } = settings
    this.#blobs = new Blobs(join(this.#stateFolder, 'blobs'), { reserveBytes })
  }

  async make(): Promise<void> {
    await this.#blobs.make()
  }

  /** From now on this node takes what the active one has. */
  start(agreed: Agreed): void {
    const parts = { ...this.#parts, blobs: this.#blobs, agreed }
    const onRound = () => parts.worries.aboutStandby(puller.status())
    const puller: Puller = new Puller({ ...parts, applier: new Applier(parts), onRound })
    this.#puller = puller
    puller.start()
  }

  /** @returns the files of the active node that are not here yet */
  async stop(): Promise<MirrorPath[]> {
    const puller = this.#puller
    this.#puller = undefined
    await puller?.stop()
    return puller?.missing() ?? []
  }

  /** Undefined: this node is not the standby. */
  status(): PullerStatus | undefined {
    return this.#puller?.status()
  }

  /** Whether phones would get all that they get from the active node. */
  allHere(): Readiness {
    const status = this.status()
    if (status?.behind === undefined)
      return {
        ready: false,
        why: `what the active node has is not known: ${status?.lastError ?? 'not asked yet'}`,
      }
    const { files, bytes } = status.behind
    if (files > 0) return { ready: false, why: `${files} files (${bytes} bytes) are not here yet` }
    const differing = status.drift.filter(({ isWanted }) => isWanted)
    const [first] = differing
    if (first === undefined) return { ready: true }
    const why = `${differing.length} files differ here, such as ${first.path}: ${first.why}`
    return { ready: false, why: `${why}; \`ha resync ${this.#node}\` takes those of the active node` }
  }

  /**
   * Takes everything as the active node has it. What a person laid here is moved to `folder`, which is
   * `.state/rescue/drift-<time>`, and never deleted.
   * @throws Error when this node is not the standby
   */
  async resync(): Promise<{ moved: MirrorPath[]; folder: string }> {
    if (this.#puller === undefined)
      throw new Error(`${this.#node} is not the standby: it has nothing to take over`)
    const time = this.#parts.clock.wallTime().toISOString().replaceAll(/[:.]/g, '-')
    const folder = join(this.#stateFolder, 'rescue', `drift-${time}`)
    return { moved: await this.#puller.resync(folder), folder }
  }
}
