import { startPair } from '../support/pair.ts'
const tasks: (() => Promise<void>)[] = []
const owner = { after: (task: () => Promise<void>) => void tasks.unshift(task) }
const pause = (ms: number) => new Promise((r) => setTimeout(r, ms))
try {
  const pair = await startPair(owner)
  const active = await pair.settled()
  await pause(500)
  await active.killAgent()
  const t = Date.now()
  for (let i = 0; i < 8; i++) {
    console.log(
      Date.now() - t,
      (await active.host.run(['ip', '-4', 'addr', 'show', 'eth0']))
        .split('\n')
        .slice(1)
        .map((l) => l.trim())
        .join(' | '),
    )
    await pause(400)
  }
} finally {
  for (const task of tasks) await task()
}
process.exit(0)
