import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitCommand } from '../../../ha/cli/wait.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import { wellPair } from '../../support/pair-status.ts'
import { run } from '../../support/run-command.ts'

test('it waits until a node is active', async (t) => {
  let asked = 0
  const { words } = await fakeAgent(t, {
    'GET /status': () => {
      asked += 1
      return wellPair(asked < 3 ? { active: undefined } : {})
    },
  })
  const { code } = await run(waitCommand, ['--until', 'active', ...words], undefined, 'ha')
  assert.equal(code, 0)
  assert.equal(asked, 3)
})

test('what does not come about in time is told with its reason: exit code 1', async (t) => {
  const { words } = await fakeAgent(t, { 'GET /status': () => wellPair({ insync: ['A'] }) })
  const { code, stderr } = await run(
    waitCommand,
    ['--until', 'insync', '--timeout', '300ms', ...words],
    undefined,
    'ha',
  )
  assert.equal(code, 1)
  assert.match(stderr, /not within the time: B not in sync/)
})

test('an agent that does not run yet is waited for', async (t) => {
  const { words } = await fakeAgent(t, {}, { program: 'other' })
  const { code, stderr } = await run(
    waitCommand,
    ['--until', 'active', '--timeout', '300ms', ...words],
    undefined,
    'ha',
  )
  assert.equal(code, 1)
  assert.match(stderr, /nothing is running behind/)
})

test('it must be said what to wait for, and for how long', async (t) => {
  const { words } = await fakeAgent(t, {})
  for (const wrong of [[], ['--until', 'toString'], ['--until', 'active', '--timeout', 'soon']])
    assert.equal((await run(waitCommand, [...wrong, ...words], undefined, 'ha')).code, 2)
})
