import { readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../lib/base/clock.ts'
import { programArguments, runProgram } from '../../lib/base/process.ts'
import { actText, perform, type Act } from './acts.ts'
import { armedFile, resultFile, type UndoPlan, type Undone } from './dead-man.ts'

/**
 * `undo.ts PLAN`: takes a drill's fault back after a while, or when it is told `now`, whatever has become of whoever
 * started it. It runs before the fault does, in a session of its own.
 */
runProgram(
  async () => {
    const [plan = ''] = programArguments()
    const folder = dirname(plan)
    const { afterMs, acts } = JSON.parse(await readFile(plan, 'utf8')) as UndoPlan
    const over = new AbortController()
    const due = Promise.race([systemClock.sleep(afterMs, over.signal).catch(() => {}), told('now')])
    await writeFile(join(folder, armedFile), '')
    await due
    over.abort()
    const undone: Undone[] = []
    for (const act of acts) undone.push(await takeBack(act))
    if (undone.every(({ why }) => why === undefined)) await rm(folder, { recursive: true, force: true })
    else await writeFile(join(folder, resultFile), JSON.stringify(undone), { mode: 0o600 })
    process.stdin.destroy()
    return undone.every(({ why }) => why === undefined) ? 0 : 1
  },
  (error) => console.error(error),
)

/** Never, when the input ends without it: then the timer counts. */
const told = (word: string) =>
  new Promise<void>((resolve) => {
    createInterface({ input: process.stdin }).on('line', (line) => {
      if (line === word) resolve()
    })
  })

const mostAttempts = 5
const againMs = 1_000

async function takeBack(act: Act): Promise<Undone> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await perform(act)
      return { act: actText(act) }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (attempt === mostAttempts) return { act: actText(act), why }
      await systemClock.sleep(againMs)
    }
  }
}
