import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { DrillReport } from '../../../ha/agent/views.ts'
import { failoverCommand } from '../../../ha/cli/failover.ts'
import { lossText } from '../../../ha/cli/force.ts'
import { standOf } from '../../../ha/cli/handing-over.ts'
import { fakeAgent, type Answers, type FakeAgent } from '../../support/fake-agent.ts'
import { startNode } from '../../support/node.ts'
import { wellPair } from '../../support/pair-status.ts'
import { run, typing } from '../../support/run-command.ts'

const stands: readonly [string, { active: string | undefined; epoch: number }, string][] = [
  ['nothing has happened yet', { active: 'A', epoch: 5 }, 'under way'],
  ['the old one has let go', { active: undefined, epoch: 5 }, 'under way'],
  ['there is a new reign of somebody not yet seen', { active: undefined, epoch: 6 }, 'under way'],
  ['the new one is active', { active: 'B', epoch: 6 }, 'done'],
  ['the old one has taken it back', { active: 'A', epoch: 6 }, 'rolled back'],
  ['what is told is older than what was known', { active: 'B', epoch: 4 }, 'under way'],
]

for (const [title, now, expected] of stands) {
  test(`a hand-over is ${expected} when ${title}`, () => {
    assert.equal(standOf({ active: 'A', epoch: 5 }, 'B', now), expected)
  })
}

interface Setup {
  /** Who is active after the order. */
  active?: string
  refuses?: string
  answers?: Answers
  settings?: string
}

/** An agent that does what it is told, or not. */
function agentOf(t: TestContext, { active = 'B', refuses, answers = {}, settings = '' }: Setup = {}) {
  let handed = false
  return fakeAgent(
    t,
    {
      'GET /status': () => wellPair(handed ? { active, epoch: 48_214 } : {}),
      'POST /handover': ({ dryRun }: { dryRun: boolean }) => {
        if (refuses !== undefined) throw new Error(refuses)
        handed ||= !dryRun
        return { ok: true }
      },
      'POST /history/drill': () => ({}),
      ...answers,
    },
    { settings },
  )
}

const go = (agent: FakeAgent, ...words: string[]) =>
  run(failoverCommand, [...words, ...agent.words], undefined, 'ha')

const orders = ({ calls }: FakeAgent) =>
  calls.filter(({ what }) => what === 'POST /handover').map(({ body }) => body)

test('a dry run asks whether it could be done, shows before and after, and orders nothing', async (t) => {
  const agent = await agentOf(t)
  const { code, stdout } = await go(
    agent,
    '--dry-run',
    '--by',
    'alice',
    '--why',
    'firmware',
    '--drain',
    '30s',
  )
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^it could be done\nbefore {2}A is active \(epoch 48213\), 2 of 2 in sync\nafter {3}B is active, once what is under way has ended \(at most 30000 ms\)\n$/,
  )
  assert.deepEqual(orders(agent), [{ to: 'B', drainMs: 30_000, by: 'alice', why: 'firmware', dryRun: true }])
})

test('what speaks against it is told before anything is asked: exit code 6', async (t) => {
  const agent = await agentOf(t, { refuses: 'B is stale: acknowledged saves may be missing there' })
  const { code, stderr } = await go(agent, '--yes')
  assert.equal(code, 6)
  assert.match(stderr, /refused: B is stale/)
  assert.equal(orders(agent).length, 1)
})

test('without a terminal and without --yes nothing is ordered: exit code 6', async (t) => {
  const agent = await agentOf(t)
  const { code, stderr } = await go(agent)
  assert.equal(code, 6)
  assert.match(stderr, /say --yes/)
  assert.deepEqual(
    orders(agent).map((body) => (body as { dryRun: boolean }).dryRun),
    [true],
  )
})

test('without measuring it returns at once, or waits for the end', async (t) => {
  const quick = await agentOf(t)
  const { code, stdout } = await go(quick, '--yes', '--no-measure')
  assert.equal(code, 0)
  assert.match(stdout, /^B is asked to take over/)
  const patient = await agentOf(t)
  assert.equal((await go(patient, '--yes', '--no-measure', '--wait')).stdout, 'B is active (epoch 48214)\n')
})

test('the role that was taken back is told as rolled back: exit code 5', async (t) => {
  const agent = await agentOf(t, { active: 'A' })
  const { code, stdout } = await go(agent, '--yes', '--no-measure', '--wait')
  assert.equal(code, 5)
  assert.equal(stdout, 'rolled back: B did not take over, A is active again (epoch 48214)\n')
})

/** Settings of a pair whose floating address is a file server of the test's own. */
async function servedAddress(t: TestContext, more = ''): Promise<string> {
  const node = await startNode(t)
  await node.put('http', '46xxsettings.txt', 'SET DRILL 1\n')
  return `
[pair]
vip = ["127.0.0.1"]
interface = "lo"
nodes = [{ name = "A", address = "127.0.0.1" }, { name = "B", address = "127.0.0.1" }]
[http]
ports = [${node.port('http')}]
[tftp]
enabled = false
[ftp]
enabled = false
${more}`
}

