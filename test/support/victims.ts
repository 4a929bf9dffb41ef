import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A program that changes stores as its arguments say, and kills itself at the step that they name. */
export type Victim = 'user-store-victim.ts' | 'twin-victim.ts'

export const victimPath = (victim: Victim): string => join(import.meta.dirname, victim)

export async function runVictim(
  victim: Victim,
  ...args: string[]
): Promise<{ said: string; killed: boolean }> {
  const child = spawn(process.execPath, [victimPath(victim), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { said, killed: signal === 'SIGKILL' }
}
