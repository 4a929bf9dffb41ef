import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrillReport, Measured, Reign } from '../../ha/agent/views.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { loadConfig } from '../../lib/base/load-config.ts'
import { pairProbe } from '../../watchdog/probes/pair.ts'
import type { PairNode } from '../support/pair-node.ts'
import { startPair, withPair } from '../support/pair.ts'

/** `ha` at a real pair: what it does, measures and keeps. How long a gap may be is for `make bench-ha` to judge. */

/** The report, and what must hold however slow the machine is. */
async function reportBy(node: PairNode, ...words: string[]): Promise<DrillReport> {
  const { code, output } = await node.ha(...words, '--yes', '--by', 'alice', '--json')
  assert.ok(code === 0 || code === 4, `exit code ${code}\n${output}`)
  const report = JSON.parse(output.slice(output.indexOf('\n{'))) as DrillReport
  assert.equal(report.by, 'alice')
  assert.equal(report.epochsOverlap, false)
  assert.ok(report.saves.acknowledged > 10, output)
  assert.deepEqual([report.saves.missing, report.saves.unchecked, report.saves.left], [[], [], 0])
  assert.ok(report.to.epoch > report.from.epoch)
  assert.notEqual(report.to.node, report.from.node)
  return report
}

test(
  'administrators play failures, and read what phones felt',
  { ...withPair, timeout: 280_000 },
  async (t) => {
    const pair = await startPair(t)
    const reports: DrillReport[] = []

    await t.test('ha status, ha check and the watchdog say that all is well', async () => {
      const { output } = await pair.a.ha('status')
      assert.match(
        output,
        /^test: [ab] is active \(epoch \d+\) · etcd 3 of 3 · in sync 2 of 2 · address 10\.77\.0\.50 on [ab]/,
      )
      const { code, output: answer } = await pair.b.ha('check')
      assert.ok(code === 0 || code === 1, answer) // etcd's leader may not have moved away yet
      assert.doesNotMatch(answer, /^no /m)
      const config = loadConfig({ file: pair.a.config, environment: {}, overrides: [] })
      const found = await pairProbe({ config, clock: systemClock }).run(AbortSignal.timeout(5_000))
      assert.equal(found.outcome, 'ok')
    })

    await t.test('ha failover hands over, asked on either node', async () => {
      const first = await pair.settled()
      reports.push(await reportBy(first, 'failover'))
      await pair.settled()
      reports.push(await reportBy(first, 'failover'))
      assert.equal((await pair.settled()).name, first.name)
    })

    for (const scenario of ['freeze-agent', 'kill-daemon']) {
      await t.test(`ha drill run ${scenario} ends with both nodes as before`, async () => {
        const active = await pair.settled()
        const report = await reportBy(active, 'drill', 'run', scenario, '--despite-warnings')
        assert.equal(report.from.node, active.name)
        reports.push(report)
        assert.equal((await pair.settled(30_000)).name, report.to.node)
      })
    }

    await t.test(
      'ha drill probe measures from a host that has nothing of the pair but its addresses',
      async () => {
        const active = await pair.settled()
        const addresses = [
          '--vip',
          pair.address,
          '--node',
          `a=${pair.a.host.address}`,
          '--node',
          `b=${pair.b.host.address}`,
        ]
        const probe = pair.client.startNode([
          'cmd/ha.ts',
          'drill',
          'probe',
          ...addresses,
          '--for',
          '6s',
          '--json',
        ])
        await probe.says('measuring')
        const { code, output } = await active.ha('failover', '--yes', '--no-measure', '--wait')
        assert.equal(code, 0, output)
        assert.equal(await probe.ended, 0)
        const measured = JSON.parse(probe.output().slice(probe.output().indexOf('\n{'))) as Measured
        assert.equal(measured.protocols.length, 4)
        assert.equal(measured.epochsOverlap, false)
        assert.deepEqual([measured.saves.missing, measured.saves.unchecked], [[], []])
        assert.match(measured.notes.join('\n'), /answers came from epochs \d+, \d+/)
      },
    )

    await t.test(
      'history keeps reigns and reports, and explain tells what led to the last change',
      async () => {
        const { output } = await pair.a.ha('history', '--json')
        const history = JSON.parse(output) as { reigns: Reign[]; drills: DrillReport[] }
        assert.deepEqual(history.drills, reports)
        assert.ok(history.reigns.length >= 6)
        const active = await pair.settled()
        assert.match(
          (await active.ha('explain')).output,
          new RegExp(`^${active.name} is active: [^]*active with epoch`, 'm'),
        )
      },
    )
  },
)
