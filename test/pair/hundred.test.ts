import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginTraffic } from '../support/pair-audit.ts'
import { startPair, withPair } from '../support/pair.ts'
import { until } from '../support/until.ts'

const rounds = Number(process.env['HANDOVERS'] ?? 100)

test(
  `row 56: the role changes ${rounds} times, back to back, under 50 saves a second: nothing is lost, and epochs only grow`,
  { ...withPair, timeout: 590_000 },
  async (t) => {
    const pair = await startPair(t)
    const traffic = await beginTraffic(pair, { savesPerSecond: 50 })
    const epochs: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const active = await pair.settled(30_000)
      epochs.push((await active.status()).epoch)
      const order = { by: 'a test', why: `round ${round}`, drainMs: 100, dryRun: false }
      // Refused while the other node is not ready for it, as right after the change before.
      await until(
        () =>
          active.ask('agent', '/handover', 'POST', order).then(
            () => true,
            () => undefined,
          ),
        30_000,
      )
      await pair.becomesActive(pair.otherOf(active.name))
    }
    await pair.settled(30_000)
    const felt = await traffic.stop()
    t.diagnostic(
      `${felt.acknowledged} of ${felt.tries.length} saves acknowledged, longest gap ${Math.round(felt.getGapMs)} ms`,
    )
    assert.ok(epochs.every((epoch, index) => index === 0 || epoch > (epochs[index - 1] ?? 0)))
    assert.ok(felt.epochs.length >= rounds / 2, 'clients did not see the changes')
  },
)
