import { join } from 'node:path'
import type { Component } from '../../lib/base/component.ts'
import { Agreed } from './agreed.ts'
import { Answers } from './answers.ts'
import { differences, type Difference } from './differences.ts'
import { Placer } from './disk/placer.ts'
import { Scanner } from './disk/scanner.ts'
import { anyOf, type MirrorPath } from './layout.ts'
import { Lookout } from './lookout.ts'
import type { Role } from './manifest.ts'
import { Offer } from './offer.ts'
import { Places } from './places.ts'
import { Publisher, PublishRefused, type PublishOrder, type PublishProgress } from './publisher.ts'
import { Standby } from './pull/standby.ts'
import type { MirrorParts, MirrorSettings, MirrorStatus, Readiness } from './settings.ts'
import { Client } from './wire/client.ts'
import { keepListening } from './wire/keep-listening.ts'
import { MirrorServer } from './wire/server.ts'
import { contentAt, Worries } from './worries.ts'

const usualSettledMs = 2_000
const mostShown = 50

/** What administrators lay into the folders of the active node comes to the standby. Runs on both. */
export class Mirror implements Component {
  readonly name = 'mirror'
  readonly #settings: MirrorSettings
  readonly #parts: MirrorParts
  readonly #placer: Placer
  readonly #offer: Offer
  readonly #lookout: Lookout
  readonly #client: Client
  readonly #server: MirrorServer
  readonly #publisher: Publisher
  readonly #answers: Answers
  readonly #standby: Standby
  readonly #worries: Worries
  readonly #stopping = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  #agreed: Agreed | undefined
  #role: Role = 'none'
  #isOtherInSync = false
  #switching = this.#started.promise
  #watching: Promise<unknown> = Promise.resolve()

  constructor(settings: MirrorSettings, parts: MirrorParts) {
    const { clock, log } = parts
    const { node, everySeconds, dataFolder } = settings
    const stopping = this.#stopping.signal
    this.#settings = settings
    this.#parts = parts
    const places = new Places(settings.places)
    const scanner = new Scanner(places, { settledMs: settings.settledMs ?? usualSettledMs, clock })
    const placer = new Placer(places, { log })
    const offer = new Offer(node.name, (path) => places.pathOf(path))
    const worries = new Worries(node.name, parts.alarms)
    const onLook = worries.aboutLook.bind(worries)
    const lookout = new Lookout(everySeconds * 1_000, { ...parts, scanner, offer, onLook })
    this.#client = new Client(settings)
    const pulling = { ...parts, client: this.#client, places, scanner, placer, lookout, worries }
    this.#standby = new Standby(settings, pulling)
    const folder = join(dataFolder, '.state', 'publish')
    const look = () => lookout.look(stopping)
    const check = (order: PublishOrder) => this.#checkPublish(order)
    this.#publisher = new Publisher({ folder, places, placer, scanner, offer, check, look, clock })
    const [publisher, agreed] = [this.#publisher, () => this.#agreed]
    this.#answers = new Answers({ offer, lookout, publisher, agreed, stopping })
    this.#server = new MirrorServer(settings, { offered: this.#answers, clock, log })
    this.#placer = placer
    this.#offer = offer
    this.#lookout = lookout
    this.#worries = worries
  }

  async start(): Promise<void> {
    const { dataFolder } = this.#settings
    const { signal } = this.#stopping
    this.#agreed = await Agreed.open(join(dataFolder, '.state/mirror/agreed.json'), this.#parts.log)
    await this.#standby.make()
    await this.#publisher.start()
    await this.#placer.sweep()
    this.#watching = Promise.all([
      this.#keepListening(signal),
      // While the standby works it looks itself, between its rounds.
      this.#lookout.keepLooking(() => this.#role !== 'standby', signal),
      this.#lookout.keepRehashing(signal),
    ])
    this.#started.resolve()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#started.resolve()
    await this.#switching
    await this.#standby.stop()
    await this.#server.close()
    this.#client.close()
    await this.#watching
  }

