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
import { Applier } from './pull/applier.ts'
import { Blobs } from './pull/blobs.ts'
import { Puller } from './pull/puller.ts'
import type { MirrorParts, MirrorSettings, MirrorStatus, Readiness } from './settings.ts'
import { Client } from './wire/client.ts'
import { MirrorServer } from './wire/server.ts'
import { bytesPerSecond } from './wire/token-bucket.ts'
import { contentAt, Worries } from './worries.ts'

const settledMs = 2_000
const reserveBytes = 33_554_432
const portRetryMs = 5_000
const dayMs = 86_400_000
const mostShown = 50

/** What administrators lay into the folders of the active node comes to the standby. Runs on both. */
export class Mirror implements Component {
  readonly name = 'mirror'
  readonly #settings: MirrorSettings
  readonly #parts: MirrorParts
  readonly #places: Places
  readonly #scanner: Scanner
  readonly #placer: Placer
  readonly #offer: Offer
  readonly #lookout: Lookout
  readonly #blobs: Blobs
  readonly #client: Client
  readonly #server: MirrorServer
  readonly #publisher: Publisher
  readonly #answers: Answers
  readonly #worries: Worries
  readonly #stopping = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  #agreed: Agreed | undefined
  #role: Role = 'none'
  #isOtherInSync = false
  #puller: Puller | undefined
  #switching = this.#started.promise
  #watching: Promise<unknown> = Promise.resolve()
  #cancelRehash = () => {}
  #wake = () => {}

  constructor(settings: MirrorSettings, parts: MirrorParts) {
    const { clock, log, alarms } = parts
    const { node, other, port, tls } = settings
    const state = (name: string) => join(settings.dataFolder, '.state', name)
    const stopping = this.#stopping.signal
    this.#settings = settings
    this.#parts = parts
    this.#places = new Places(settings.places)
    this.#scanner = new Scanner(this.#places, { settledMs: settings.settledMs ?? settledMs, clock })
    this.#placer = new Placer(this.#places, { log })
    this.#offer = new Offer(node.name, (path) => this.#places.pathOf(path))
    this.#worries = new Worries(node.name, alarms)
    const [places, placer, scanner, offer] = [this.#places, this.#placer, this.#scanner, this.#offer]
    const onLook = this.#worries.aboutLook.bind(this.#worries)
    this.#lookout = new Lookout(settings.everySeconds * 1_000, { scanner, offer, clock, onLook })
    this.#blobs = new Blobs(state('blobs'), { reserveBytes: settings.reserveBytes ?? reserveBytes })
    this.#client = new Client(settings)
    const [lookout, folder] = [this.#lookout, state('publish')]
    const look = () => lookout.look(stopping)
    const check = (order: PublishOrder) => this.#checkPublish(order)
    this.#publisher = new Publisher({ folder, places, placer, scanner, offer, check, look, clock })
    const [publisher, agreed] = [this.#publisher, () => this.#agreed]
    this.#answers = new Answers({ offer, lookout, publisher, agreed, stopping })
    const rate = bytesPerSecond(settings.mbitPerSecond)
    this.#server = new MirrorServer(
      { address: node.address, port, otherName: other.name, tls, bytesPerSecond: rate },
      { offered: this.#answers, clock, log },
    )
  }

  async start(): Promise<void> {
    const { dataFolder } = this.#settings
    this.#agreed = await Agreed.open(join(dataFolder, '.state/mirror/agreed.json'), this.#parts.log)
    await this.#blobs.make()
    await this.#publisher.start()
    await this.#placer.sweep()
    this.#watching = Promise.all([this.#keepListening(), this.#keepLooking()])
    this.#rehashLater()
    this.#started.resolve()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#started.resolve()
    this.#cancelRehash()
    await this.#switching
    await this.#puller?.stop()
    this.#puller = undefined
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
    this.#wake()
    this.#switching = this.#switching
      .then(() => this.#become(role))
      .catch((err: unknown) => this.#parts.log.error({ err, role }, 'mirror role failed'))
  }

  /** Takes a time that grows with the number of files. */
  status(): MirrorStatus {
    const standby = this.#puller?.status()
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
    const status = this.#puller?.status()
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
    return {
      ready: false,
      why: `${why}; \`ha resync ${this.#settings.node.name}\` takes those of the active node`,
    }
  }

  /**
   * On the standby: takes everything as the active node has it. What a person laid here is moved to `folder`, which
   * is `.state/rescue/drift-<time>`, and never deleted.
   * @throws Error when this node is not the standby
   */
  async resync(): Promise<{ moved: MirrorPath[]; folder: string }> {
    const puller = this.#puller
    if (puller === undefined)
      throw new Error(`${this.#settings.node.name} is not the standby: it has nothing to take over`)
    const time = this.#parts.clock.wallTime().toISOString().replaceAll(/[:.]/g, '-')
    const folder = join(this.#settings.dataFolder, '.state/rescue', `drift-${time}`)
    return { moved: await puller.resync(folder), folder }
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
    const before = this.#puller
    this.#puller = undefined
    await before?.stop()
    this.#worries.noStandby()
    const missing = role === 'active' ? (before?.missing() ?? []) : []
    const here = this.#lookout.last?.here
    this.#worries.takenOverWithout(missing.map((path) => ({ path, had: contentAt(here?.get(path)) })))
    if (this.#agreed === undefined || this.#stopping.signal.aborted) return
    if (role === 'standby') this.#puller = this.#startPuller(this.#agreed)
    this.#parts.log.info({ role }, 'mirror role')
  }

  #startPuller(agreed: Agreed): Puller {
    const { log, clock, onPlaced } = this.#parts
    const [places, blobs, scanner, placer] = [this.#places, this.#blobs, this.#scanner, this.#placer]
    const applier = new Applier({ places, blobs, agreed, scanner, placer, log })
    const puller: Puller = new Puller({
      client: this.#client,
      places,
      blobs,
      agreed,
      applier,
      look: (signal) => this.#lookout.look(signal),
      onPlaced,
      onRound: () => this.#worries.aboutStandby(puller.status()),
      pauseMs: () => this.#lookout.pauseMs(),
      clock,
      log,
    })
    puller.start()
    return puller
  }

  /** While a puller works it looks itself, between its rounds. */
  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopping
    const { clock, log } = this.#parts
    while (!signal.aborted) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      if (this.#role !== 'standby')
        await this.#lookout.look(signal).catch((err: unknown) => {
          if (!signal.aborted) log.error({ err }, 'mirror look failed')
        })
      await clock.sleep(this.#lookout.pauseMs(), AbortSignal.any([signal, woken.signal])).catch(() => {})
    }
  }

  /** Phones are served whether or not this works: the address may come later than we do. */
  async #keepListening(): Promise<void> {
    const { signal } = this.#stopping
    const { node, port } = this.#settings
    while (!signal.aborted) {
      try {
        await this.#server.listen()
        return this.#worries.aboutPort(undefined)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        this.#worries.aboutPort(
          `pair.mirrorPort: cannot listen on port ${port} of ${node.address}, so the other node gets no files: ${why}`,
        )
        await this.#parts.clock.sleep(portRetryMs, signal).catch(() => {})
      }
    }
  }

  /** Once a day, not on both nodes at the same time: content that the disk has changed shows in no date. */
  #rehashLater(): void {
    const { clock, log, random = Math.random } = this.#parts
    const { signal } = this.#stopping
    this.#cancelRehash = clock.after(dayMs * (0.75 + random() / 2), () => {
      this.#lookout.rehash(signal).catch((err: unknown) => log.error({ err }, 'mirror look failed'))
      this.#rehashLater()
    })
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
