import type { Clock } from '../../lib/base/clock.ts'
import { runHook, type HookResult } from '../../lib/base/run-hook.ts'
import type { VipSettings } from './settings.ts'

/** How an order to the hook went. `startedMs`, by the monotonic clock: what it set in force counts from there. */
export type OrderOutcome = { ok: true; startedMs: number; output: string } | { ok: false; why: string }

/** Which of the floating addresses are on this machine. */
export type Presence = 'all' | 'some' | 'none'

type Order = 'acquire' | 'renew' | 'release'

interface Given {
  order: Order
  /** A later order has taken its place. */
  superseded: AbortController
  done: Promise<OrderOutcome>
}

export interface VipHookParts {
  clock: Clock
  /** For tests. */
  run?: typeof runHook
}

/** A program that cannot even be killed, since the kernel holds it, is not waited for longer than this. */
const unkillableMs = 500

/**
 * Gives the hook its orders: one at a time, the latest wins. A release ends what runs; what comes after a release
 * waits for it. Nothing is waited for longer than the time limit, and nothing is thrown.
 */
export class VipHook {
  readonly #settings: VipSettings
  readonly #clock: Clock
  readonly #runHook: typeof runHook
  /** The latest order, until it is done. */
  #latest: Given | undefined

  constructor(settings: VipSettings, { clock, run = runHook }: VipHookParts) {
    this.#settings = settings
    this.#clock = clock
    this.#runHook = run
  }

  acquire(epoch: number): Promise<OrderOutcome> {
    return this.#give('acquire', epoch)
  }

  /** While an order is on its way that does the same, that one is the answer. */
  renew(epoch: number): Promise<OrderOutcome> {
    const latest = this.#latest
    if (latest === undefined) return this.#give('renew', epoch)
    if (latest.order !== 'release') return latest.done
    return Promise.resolve({ ok: false, why: 'the floating address is being given up' })
  }

  release(epoch: number): Promise<OrderOutcome> {
    return this.#latest?.order === 'release' ? this.#latest.done : this.#give('release', epoch)
  }

  /** Changes nothing, and so waits for nothing: an order that runs meanwhile makes the answer worthless. */
  async check(epoch: number): Promise<{ presence: Presence; output: string } | { why: string }> {
    const result = await this.#run('check', epoch)
    if (result.outcome === 'ended') {
      const presence = ({ 0: 'all', 3: 'none', 4: 'some' } as const)[result.exitCode]
      if (presence !== undefined) return { presence, output: result.stdout.trim() }
    }
    return { why: this.#whyFailed('check', result) }
  }

  #give(order: Order, epoch: number): Promise<OrderOutcome> {
    const before = this.#latest
    if (before?.order !== 'release') before?.superseded.abort()
    const superseded = new AbortController()
    const done = this.#perform(order, epoch, before, superseded.signal)
    const given = { order, superseded, done }
    this.#latest = given
    void done.then(() => {
      if (this.#latest === given) this.#latest = undefined
    })
    return done
  }

  async #perform(
    order: Order,
    epoch: number,
    before: Given | undefined,
    superseded: AbortSignal,
  ): Promise<OrderOutcome> {
    await before?.done
    const tooLate = { ok: false, why: `${order}: another order came before it was done` } as const
    if (superseded.aborted) return tooLate
    const startedMs = this.#clock.now()
    const result = await this.#run(order, epoch, superseded)
    if (result.outcome === 'ended' && result.exitCode === 0)
      return { ok: true, startedMs, output: result.stdout.trim() }
    return superseded.aborted ? tooLate : { ok: false, why: this.#whyFailed(order, result) }
  }

  async #run(act: string, epoch: number, signal?: AbortSignal): Promise<HookResult> {
    const { program, timeoutMs, addresses, interface: device, lifetimeSeconds } = this.#settings
    const tooLong = Promise.withResolvers<HookResult>()
    const cancel = this.#clock.after(timeoutMs + unkillableMs, () =>
      tooLong.resolve({
        outcome: 'timed out',
        why: 'cannot be killed',
        stdout: '',
        stderr: '',
        ms: timeoutMs,
      }),
    )
    const running = this.#runHook(program, [act], {
      timeoutMs,
      env: {
        TWINTONE_VIP: addresses.join(' '),
        TWINTONE_INTERFACE: device,
        TWINTONE_LIFETIME_SECONDS: String(lifetimeSeconds),
        TWINTONE_EPOCH: String(epoch),
      },
      ...(signal === undefined ? {} : { signal }),
    })
    try {
      return await Promise.race([running, tooLong.promise])
    } finally {
      cancel()
    }
  }

  #whyFailed(act: string, result: HookResult): string {
    const how = result.outcome === 'ended' ? `ended with ${result.exitCode}` : result.why
    const said = result.stderr.trim().split('\n').join('; ')
    return `${this.#settings.program} ${act}: ${how}${said === '' ? '' : ` (${said})`}`
  }
}
