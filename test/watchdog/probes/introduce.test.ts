import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { discoverProbes } from '../../../watchdog/discover.ts'
import { introducer } from '../../../watchdog/probes/introduce.ts'
import { newToken } from '../../../watchdog/probes/names.ts'
import { run, whyOf } from '../../support/lone-probe.ts'
import { startProbedNode } from '../../support/probed-node.ts'

test('a watchdog that was started anew is believed at once, whatever the file server remembers', async (t) => {
  const {
    config,
    probes,
    run: runProbe,
  } = await startProbedNode(t, (settings) => {
    settings.snmp.rememberSeconds = 86_400
  })
  assert.equal((await runProbe(/^ftp /)).outcome, 'ok')
  await probes.close()

  const anew = discoverProbes(config, { clock: systemClock, token: newToken() })
  t.after(() => anew.close())
  for (const probe of anew.all.filter(({ about }) => about.kind === 'door')) {
    const finding = await run(probe)
    assert.equal(finding.outcome, 'ok', `${probe.name}: ${whyOf(finding)}`)
  }
})

test('a file server that does not answer keeps nobody waiting: the probe will say so', async () => {
  await introducer('/nowhere/fileserver.sock')('127.6.9.1', new AbortController().signal)
})
