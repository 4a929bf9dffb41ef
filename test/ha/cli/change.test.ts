import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { pauseCommand, resumeCommand } from '../../../ha/cli/pause.ts'
import { standbyCommand, unstandbyCommand } from '../../../ha/cli/standby.ts'
import type { Command } from '../../../lib/base/command.ts'
import type { PairStatus } from '../../../ha/agent/views.ts'
import { fakeAgent, type Answers, type FakeAgent } from '../../support/fake-agent.ts'
import { node, wellPair } from '../../support/pair-status.ts'
import { piped, run, typing, type Ran } from '../../support/run-command.ts'

const agentOf = (
  t: TestContext,
  answers: Answers = {},
  status: Partial<PairStatus> = {},
): Promise<FakeAgent> => fakeAgent(t, { 'GET /status': () => wellPair(status), ...answers })

const go = (command: Command, agent: FakeAgent, ...words: string[]): Promise<Ran> =>
  run(command, [...words, ...agent.words], undefined, 'ha')

const paused: Answers = { 'POST /pause': () => ({ paused: true, until: '2026-11-24T12:00:00.000Z' }) }

test('who, why and how long go to the agent, and before and after are shown', async (t) => {
  const agent = await agentOf(t, paused)
  const { code, stdout, stderr } = await go(
    pauseCommand,
    agent,
    '--for',
    '30m',
    '--why',
    'cables',
    '--by',
    'alice',
    '--yes',
  )
  assert.equal(code, 0)
  assert.match(
    stderr,
    /^before {2}A is active, the other takes over when it fails\nafter {3}A is active, nobody takes over for 30 min\n$/,
  )
  assert.match(stdout, /^paused until 11-24 \d\d:00:00\n$/)
  assert.deepEqual(agent.calls, [{ what: 'POST /pause', body: { minutes: 30, by: 'alice', why: 'cables' } }])
})

test('without --by it is the user who runs the command', async (t) => {
  const agent = await agentOf(t, paused)
  await go(pauseCommand, agent, '--for', '1h', '--why', 'cables', '-y')
  const [call] = agent.calls
  assert.match(JSON.stringify(call?.body), /"by":"[^"]+"/)
})

test('without a terminal and without --yes nothing is done, and a sentence says what to do: exit code 6', async (t) => {
  const agent = await agentOf(t, paused)
  const words = ['--for', '30m', '--why', 'cables', ...agent.words]
  for (const stdin of [undefined, piped('y\n')]) {
    const { code, stderr } = await run(pauseCommand, words, stdin, 'ha')
    assert.equal(code, 6)
    assert.match(stderr, /there is no terminal to ask at: say --yes/)
  }
  assert.deepEqual(agent.calls, [])
})

const typed: readonly [string, number, number][] = [
  ['y\n', 0, 1],
  ['yes\r\n', 0, 1],
  ['n\n', 6, 0],
  ['\n', 6, 0],
  ['maybe y\n', 6, 0],
]

for (const [keys, code, calls] of typed) {
  test(`at a terminal ${JSON.stringify(keys)} is ${code === 0 ? 'a yes' : 'no yes'}`, async (t) => {
    const agent = await agentOf(t, paused)
    const words = ['--for', '30m', '--why', 'cables', ...agent.words]
    const ran = await run(pauseCommand, words, typing(keys).stdin, 'ha')
    assert.equal(ran.code, code, ran.stderr)
    assert.equal(agent.calls.length, calls)
    assert.match(ran.stderr, /Do it\? \[y\/N\]/)
  })
}

test('what the agent refuses is told with its words: exit code 6', async (t) => {
  const agent = await agentOf(t, {
    'POST /pause': () => {
      throw new Error('etcd does not answer')
    },
  })
  const { code, stderr } = await go(pauseCommand, agent, '--for', '30m', '--why', 'x', '-y')
  assert.equal(code, 6)
  assert.match(stderr, /refused: etcd does not answer/)
})

const wrong: readonly [string, Command, string[], RegExp][] = [
  ['a pause without a reason', pauseCommand, ['--for', '30m'], /say why/],
  ['a pause without an end', pauseCommand, ['--why', 'x'], /say how long: --for/],
  ['a pause of a second', pauseCommand, ['--for', '1s', '--why', 'x'], /from 1m to 1d/],
  ['a pause of two days', pauseCommand, ['--for', '2d', '--why', 'x'], /from 1m to 1d/],
  ['words that mean nothing', pauseCommand, ['now', '--for', '30m', '--why', 'x'], /what to do with now/],
  ['no node', standbyCommand, ['--why', 'x'], /name one node/],
  ['a node out of service without a reason', standbyCommand, ['B'], /say why/],
  ['two nodes', unstandbyCommand, ['A', 'B'], /name one node/],
]