test('it is measured from here, printed, and kept in the history', async (t) => {
  const agent = await agentOf(t, { settings: await servedAddress(t) })
  const { code, stdout, stderr } = await go(agent, '--yes', '--by', 'alice', '--why', 'firmware')
  assert.match(stderr, /measuring at 127\.0\.0\.1 from .*: http, every 10 ms/)
  assert.match(stdout, /^planned: A \(epoch 48213\) -> B \(epoch 48214\), \d+ ms, by alice: firmware\n/)
  assert.match(stdout, /^http +\d+ +0 +0 +none /m)
  assert.equal(code, 0, stdout)
  const kept = agent.calls.find(({ what }) => what === 'POST /history/drill')?.body as DrillReport
  assert.deepEqual([kept.scenario, kept.passed, kept.objectiveMs], ['planned', true, 200])
})

test('an objective that was missed is exit code 4, and a rollback 5, with the report in both cases', async (t) => {
  const settings = await servedAddress(t, '[pairDrill]\nplannedGapMs = 10\n')
  const missed = await agentOf(t, {
    settings,
    answers: { 'POST /history/drill': () => Promise.reject(new Error('etcd does not answer')) },
  })
  const ran = await go(missed, '--yes', '--json', '--every', '50ms')
  const report = JSON.parse(ran.stdout) as DrillReport
  // Asked each 50 ms, it cannot be told that there was no gap of 10 ms.
  assert.equal(ran.code, 4)
  assert.match(report.verdict, /^(?:not proven|missed)/)
  assert.match(ran.stderr, /the report is not in the history: etcd does not answer/)
  const back = await agentOf(t, { settings, active: 'A' })
  const rolledBack = await go(back, '--yes')
  assert.equal(rolledBack.code, 5)
  assert.match(rolledBack.stdout, /rolled back: B did not take over, A is active again/)
})

test('without a floating address nothing is ordered', async (t) => {
  const agent = await agentOf(t)
  const { code, stderr } = await go(agent, '--yes')
  assert.equal(code, 1)
  assert.match(stderr, /pair\.vip is empty.*--no-measure/)
  assert.equal(orders(agent).length, 1)
})

const wrong: readonly (readonly string[])[] = [
  ['B'],
  ['--accept-data-loss', '--yes'],
  ['--drain', 'long', '--yes'],
]
for (const words of wrong) {
  test(`used wrongly: failover ${words.join(' ')}`, async (t) => {
    const agent = await agentOf(t)
    assert.equal((await go(agent, ...words)).code, 2)
    assert.deepEqual(agent.calls, [])
  })
}

interface ForceSetup {
  complete?: boolean
  comes?: boolean
}

/** B is asked; A is dead. */
function deadActive(t: TestContext, { complete = false, comes = true }: ForceSetup = {}): Promise<FakeAgent> {
  let forced = false
  return fakeAgent(t, {
    'GET /status': () =>
      wellPair({ node: 'B', ...(forced && comes ? { active: 'B', epoch: 48_220 } : { active: undefined }) }),
    'POST /force': ({ dryRun }: { dryRun: boolean }) => {
      forced ||= !dryRun
      return { ok: true, why: '', mayBeLost: { complete, lastSeq: 688, behindBy: 12 } }
    },
  })
}

test('by force needs the word for what it costs, and says what may be lost first', async (t) => {
  const agent = await deadActive(t)
  const { code, stderr } = await go(agent, '--force', '--yes')
  assert.equal(code, 6)
  assert.match(
    stderr,
    /B is not in sync\. It has the saves up to record 688; later ones may be lost: at least 12/,
  )
  assert.match(stderr, /say --accept-data-loss/)
  assert.equal(agent.calls.length, 1)
})

test('by force needs the name of the node to be typed', async (t) => {
  const words = ['--force', '--accept-data-loss', '--by', 'alice', '--why', 'A burnt']
  const wrongName = await deadActive(t)
  const ran = await run(failoverCommand, [...words, ...wrongName.words], typing('y\n').stdin, 'ha')
  assert.equal(ran.code, 6)
  assert.match(ran.stderr, /that is not the name/)
  assert.equal(wrongName.calls.length, 1)
  const agent = await deadActive(t)
  const done = await run(failoverCommand, [...words, ...agent.words], typing('B\n').stdin, 'ha')
  assert.equal(done.code, 0, done.stderr)
  assert.match(done.stdout, /^B is active \(epoch 48220\)/)
  assert.deepEqual(
    agent.calls.map(({ body }) => body),
    [
      { by: 'alice', why: 'A burnt', dryRun: true },
      { by: 'alice', why: 'A burnt', dryRun: false },
    ],
  )
})

test('by force, another node than this one is a mistake', async (t) => {
  const agent = await deadActive(t)
  const { code, stderr } = await go(agent, '--force', '--to', 'A', '--yes')
  assert.equal(code, 2)
  assert.match(stderr, /makes the node active that it is run on, B; run it on A/)
})

test('what may be lost is told as far as it is known', () => {
  assert.match(
    lossText('B', { complete: true, lastSeq: 700 }),
    /^B is in sync: it has every acknowledged save, up to record 700\n$/,
  )
  assert.match(lossText('B', { complete: false, lastSeq: 688 }), /how many is not known/)
})
