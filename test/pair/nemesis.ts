#!/usr/bin/env node
/**
 * Row 63 of the fault matrix: two random faults at once, again and again, while phones fetch and save; after each round
 * the pair must heal, and have kept its promises.
 *
 *   make nemesis SEED=7 MINUTES=30      the same seed plays the same faults
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '../support/random.ts'
import { pause, whilePhonesWork } from '../support/pair-rows.ts'
import type { PairNode } from '../support/pair-node.ts'
import { startPair, withPair, type Pair } from '../support/pair.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string' } } })
const seed = Number(values.seed || Date.now() % 1_000_000)
const minutes = Number(values.minutes || 5)
const random = seededRandom(seed)
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T

type Fault = (pair: Pair) => Promise<void>
const someNode = (pair: Pair): PairNode => oneOf([pair.a, pair.b])

const faults: Record<string, Fault> = {
  'the two cannot hear each other': async ({ network }) => void (await network.cut('a', 'b')),
  'nothing passes one way': async ({ network }) => {
    const [from, to] = oneOf([['a', 'b'] as const, ['b', 'a'] as const])
    await network.cutOneWay(from, to)
  },
  'a node is cut off': async (pair) => void (await pair.network.isolate(someNode(pair).name)),
  'the witness is cut off': async ({ network }) => void (await network.isolate('w')),
  'an agent is killed': async (pair) => someNode(pair).killAgent(),
  'an agent is killed and cleaned up after': async (pair) => {
    const node = someNode(pair)
    await node.killAgent()
    await node.clear()
  },
  'an agent is frozen': async (pair) => someNode(pair).freeze(),
  'a file server is killed': async (pair) => void someNode(pair).fileserver.child.kill('SIGKILL'),
  'a member of etcd is killed': async ({ etcd }) => oneOf(etcd.members).kill(),
  'a member of etcd is frozen': async ({ etcd }) => oneOf(etcd.members).freeze(),
  'a fifth of the packets of a node is lost': async (pair) =>
    void (await pair.network.loss(someNode(pair).name, 20)),
  'the role is handed over': async (pair) => {
    const order = { by: 'nemesis', why: 'chance', drainMs: 100, dryRun: false }
    await someNode(pair)
      .ask('agent', '/handover', 'POST', order)
      .catch(() => {}) // it may be refused, and that is well
  },
}

if (withPair.skip !== false) {
  console.error(`make nemesis: ${withPair.skip}`)
  process.exit(1)
}
const tasks: (() => Promise<void>)[] = []
const owner = { after: (task: () => Promise<void>) => void tasks.unshift(task) }
console.log(`seed ${seed}, ${minutes} minutes`)
const untilMs = performance.now() + minutes * 60_000
let rounds = 0
try {
  const pair = await startPair(owner)
  for (; performance.now() < untilMs; rounds += 1) {
    const chosen = [oneOf(Object.keys(faults)), oneOf(Object.keys(faults))]
    const lastsMs = 2_000 + random() * 8_000
    const felt = await whilePhonesWork(pair, async () => {
      for (const name of chosen) {
        await faults[name]?.(pair)
        await pause(random() * 1_000)
      }
      await pause(lastsMs)
    })
    const gap = `longest gap ${Math.round(felt.getGapMs)} ms, ${felt.acknowledged} saves acknowledged`
    console.log(
      `round ${rounds + 1}: ${chosen.join('; ')}, ${Math.round(lastsMs / 1_000)} s: kept its promises, ${gap}`,
    )
  }
  console.log(`${rounds} rounds, no promise broken`)
} catch (error) {
  console.error(`seed ${seed}, round ${rounds + 1}:`, error)
  process.exitCode = 1
} finally {
  for (const task of tasks) await task()
}
process.exit()
