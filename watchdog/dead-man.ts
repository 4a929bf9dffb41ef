import type { Log } from '../lib/base/log.ts'

const pingMs = 10_000

/** A service elsewhere that notices when we fall silent: each ping says that a whole round found everything well. */
export class DeadMan {
  readonly #url: string
  readonly #log: Log
  #underWay = false

  /** @param url empty: there is none */
  constructor(url: string, { log }: { log: Log }) {
    this.#url = url
    this.#log = log
  }

  /** Does not wait, and never rejects: that it fails is what the other side notices. */
  ping(): void {
    if (this.#url === '' || this.#underWay) return
    this.#underWay = true
    void this.#ping().finally(() => (this.#underWay = false))
  }

  async #ping(): Promise<void> {
    try {
      const { ok, status } = await fetch(this.#url, {
        signal: AbortSignal.timeout(pingMs),
        redirect: 'manual',
      })
      if (!ok) this.#log.warn({ status }, 'dead-man ping refused')
    } catch (error) {
      // The address may hold a secret, so neither it nor the cause is repeated.
      this.#log.warn({ why: error instanceof Error ? error.name : 'unknown' }, 'dead-man ping failed')
    }
  }
}
