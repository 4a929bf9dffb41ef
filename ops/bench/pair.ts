#!/usr/bin/env node
/**
 * `make bench-ha`: how long phones are without an answer when the active node dies, its agent is killed, or the role is
 * handed over as planned; beside keepalived in the same network namespaces. Needs root.
 *
 *   --rounds N          of each case, 20 unless said
 *   --only WORDS        cases whose title has them
 *   --quiet-minutes N   also: nothing must happen for so long while both processors are busy
 */
import { parseArgs } from 'node:util'
import { openKeepalived, keepalivedCases } from './keepalived.ts'
import { burn } from './burn.ts'
import { pairCases, playPairCase } from './pair-cases.ts'
import { startPair, withPair } from '../../test/support/pair.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    'quiet-minutes': { type: 'string', default: '0' },
  },
})
const rounds = Number(values.rounds)
const chosen = ({ title }: { title: string }) => title.includes(values.only)
const tasks: (() => Promise<void>)[] = []
const owner = { after: (task: () => Promise<void>) => void tasks.unshift(task) }

function print(title: string, gapsMs: readonly number[], boundMs: number | undefined): void {
  const sorted = gapsMs.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const worst = sorted.at(-1) ?? NaN
  const aim = boundMs === undefined ? '' : ` aim ${boundMs} ms: ${worst <= boundMs ? 'met' : 'MISSED'}`
  const row = [title.padEnd(58), `median ${Math.round(median)} ms`, `worst ${Math.round(worst)} ms`]
  console.log(`${row.join('  ')} of ${sorted.length}${aim}`)
}

if (withPair.skip !== false) {
  console.error(`make bench-ha: ${withPair.skip}`)
  process.exit(1)
}
try {
  const pair = await startPair(owner)
  for (const each of pairCases.filter(chosen)) {
    const gaps: number[] = []
    for (let round = 0; round < rounds; round += 1) gaps.push(await playPairCase(pair, each))
    print(`Twintone, ${each.title}`, gaps, each.worstMs)
  }
  const quietMinutes = Number(values['quiet-minutes'])
  if (quietMinutes > 0) console.log(await burn(pair, quietMinutes))
  for (const node of [pair.a, pair.b])
    for (const { child, ended } of [node.agent, node.fileserver]) {
      child.kill('SIGTERM')
      await ended
    }
  for (const setting of keepalivedCases.filter(chosen)) {
    const keepalived = await openKeepalived(pair, setting)
    const gaps: number[] = []
    for (let round = 0; round < rounds; round += 1) gaps.push(await keepalived.play())
    await keepalived.close()
    print(`keepalived, ${setting.title}`, gaps, undefined)
  }
} finally {
  for (const task of tasks) await task()
}
