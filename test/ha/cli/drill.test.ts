import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { DrillReport, Measured, PairStatus } from '../../../ha/agent/views.ts'
import { drillCommand } from '../../../ha/cli/drill.ts'
import { fakeAgent, type Answers, type FakeAgent } from '../../support/fake-agent.ts'
import { startNode } from '../../support/node.ts'
import { node, wellPair } from '../../support/pair-status.ts'
import { runProgram } from '../../support/program.ts'
import { run } from '../../support/run-command.ts'
import { until } from '../../support/until.ts'

/** A pair whose floating address and nodes are a file server of the test's own. */
async function pair(t: TestContext, answers: Answers, status: Partial<PairStatus> = {}): Promise<FakeAgent> {
  const fileserver = await startNode(t, (config) => {
    config.userData.http = 'open'
    config.watchdog.address = '127.0.0.77'
  })
  await fileserver.put('http', '46xxsettings.txt', 'SET DRILL 1\n')
  const settings = `
[pair]
vip = ["127.0.0.1"]
interface = "lo"
nodes = [{ name = "A", address = "127.0.0.1" }, { name = "B", address = "127.0.0.1" }]
[http]
ports = [${fileserver.port('http')}]
[tftp]
enabled = false
[ftp]
enabled = false
[data]
folder = "${fileserver.config.data.folder}"
`
  return fakeAgent(
    t,
    { 'GET /status': () => wellPair(status), 'POST /history/drill': () => ({}), ...answers },
    { settings },
  )
}

const go = (agent: FakeAgent, ...words: string[]) =>
  run(drillCommand, [...words, ...agent.words], undefined, 'ha')

const keptReport = ({ calls }: FakeAgent) =>
  calls.find(({ what }) => what === 'POST /history/drill')?.body as DrillReport | undefined

test('what can be played is listed', async (t) => {
  const { code, stdout } = await go(await fakeAgent(t, {}), 'list')
  assert.equal(code, 0)
  for (const name of [
    'planned',
    'kill-daemon',
    'freeze-agent',
    'nic-down',
    'isolate',
    'etcd-leader-loss',
    'disk-full',
  ])
    assert.match(stdout, new RegExp(`^${name} `, 'm'))
})

test('the agent stands still for a while, what phones felt is printed and kept, nothing is left behind', async (t) => {
  const victim = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
  t.after(() => victim.kill('SIGKILL'))
  const { pid = 0 } = victim
  const agent = await pair(t, {}, { pid })
  const state = async () => /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, 'latin1'))?.[1]
  const words = [
    'run',
    'freeze-agent',
    '--for',
    '1s',
    '--by',
    'alice',
    '--why',
    'training',
    '--yes',
    '--json',
  ]
  const running = go(agent, ...words)
  await until(async () => ((await state()) === 'T' ? true : undefined), 30_000)
  const { code, stdout, stderr } = await running
  assert.equal(await state(), 'S')
  assert.equal(code, 0, `${stdout}${stderr}`)
  assert.match(stderr, /^SIGSTOP to process \d+\ntaken back: SIGCONT to process \d+$/m)
  const report = JSON.parse(stdout) as DrillReport
  assert.deepEqual(report, keptReport(agent))
  assert.deepEqual(
    [report.scenario, report.by, report.why, report.passed],
    ['freeze-agent', 'alice', 'training', true],
  )
  assert.equal(report.objectiveMs, 3_000)
  assert.ok(report.saves.acknowledged > 0)
  assert.deepEqual([report.saves.missing, report.saves.left], [[], 0])
})

test('the planned one hands over, and is judged by the objective for planned changes', async (t) => {
  let handed = false
  const agent = await pair(t, {
    'GET /status': () => wellPair(handed ? { active: 'B', epoch: 48_214 } : {}),
    'POST /handover': () => {
      handed = true
      return { ok: true }
    },
  })
  const { code, stdout } = await go(agent, 'run', 'planned', '--yes')
  assert.equal(code, 0, stdout)
  assert.match(stdout, /^planned: A \(epoch 48213\) -> B \(epoch 48214\)/)
  assert.equal(keptReport(agent)?.objectiveMs, 200)
})

const refused: readonly [string, string[], Partial<PairStatus>, RegExp][] = [
  ['on the standby', ['kill-daemon'], { node: 'B' }, /B is not active; run it on A/],
  ['out of sync', ['planned'], { insync: ['A'] }, /B not in sync/],
  [
    'with warnings',
    ['planned'],
    { nodes: [node('A', { role: 'active' }), node('B', { drift: 1 })] },
    /there are warnings .*--despite-warnings/,
  ],
  [
    'though the other could not take over',
    ['planned', '--despite-warnings'],
    { nodes: [node('A', { role: 'active' }), node('B', { onStandby: true })] },
    /the other node could not take over/,
  ],
  ['cut off, with nowhere to measure from', ['isolate'], {}, /--probe-from HOST or --no-measure/],
  [
    'with an agent that is elsewhere',
    ['freeze-agent'],
    { pid: 2 ** 22 + 1 },
    /freeze-agent cannot be played here: the agent/,
  ],
]

for (const [title, words, status, why] of refused) {
  test(`refused ${title}: exit code 6, and nothing is touched`, async (t) => {
    const agent = await fakeAgent(t, { 'GET /status': () => wellPair(status) })
    const { code, stderr } = await go(agent, 'run', ...words, '--yes')
    assert.equal(code, 6)
    assert.match(stderr, why)
    assert.deepEqual(agent.calls, [])
  })
}

const wrong: readonly string[][] = [
  [],
  ['run'],
  ['run', 'earthquake'],
  ['run', 'disk-full', '--for', '1d'],
  ['dance'],
]
for (const words of wrong) {
  test(`used wrongly: drill ${words.join(' ')}`, async (t) => {
    const agent = await fakeAgent(t, { 'GET /status': () => wellPair() })
    assert.equal((await go(agent, ...words, '--yes')).code, 2)
  })
}

test('a probe only measures, from a host without settings of the pair, and cleans up', async (t) => {
  const fileserver = await startNode(t, (config) => {
    config.userData.http = 'open'
    config.watchdog.address = '127.0.0.77'
  })
  const port = fileserver.port('http')
  const set = [`http.ports=${port}`, 'tftp.enabled=false', 'ftp.enabled=false'].flatMap((each) => [
    '--set',
    each,
  ])
  const words = ['--vip', '127.0.0.1', '--node', 'A=127.0.0.1', '--for', '300ms', '--every', '20ms', '--json']
  const { code, output } = await runProgram(t, [
    'cmd/ha.ts',
    'drill',
    'probe',
    ...words,
    ...set,
    '--config',
    '/dev/null',
  ])
  assert.equal(code, 0, output)
  const measured = JSON.parse(output.slice(output.indexOf('{'))) as Measured
  assert.deepEqual(
    measured.protocols.map(({ protocol }) => protocol),
    ['http', 'put'],
  )
  assert.ok(measured.saves.acknowledged > 0)
  assert.deepEqual([measured.saves.missing, measured.saves.left], [[], 0])
  const kept = await readdir(join(fileserver.config.data.folder, 'FTPdata'))
  assert.deepEqual(
    kept.filter((name) => name.startsWith('drill')),
    [],
  )
})
