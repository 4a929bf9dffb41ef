import type { Agreed } from './agreed.ts'
import type { Lookout } from './lookout.ts'
import type { Role } from './manifest.ts'
import type { Held, Offer } from './offer.ts'
import type { Publisher } from './publisher.ts'
import type { MirrorStatus } from './settings.ts'
import type { Report } from './wire/report.ts'
import type { Offered } from './wire/server.ts'

export interface AnswersParts {
  offer: Offer
  lookout: Lookout
  publisher: Publisher
  agreed: () => Agreed | undefined
  /** Aborts when this node ends. */
  stopping: AbortSignal
}

/** What this node answers the other one, and what it learns from what the other one reports. */
export class Answers implements Offered {
  readonly #parts: AnswersParts
  #role: Role = 'none'
  /** What the standby said last, since this node is active. */
  #report: Report | undefined

  constructor(parts: AnswersParts) {
    this.#parts = parts
  }

  setRole(role: Role): void {
    this.#role = role
    this.#report = undefined
    this.#parts.offer.setRole(role)
  }

  async manifest(etag: string, signal: AbortSignal): Promise<{ etag: string; lines: readonly string[] }> {
    const { offer } = this.#parts
    await offer.untilOther(etag, signal)
    return { etag: offer.etag, lines: offer.lines() }
  }

  async rehash(): Promise<void> {
    await this.#parts.lookout.rehash(this.#parts.stopping)
  }

  content(sha256: string): Held | undefined {
    return this.#role === 'active' ? this.#parts.offer.content(sha256) : undefined
  }

  onSent(sha256: string, bytes: number): void {
    this.#parts.publisher.onSent(sha256, bytes)
  }

  async onReport(report: Report): Promise<boolean> {
    const { offer, publisher, agreed } = this.#parts
    if (this.#role !== 'active') return false
    this.#report = report
    publisher.onHave(report.have)
    if (report.etag === offer.etag) await agreed()?.take(offer.manifest, report)
    return true
  }

  /** Of the standby, as it said. */
  drift(): Report['drift'] {
    return this.#report?.drift ?? []
  }

  behind(): MirrorStatus['behind'] {
    const ours = this.#parts.agreed()?.ours
    if (this.#report === undefined || ours === undefined) return undefined
    const { entries } = this.#parts.offer.manifest
    const behind = entries.filter(({ path, sha256 }) => ours.get(path)?.agreed !== sha256)
    return { files: behind.length, bytes: behind.reduce((sum, { size }) => sum + size, 0) }
  }
}