  /** Cheap when nothing changes. @param isOtherInSync whether the other node is in sync */
  setRole(role: Role, isOtherInSync: boolean): void {
    this.#isOtherInSync = isOtherInSync
    if (role === this.#role || this.#stopping.signal.aborted) return
    this.#role = role
    this.#answers.setRole(role)
    this.#lookout.wake()
    this.#switching = this.#switching
      .then(() => this.#become(role))
      .catch((err: unknown) => this.#parts.log.error({ err, role }, 'mirror role failed'))
  }

  /** Takes a time that grows with the number of files. */
  status(): MirrorStatus {
    const standby = this.#standby.status()
    const { manifest, bytes, rootHash } = this.#offer
    return {
      role: this.#role,
      files: manifest.entries.length,
      bytes,
      rootHash,
      behind: standby === undefined ? this.#answers.behind() : standby.behind,
      drift: standby?.drift ?? this.#answers.drift(),
      pending: manifest.pending,
      leftOut: this.#lookout.last?.leftOut.slice(0, mostShown) ?? [],
      lastError: standby?.lastError,
    }
  }

  /** On the standby: whether phones would get all that they get from the active node. */
  allHere(): Readiness {
    return this.#standby.allHere()
  }

  /** @throws Error when this node is not the standby */
  resync(): Promise<{ moved: MirrorPath[]; folder: string }> {
    return this.#standby.resync()
  }

  /** Both nodes read all files anew. @throws Error when the other one cannot be asked */
  async verify(signal: AbortSignal): Promise<{ files: number; differences: Difference[] }> {
    const limit = AbortSignal.any([signal, this.#stopping.signal])
    const [, theirs] = await Promise.all([
      this.#lookout.rehash(limit),
      this.#client.manifest({ rehash: true }, limit),
    ])
    const mine = this.#offer.manifest
    if (theirs === undefined) throw new Error(`${this.#settings.other.name} did not say what it has`)
    const isUnsure = anyOf([...mine.unsure, ...theirs.manifest.unsure])
    return {
      files: mine.entries.length,
      differences: differences(mine.entries, theirs.manifest.entries, isUnsure),
    }
  }

  /** On the active node. @throws PublishRefused, Refusal */
  publish(order: PublishOrder, signal: AbortSignal): AsyncGenerator<PublishProgress> {
    return this.#publisher.publish(order, AbortSignal.any([signal, this.#stopping.signal]))
  }

  async #become(role: Role): Promise<void> {
    const missing = await this.#standby.stop()
    this.#worries.noStandby()
    const here = this.#lookout.last?.here
    const without = role === 'active' ? missing : []
    this.#worries.takenOverWithout(without.map((path) => ({ path, had: contentAt(here?.get(path)) })))
    if (this.#agreed === undefined || this.#stopping.signal.aborted) return
    if (role === 'standby') this.#standby.start(this.#agreed)
    this.#parts.log.info({ role }, 'mirror role')
  }

  async #keepListening(signal: AbortSignal): Promise<void> {
    const { node, port } = this.#settings
    const what = `pair.mirrorPort: cannot listen on port ${port} of ${node.address}, so the other node gets no files`
    const tell = (why: string | undefined) => this.#worries.aboutPort(why && `${what}: ${why}`)
    await keepListening(() => this.#server.listen(), { clock: this.#parts.clock, tell }, signal)
  }

  #checkPublish({ wait }: PublishOrder): void {
    const { node, other } = this.#settings
    if (this.#role !== 'active')
      throw new PublishRefused(`${node.name} is not active: publish on the active node`)
    if (wait && !this.#isOtherInSync)
      throw new PublishRefused(
        `${other.name} is not in sync, so phones would get the file from ${node.name} alone; wait until it is, or publish without waiting`,
      )
  }
}
