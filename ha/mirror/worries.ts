import type { Alarms } from '../../lib/base/alarms.ts'
import type { MirrorPath } from './layout.ts'
import type { Drift, Here } from './plan.ts'
import type { FullScan } from './disk/scanner.ts'

const subjects = {
  drift: 'files changed on the standby',
  fetch: 'files from the active node',
  missing: 'files missing since the take-over',
  damaged: 'damaged files',
  port: 'port for files to the other node',
}

/** A file that did not come in time, and the content that stands there instead; undefined: none. */
export interface Missing {
  path: MirrorPath
  had: string | undefined
}

export const contentAt = (here: Here | undefined): string | undefined =>
  here?.is === 'file' ? here.entry.sha256 : undefined

/** What a person should know about the files of both nodes. */
export class Worries {
  readonly #node: string
  readonly #alarms: Alarms
  #missing: readonly Missing[] = []

  constructor(node: string, alarms: Alarms) {
    this.#node = node
    this.#alarms = alarms
  }

  aboutStandby({ drift, alarming }: { drift: readonly Drift[]; alarming: readonly string[] }): void {
    const first = drift[0]
    this.#tell(
      'drift',
      first &&
        `${drift.length} files of ${this.#node} are left alone, such as ${first.path}: ${first.why}; \`ha resync ${this.#node}\` moves them to rescue and takes those of the active node`,
    )
    this.#tell('fetch', alarming[0])
  }

  /** This node became active without these. */
  takenOverWithout(missing: readonly Missing[]): void {
    this.#missing = missing
    this.#tellMissing()
  }

  aboutLook({ here, damaged }: FullScan): void {
    this.#tell(
      'damaged',
      damaged[0] && `the disk has changed ${damaged.join(', ')}: look after it, and lay them anew`,
    )
    if (this.#missing.length === 0) return
    this.#missing = this.#missing.filter(({ path, had }) => contentAt(here.get(path)) === had)
    this.#tellMissing()
  }

  aboutPort(why: string | undefined): void {
    this.#tell('port', why)
  }

  /** What concerns a standby is no longer of interest. */
  noStandby(): void {
    this.#tell('drift', undefined)
    this.#tell('fetch', undefined)
  }

  #tellMissing(): void {
    const [first] = this.#missing
    this.#tell(
      'missing',
      first &&
        `${this.#missing.length} files of the node that was active before had not come here whole, such as ${first.path}: phones get the old ones or none; lay them here, or hand over to that node`,
    )
  }

  #tell(about: keyof typeof subjects, text: string | undefined): void {
    if (text === undefined) this.#alarms.clear(subjects[about])
    else this.#alarms.raise(subjects[about], text)
  }
}
