import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ReadTransfer } from '../../../lib/tftp/read-transfer.ts'
import { seededRandom } from '../../support/random.ts'
import { simulate, type Simulated } from '../../support/tftp-simulation.ts'

/** Long enough that even at 30 % loss chance alone never makes anybody give up. */
const giveUpMs = 60_000

interface Scene {
  seed: number
  blocks: number
  windowSize: number
  withOptions: boolean
  exactTimeoutMs: number | undefined
  loss: number
  duplication: number
  jitterMs: number
  thinksMs: number
  leavesAfter: number | undefined
}

const scenes = fc.record<Scene>({
  seed: fc.integer(),
  blocks: fc.integer({ min: 0, max: 120 }),
  windowSize: fc.constantFrom(1, 1, 2, 5, 16, 64),
  withOptions: fc.boolean(),
  exactTimeoutMs: fc.constantFrom(undefined, undefined, 1_000),
  loss: fc.constantFrom(0, 0.02, 0.2, 0.3),
  duplication: fc.constantFrom(0, 0.1, 0.5),
  jitterMs: fc.constantFrom(0, 3, 50),
  thinksMs: fc.constantFrom(0, 5, 80),
  leavesAfter: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined, freq: 8 }),
})

function play(scene: Scene): Simulated {
  const random = seededRandom(scene.seed)
  const { loss, duplication, jitterMs, thinksMs, exactTimeoutMs, leavesAfter } = scene
  const plan = {
    size: scene.blocks * 512 + 100,
    blockSize: 512,
    windowSize: scene.withOptions ? scene.windowSize : 1,
    withOptions: scene.withOptions,
    timeoutMs: 1_000,
    exactTimeoutMs: scene.withOptions ? exactTimeoutMs : undefined,
    giveUpMs,
  }
  return simulate(
    plan,
    { random, loss, duplication, delayMs: () => 0.1 + random() * jitterMs },
    {
      thinksMs: () => random() * thinksMs,
      resendMs: 1_000,
      giveUpMs,
      ...(leavesAfter === undefined ? {} : { leavesAfter }),
    },
  )
}

test('d23: whatever is lost, doubled or overtaken, the file arrives whole, or the server says it did not', () => {
  fc.assert(
    fc.property(scenes, (scene) => {
      const { server, phoneHasAll } = play(scene)
      if (server === 'done') assert.ok(phoneHasAll, 'the server believes in a file the phone does not have')
    }),
    { numRuns: 2_000 },
  )
})

test('d23: a phone that stays gets its file, at up to 30 % loss each way', () => {
  const staying = scenes.map((scene) => ({ ...scene, leavesAfter: undefined }))
  fc.assert(
    fc.property(staying, (scene) => {
      assert.ok(play(scene).phoneHasAll)
    }),
    { numRuns: 1_000 },
  )
})

test('d23: what is sent is bounded: a window for each acknowledgement and for each time the wait ran out', () => {
  fc.assert(
    fc.property(scenes, (scene) => {
      const { sends, acks, timeouts, ms } = play(scene)
      const window = scene.withOptions ? scene.windowSize : 1
      assert.ok(
        sends <= window * (acks + timeouts + 1),
        `${sends} sends for ${acks} acks and ${timeouts} timeouts`,
      )
      assert.ok(timeouts <= 20 + acks * 12 + ms / 1_000, `${timeouts} timeouts in ${ms} ms`)
    }),
    { numRuns: 1_000 },
  )
})

test('d22: in lockstep no flood of acknowledgements, in any order, has more blocks sent than were acknowledged', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 0xffff }), { maxLength: 400 }), fc.nat({ max: 40 }), (flood, upTo) => {
      const plan = { size: 512 * 60, blockSize: 512, windowSize: 1, withOptions: false }
      const transfer = new ReadTransfer({ ...plan, timeoutMs: 1_000, exactTimeoutMs: undefined, giveUpMs }, 0)
      transfer.ready(61, 0)
      let sent = 1
      const acks = [
        ...flood.map((number) => number % 50),
        ...Array.from({ length: upTo }, (_, index) => index + 1),
      ]
      for (const number of acks) if (transfer.ack(number, 1).do === 'send') sent += 1
      assert.equal(sent, transfer.ackedBytes / 512 + 1)
      assert.equal(transfer.resent, 0)
    }),
  )
})
