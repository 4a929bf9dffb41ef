import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  countsFromTheAnswer,
  ignoresInsync,
  promisesWhileAsking,
} from '../../support/pair-simulation/broken-cores.ts'
import { simulate } from '../../support/pair-simulation.ts'
import { sceneOf, usualScene } from '../../support/pair-simulation/scene.ts'
import { questionIsUnderWay, standsStillOverAnOrder } from '../../support/pair-simulation/scripts.ts'
import type { Scene } from '../../support/pair-simulation/world.ts'

/** The simulation with a rule taken out: it must notice, or it proves nothing. */
const controls: { without: string; within: number; finds: RegExp; scene: (seed: number) => Scene }[] = [
  {
    without: 'a standby that promises nothing while its own question may come true (the bet)',
    within: 200,
    finds: /is active, and so is/,
    scene: (seed) => ({
      ...usualScene(seed),
      core: promisesWhileAsking,
      script: questionIsUnderWay(10, 500),
    }),
  },
  {
    without: 'an observation that is longer than the deadline',
    within: 1_000,
    finds: /is active, and so is/,
    scene: (seed) => {
      const scene = sceneOf(seed)
      return { ...scene, timing: { ...scene.timing, observeMs: 0.8 * scene.timing.deadlineMs } }
    },
  },
  {
    without: 'consent that counts from the question',
    within: 10_000,
    finds: /is active, and so is/,
    scene: (seed) => ({
      ...usualScene(seed),
      core: countsFromTheAnswer,
      weather: { lateShare: 0, datagramMs: 4, promiseMs: 2_000, etcdMs: 5 },
      faults: ['isolated', 'cut from etcd', 'does not reach etcd'],
    }),
  },
  {
    without: 'the removal of the other node before a save is acknowledged alone',
    within: 500,
    finds: /is acknowledged, and . counts as in sync without it/,
    scene: (seed) => {
      const scene = sceneOf(seed)
      return { ...scene, rules: { ...scene.rules, removesFirst: false } }
    },
  },
  {
    without: 'the revision of the in-sync set in its changes, so that a late one may undo a later',
    within: 5_000,
    finds: /is acknowledged, and . counts as in sync without it/,
    scene: (seed) => {
      const scene = sceneOf(seed)
      return { ...scene, rules: { ...scene.rules, guardsInsync: false } }
    },
  },
  {
    without: 'the in-sync set',
    within: 500,
    finds: /was not in sync and took over/,
    scene: (seed) => ({ ...sceneOf(seed), core: ignoresInsync }),
  },
  {
    without: 'the time limit of orders about the address',
    within: 200,
    finds: /is active, and so is/,
    scene: (seed) => {
      const scene = usualScene(seed)
      return { ...scene, rules: { ...scene.rules, mindsTheTime: false }, script: standsStillOverAnOrder }
    },
  },
  {
    without: 'a lifetime of the address that fits into the observation',
    within: 5_000,
    finds: /is active, and so is .*address true, gate false/,
    scene: (seed) => {
      const scene = sceneOf(seed)
      return { ...scene, timing: { ...scene.timing, lifetimeMs: scene.timing.observeMs + 300 } }
    },
  },
]

for (const { without, within, finds, scene } of controls)
  test(`the simulation finds what goes wrong without ${without}`, (t) => {
    for (let seed = 1; seed <= within; seed += 1) {
      const { violation } = simulate(scene(seed))
      if (violation === undefined) continue
      t.diagnostic(`found in life ${seed}: ${violation}`)
      return assert.match(violation, finds)
    }
    assert.fail(`nothing found in ${within} lives`)
  })
