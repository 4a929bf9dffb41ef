import { availableParallelism } from 'node:os'
import { spawn } from 'node:child_process'
import type { Pair } from '../../test/support/pair.ts'

/** Keeps every processor busy for a while. @returns a line that says whether the role has moved */
export async function burn(pair: Pair, minutes: number): Promise<string> {
  await pair.mend()
  const active = await pair.settled(60_000)
  const before = (await active.status()).epoch
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  )
  try {
    await new Promise((resolve) => setTimeout(resolve, minutes * 60_000))
    const after = (await active.status()).epoch
    const how =
      after === before ? 'the role has not moved' : `the role HAS MOVED (epoch ${before} to ${after})`
    return `${minutes} minutes with ${loops.length} processors busy: ${how}`
  } finally {
    for (const loop of loops) loop.kill('SIGKILL')
  }
}
