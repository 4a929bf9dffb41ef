import { randomBytes } from 'node:crypto'
import type { Clock } from '../../lib/base/clock.ts'
import { fewAtOnce } from '../../lib/base/few-at-once.ts'
import type { DrilledSaves } from '../agent/views.ts'
import { askHttp, type WebAnswer, type WebPlace } from './ask-http.ts'
import { drillFile, type DrilledNode } from './targets.ts'
import { WrongAnswer } from './timed.ts'

export interface SavesSettings {
  place: WebPlace
  folder: string
  data: string
  nodes: readonly DrilledNode[]
  /** How long a node that has just come back may take to have everything. */
  catchUpMs: number
}

/** `unclear`: the node did not answer, or only that it cannot. */
type Found = 'there' | 'not there' | 'unclear'

interface LookedOn {
  node: string
  missing: string[]
  /** Of some it is not known. */
  unclear: boolean
}

/** How long one request may take after the measuring. */
const answerMs = 3_000
const againMs = 500
/** All files together: where nobody is active they stay, and the report says so. */
const removeMs = 15_000
const most = 8

/**
 * Saves as phones do, a file of its own each time, so that each acknowledgement can be checked afterwards on both
 * nodes' disks; and takes them away again.
 */
export class Saves {
  readonly #settings: SavesSettings
  readonly #clock: Clock
  readonly #token = randomBytes(3).toString('hex')
  /** What was acknowledged, by name. */
  readonly #acknowledged = new Map<string, Buffer>()
  /** May be there, acknowledged or not. */
  readonly #tried: string[] = []

  constructor(settings: SavesSettings, { clock }: { clock: Clock }) {
    this.#settings = settings
    this.#clock = clock
  }

  /** One that lies there for sure once it was saved. Undefined: none was acknowledged. */
  get anyFile(): string | undefined {
    return this.#acknowledged.keys().next().value
  }

  /** @throws WrongAnswer when it is refused */
  async save(signal: AbortSignal): Promise<WebAnswer> {
    const name = drillFile(this.#token, this.#tried.length, this.#settings.data)
    this.#tried.push(name)
    const body = Buffer.from(`${name} ${randomBytes(24).toString('hex')}\n`)
    const answer = await this.#ask(this.#settings.place, { method: 'PUT', name, body }, signal)
    if (answer.status !== 200 && answer.status !== 201) throw new WrongAnswer(`status ${answer.status}`)
    this.#acknowledged.set(name, body)
    return answer
  }

  /** Reads all that was acknowledged from each node, and removes all that was tried. */
  async settle(): Promise<DrilledSaves> {
    const found = await Promise.all(this.#settings.nodes.map((node) => this.#missingOn(node)))
    const left = await this.#removeAll()
    return {
      tried: this.#tried.length,
      acknowledged: this.#acknowledged.size,
      missing: found.flatMap(({ node, missing }) => missing.map((file) => ({ node, file }))),
      unchecked: found.flatMap(({ node, unclear }) => (unclear ? [node] : [])),
      left,
    }
  }

  async #missingOn({ name: node, address }: DrilledNode): Promise<LookedOn> {
    const place = { ...this.#settings.place, host: address }
    const end = this.#clock.now() + this.#settings.catchUpMs
    let open = [...this.#acknowledged.keys()]
    let found: Found[] = []
    for (;;) {
      found = await this.#lookFor(place, open)
      open = open.filter((_name, at) => found[at] !== 'there')
      if (open.length === 0) return { node, missing: [], unclear: false }
      if (this.#clock.now() >= end) break
      await this.#clock.sleep(againMs)
    }
    const rest = found.filter((each) => each !== 'there')
    return {
      node,
      missing: open.filter((_name, at) => rest[at] === 'not there'),
      unclear: rest.includes('unclear'),
    }
  }

  async #lookFor(place: WebPlace, names: readonly string[]): Promise<Found[]> {
    // A node that does not answer the first question is not asked a thousand more.
    const [first] = names
    if (first === undefined) return []
    if ((await this.#look(place, first)) === 'unclear') return names.map(() => 'unclear')
    const limited = fewAtOnce(most)
    return Promise.all(names.map((name) => limited(() => this.#look(place, name))))
  }

  async #look(place: WebPlace, name: string): Promise<Found> {
    const answer = await this.#ask(place, { method: 'GET', name }).catch(() => undefined)
    if (answer?.status === 404) return 'not there'
    if (answer?.status !== 200) return 'unclear'
    return this.#acknowledged.get(name)?.equals(answer.body) === true ? 'there' : 'not there'
  }

  /** @returns how many may still be there */
  async #removeAll(): Promise<number> {
    const limited = fewAtOnce(most)
    const end = this.#clock.now() + removeMs
    const removed = await Promise.all(this.#tried.map((name) => limited(() => this.#remove(name, end))))
    return removed.filter((gone) => !gone).length
  }

  async #remove(name: string, end: number): Promise<boolean> {
    while (this.#clock.now() < end) {
      const answer = await this.#ask(this.#settings.place, { method: 'DELETE', name }).catch(() => undefined)
      if (answer?.status === 204 || answer?.status === 404) return true
      await this.#clock.sleep(againMs)
    }
    return false
  }

  #ask(
    place: WebPlace,
    { method, name, body }: { method: 'GET' | 'PUT' | 'DELETE'; name: string; body?: Buffer },
    signal: AbortSignal = AbortSignal.timeout(answerMs),
  ): Promise<WebAnswer> {
    const path = `${this.#settings.folder}${name}`
    return askHttp(place, { method, path, ...(body === undefined ? {} : { body }) }, signal)
  }
}