for (const [title, command, words, why] of wrong) {
  test(`used wrongly: ${title}: exit code 2`, async (t) => {
    const agent = await agentOf(t)
    const { code, stderr } = await go(command, agent, ...words, '-y')
    assert.equal(code, 2)
    assert.match(stderr, why)
    assert.deepEqual(agent.calls, [])
  })
}

test('a pause is ended by name of who ends it; where there is none, that is said', async (t) => {
  const agent = await agentOf(
    t,
    { 'DELETE /pause': () => ({ paused: false }) },
    { paused: { by: 'bob', why: 'cables' } },
  )
  const { code, stderr } = await go(resumeCommand, agent, '--by', 'alice', '-y')
  assert.equal(code, 0)
  assert.match(stderr, /before {2}paused by bob: cables/)
  assert.deepEqual(agent.calls, [{ what: 'DELETE /pause', body: { by: 'alice' } }])
  const none = await agentOf(t)
  assert.match((await go(resumeCommand, none, '-y')).stdout, /there is no pause/)
  assert.deepEqual(none.calls, [])
})

test('the standby is taken out of service, with a warning of what that means', async (t) => {
  const agent = await agentOf(t, { 'POST /standby': () => ({ node: 'B', onStandby: true }) })
  const { code, stderr } = await go(standbyCommand, agent, 'B', '--why', 'disk', '--by', 'alice', '-y')
  assert.equal(code, 0)
  assert.match(stderr, /after {3}B is out of service: if the other node fails, phones get nothing/)
  assert.deepEqual(agent.calls, [{ what: 'POST /standby', body: { node: 'B', by: 'alice', why: 'disk' } }])
})

/** An agent that hands over, to whoever `active` names then. */
function handsOver(t: TestContext, active: string): Promise<FakeAgent> {
  let handed = false
  return fakeAgent(t, {
    'GET /status': () => wellPair(handed ? { active, epoch: 48_214 } : {}),
    'POST /handover': () => {
      handed = true
      return { ok: true }
    },
    'POST /standby': () => ({}),
  })
}

test('the active node hands over before it is taken out of service', async (t) => {
  const agent = await handsOver(t, 'B')
  const { code, stderr } = await go(standbyCommand, agent, 'A', '--why', 'disk', '-y')
  assert.equal(code, 0, stderr)
  assert.deepEqual(
    agent.calls.map(({ what }) => what),
    ['POST /handover', 'POST /standby'],
  )
})

test('where the other node does not take over, the active one stays in service: exit code 5', async (t) => {
  const agent = await handsOver(t, 'A')
  const { code, stderr } = await go(standbyCommand, agent, 'A', '--why', 'disk', '-y')
  assert.equal(code, 5)
  assert.match(stderr, /rolled back: B did not take over, A is active again \(epoch 48214\)/)
  assert.deepEqual(
    agent.calls.map(({ what }) => what),
    ['POST /handover'],
  )
})

test('a node that there is not is refused before anything is asked', async (t) => {
  const agent = await agentOf(t)
  for (const command of [standbyCommand, unstandbyCommand]) {
    const { code, stderr } = await go(command, agent, 'C', '--why', 'x', '-y')
    assert.equal(code, 6)
    assert.match(stderr, /there is no node C; there are A and B/)
  }
  assert.deepEqual(agent.calls, [])
})

test('a node is put back into service', async (t) => {
  const agent = await agentOf(
    t,
    { 'DELETE /standby': () => ({}) },
    { nodes: [node('A', { role: 'active' }), node('B', { onStandby: true })] },
  )
  assert.equal((await go(unstandbyCommand, agent, 'B', '--by', 'alice', '-y')).code, 0)
  assert.deepEqual(agent.calls, [{ what: 'DELETE /standby', body: { node: 'B', by: 'alice' } }])
})

test('with --json the answer of the agent is all that stands on standard output', async (t) => {
  const agent = await agentOf(t, paused)
  const { stdout } = await go(pauseCommand, agent, '--for', '30m', '--why', 'x', '-y', '--json')
  assert.deepEqual(JSON.parse(stdout), { paused: true, until: '2026-11-24T12:00:00.000Z' })
})
