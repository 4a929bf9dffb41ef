import { setImmediate as turn } from 'node:timers/promises'
import type { VipSettings } from '../../ha/vip/settings.ts'
import type { HookResult, runHook } from '../../lib/base/run-hook.ts'

export const vipSettingsOfTests: VipSettings = {
  program: '/hook',
  timeoutMs: 1_000,
  addresses: ['10.0.0.50', 'fd00::50'],
  interface: 'eth0',
  lifetimeSeconds: 1,
}

export interface HookRun {
  program: string
  act: string
  env: Readonly<Record<string, string>>
  /** It was told to end. */
  isKilled: () => boolean
  end: (result: Partial<HookResult>) => void
}

/** Programs that the floating address runs, as far as a test answers for them. */
export class FakeHooks {
  readonly runs: HookRun[] = []
  /** Answers for a program at once; undefined: the test ends it, or a signal does. */
  answer: (act: string) => Partial<HookResult> | undefined = () => undefined

  readonly run: typeof runHook = (program, [act = ''], { env = {}, signal }) => {
    const { promise, resolve } = Promise.withResolvers<HookResult>()
    const end = (result: Partial<HookResult>) =>
      resolve({ outcome: 'ended', exitCode: 0, stdout: '', stderr: '', ms: 1, ...result } as HookResult)
    const killed = () => end({ outcome: 'killed', why: 'ended by SIGKILL' })
    signal?.addEventListener('abort', killed)
    this.runs.push({ program, act, env, end, isKilled: () => signal?.aborted === true })
    const answer = this.answer(act)
    if (answer !== undefined) end(answer)
    return promise
  }

  get acts(): string[] {
    return this.runs.map(({ act }) => act)
  }

  /** The newest run of `act`. */
  last(act: string): HookRun {
    const found = this.runs.findLast((run) => run.act === act)
    if (found === undefined) throw new Error(`${act} was not run`)
    return found
  }
}

/** Everything that can happen without time going on has happened. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 10; turns += 1) await turn()
}
