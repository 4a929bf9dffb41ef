import { runHook, type HookResult } from '../../lib/base/run-hook.ts'
import type { VipSettings } from './settings.ts'

export type NeighbourSettings = Pick<VipSettings, 'addresses' | 'interface'>

export type NeighbourAct = 'announce' | 'probe' | 'watch' | 'forget'

/** Runs ops/deploy/vip-neighbours, at whose top it says what it does. Never throws. */
export type AskNeighbours = (act: NeighbourAct, signal?: AbortSignal) => Promise<HookResult>

const program = new URL('../../ops/deploy/vip-neighbours', import.meta.url).pathname
/** Waiting for answers takes one second. */
const timeoutMs = 3_000

export function askingNeighbours(
  { addresses, interface: device }: NeighbourSettings,
  run: typeof runHook = runHook,
): AskNeighbours {
  const env = { TWINTONE_VIP: addresses.join(' '), TWINTONE_INTERFACE: device }
  return (act, signal) => run(program, [act], { timeoutMs, env, ...(signal === undefined ? {} : { signal }) })
}

/** Why it did not do all that it was asked; undefined: it did. */
export function whyNot(result: HookResult): string | undefined {
  if (result.outcome !== 'ended') return result.why
  if (result.exitCode === 0) return undefined
  return result.stderr.trim().split('\n').join('; ') || `it ended with ${result.exitCode}`
}
