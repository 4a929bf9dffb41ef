import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { floatingAddressProbe, pairProbe } from '../../../watchdog/probes/pair.ts'
import { TestClock } from '../../support/clock.ts'
import { loneParts, run, tcpLiar, whyOf } from '../../support/lone-probe.ts'

const well = { name: 'b is there', verdict: 'ok', why: 'last heard of 1 s ago' }
const lost = { name: 'b is in sync', verdict: 'no', why: 'acknowledged saves may be missing there' }

/** An agent that answers as it is told, asked by the watchdog of node a. */
async function pairThatSays(t: TestContext, answer: { active?: string; answer: string; checks: object[] }) {
  const clock = new TestClock()
  const parts = await loneParts(t, (config) => (config.node.name = 'a'))
  const folder = parts.config.run.folder
  await mkdir(folder)
  const agent = createServer((_, response) => response.end(JSON.stringify(answer)))
  agent.listen(join(folder, 'agent.sock'))
  await once(agent, 'listening')
  t.after(() => agent.close())
  const probe = pairProbe({ ...parts, clock })
  return { clock, answer, ask: () => run(probe) }
}

test('a pair that could change is ok', async (t) => {
  const { ask } = await pairThatSays(t, { active: 'a', answer: 'ok', checks: [well] })
  const finding = await ask()
  assert.deepEqual([finding.outcome, 'warning' in finding], ['ok', false])
})

test('what keeps the other node from taking over is a warning once it has lasted, and starts anew', async (t) => {
  const { ask, clock, answer } = await pairThatSays(t, {
    active: 'a',
    answer: 'cannot',
    checks: [well, lost],
  })
  const warning = async () => {
    const finding = await ask()
    return finding.outcome === 'ok' ? finding.warning : whyOf(finding)
  }
  assert.equal(await warning(), undefined)
  clock.advance(59_000)
  assert.equal(await warning(), undefined)
  clock.advance(1_000)
  assert.equal(await warning(), 'not so: b is in sync (acknowledged saves may be missing there)')
  Object.assign(answer, { answer: 'ok', checks: [well] })
  assert.equal(await warning(), undefined)
  Object.assign(answer, { answer: 'cannot', checks: [lost] })
  assert.equal(await warning(), undefined)
})

test('the watchdog of the standby leaves that to the other', async (t) => {
  const { ask, clock } = await pairThatSays(t, { active: 'b', answer: 'degraded', checks: [lost] })
  await ask()
  clock.advance(61_000)
  assert.equal('warning' in (await ask()), false)
})

test('no active node has missed, whoever looks', async (t) => {
  const checks = [{ name: 'phones are served', verdict: 'no', why: 'no node is active' }]
  const { ask } = await pairThatSays(t, { answer: 'down', checks })
  assert.match(
    whyOf(await ask()),
    /^check of the pair by the agent: not so: phones are served \(no node is active\)/,
  )
})

test('an agent that does not run has missed', async (t) => {
  const finding = await run(pairProbe(await loneParts(t)))
  assert.match(whyOf(finding), /^check of the pair by the agent: nothing is running behind .*agent\.sock/)
})

test('a floating address where somebody serves is ok, and one where nobody does has missed', async (t) => {
  const parts = await loneParts(t)
  const port = await tcpLiar(t, () => {})
  assert.equal((await run(floatingAddressProbe('127.0.0.1', port, parts))).outcome, 'ok')
  const finding = await run(floatingAddressProbe('127.0.0.9', port, parts))
  assert.match(whyOf(finding), /^connection to port \d+: .*refused/)
})
