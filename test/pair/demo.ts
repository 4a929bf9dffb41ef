#!/usr/bin/env node
/**
 * `make demo` (as root): a pair on this machine, in network namespaces: two nodes, a witness, three etcd members, a client
 * that fetches and saves. It shows how the pair does, hands the role over, has the agent killed, and removes it all.
 */
import { beginTraffic } from '../support/pair-audit.ts'
import type { PairNode } from '../support/pair-node.ts'
import { startPair, withPair, type Pair } from '../support/pair.ts'

const tasks: (() => Promise<void>)[] = []
const owner = { after: (task: () => Promise<void>) => void tasks.unshift(task) }
const say = (text: string) => process.stdout.write(`${text}\n`)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const isTerminal = process.stdout.isTTY

if (withPair.skip !== false) {
  say(`make demo: ${withPair.skip}; \`make test\` as root installs what is missing`)
  process.exit(1)
}

const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort())

try {
  say(
    'Two nodes, a witness and a client, in network namespaces; three etcd members, data in memory. A moment...',
  )
  const pair = await startPair(owner)
  await watch(pair, 5, 'phones fetch 46xxsettings.txt and save backups through 10.77.0.50')
  await act(pair, 'A planned change of the active node', async (active, standby) => {
    say(`$ ha failover --yes --why demo`)
    say((await active.ha('failover', '--yes', '--why', 'demo', '--no-measure')).output)
    await pair.becomesActive(standby)
  })
  await act(pair, 'The drill: the agent of the active node is killed', async (active, standby) => {
    await active.killAgent()
    await active.clear()
    await pair.becomesActive(standby)
    active.startAgent()
  })
  say((await (await pair.settled(60_000)).ha('history')).output)
} finally {
  for (const task of tasks) await task()
  say('removed again: namespaces, etcd members, their data')
}

/** One screen, redrawn each second on a terminal. */
async function watch(pair: Pair, seconds: number, title: string): Promise<void> {
  for (let second = 0; second < (isTerminal ? seconds : 1) && !stopping.signal.aborted; second += 1) {
    const { output } = await (await pair.active()).ha('status')
    if (isTerminal) process.stdout.write('\x1b[H\x1b[2J')
    say(`${title}\n\n${output}`)
    await pause(1_000)
  }
}

async function act(
  pair: Pair,
  title: string,
  play: (active: PairNode, standby: PairNode) => Promise<void>,
): Promise<void> {
  if (stopping.signal.aborted) return
  const active = await pair.settled(60_000)
  say(`\n== ${title}: ${active.name} is active`)
  const traffic = await beginTraffic(pair)
  await pause(1_000)
  await play(active, pair.otherOf(active.name))
  await pause(1_000)
  await pair.settled(60_000)
  const felt = await traffic.stop()
  const tries = felt.puts.length
  say(
    `   longest time without an answer: fetching ${Math.round(felt.getGapMs)} ms, saving ${Math.round(felt.putGapMs)} ms`,
  )
  say(
    `   saves: ${felt.acknowledged} of ${tries} acknowledged, each of them on both nodes; epochs ${felt.epochs.join(' -> ')}`,
  )
  await watch(pair, 3, title)
}
