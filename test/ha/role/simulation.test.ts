import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { simulate, type Simulated } from '../../support/pair-simulation.ts'
import { sceneOf, usualScene } from '../../support/pair-simulation/scene.ts'
import {
  answerIsLate,
  isSuspended,
  questionIsUnderWay,
  standsStillOverAnOrder,
} from '../../support/pair-simulation/scripts.ts'
import type { Scene } from '../../support/pair-simulation/world.ts'

/**
 * Random lives of a pair: at no moment are two nodes active, nothing acknowledged is lost, a stale node never takes over
 * unless forced, epochs increase, and when all faults are over one node is active soon. The long form:
 *
 *     SIMULATIONS=100000 node --test test/ha/role/simulation.test.ts
 *     SIMULATION_SEED=4711 node --test test/ha/role/simulation.test.ts    one of them, with all that happened
 */
const runs = Number(process.env['SIMULATIONS'] ?? 80_000)
const onlySeed = process.env['SIMULATION_SEED']
const msPerRun = 50

test(
  'over random faults there is never more than one active node, no acknowledged save is lost, and all heals',
  { timeout: 60_000 + runs * msPerRun },
  (t) => {
    if (onlySeed !== undefined) return tellOne(t, Number(onlySeed))
    const total = playAll(t, 1, runs, sceneOf)
    assert.ok(total.reigns > runs, 'hardly anything happened')
    assert.ok(total.acknowledged > 10 * runs, 'hardly anything was saved')
  },
)

test('row 28: a node whose win went unheard recognises it, and reigns once', (t) => {
  const { reigns } = playAll(t, 1, 500, (seed) => ({ ...usualScene(seed), script: answerIsLate }))
  assert.equal(reigns, 500)
})

test('row 28b: a node whose question is under way promises nothing', (t) => {
  playAll(t, 1, 500, (seed) => ({ ...usualScene(seed), script: questionIsUnderWay(10, 500) }))
})

test('row 28c: a question that arrives three seconds late makes no second active node', (t) => {
  playAll(t, 1, 500, (seed) => ({ ...usualScene(seed), script: questionIsUnderWay(2_500, 3_500) }))
})

test('row 10: a suspended node that goes on is stopped by the other within 150 ms, and nothing is lost', (t) => {
  const scene = (seed: number) => ({ ...usualScene(seed), troubleMs: 6_000, script: isSuspended })
  assert.equal(playAll(t, 1, 500, scene).reigns, 1_000)
})

test('an order about the address that was held up is not carried out when the other node is active', (t) => {
  playAll(t, 1, 500, (seed) => ({ ...usualScene(seed), script: standsStillOverAnOrder }))
})

function playAll(t: TestContext, from: number, count: number, scene: (seed: number) => Scene) {
  const startedMs = performance.now()
  const total = { reigns: 0, acknowledged: 0, excused: 0 }
  for (let seed = from; seed < from + count; seed += 1) {
    const played = simulate(scene(seed))
    if (played.violation !== undefined) failWith(simulate(scene(seed), true))
    total.reigns += played.reigns
    total.acknowledged += played.acknowledged
    total.excused += played.excused
  }
  const perSecond = Math.round(count / ((performance.now() - startedMs) / 1_000))
  const { reigns, acknowledged, excused } = total
  t.diagnostic(
    `${count} lives, ${reigns} reigns, ${acknowledged} saves, ${excused} excused overlaps, ${perSecond} lives/s`,
  )
  return total
}

function tellOne(t: TestContext, seed: number): void {
  const played = simulate(sceneOf(seed), true)
  for (const line of played.story) t.diagnostic(line)
  if (played.violation !== undefined) failWith(played)
}

function failWith({ seed, violation, story }: Simulated): never {
  assert.fail(
    `${violation}\n\nSIMULATION_SEED=${seed}, milliseconds, who, <- heard, -> did:\n${story.join('\n')}`,
  )
}
