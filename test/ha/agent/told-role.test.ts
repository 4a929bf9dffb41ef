import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeRole, standbyRole } from '../../../ha/agent/told-role.ts'
import { LoneNode, recordOf, released } from '../../support/lone-node.ts'
import { usualTiming } from '../../support/pair-simulation/scene.ts'

test('an active node may acknowledge saves until so long after it asked for its consent', () => {
  const { role, record } = LoneNode.active(100).state
  assert.ok(role.name === 'active')
  assert.deepEqual(activeRole(role, record, usualTiming), {
    role: 'active',
    epoch: 30,
    untilMs: 100 + usualTiming.deadlineMs,
    insync: ['a', 'b'],
    draining: false,
  })
  const leaving = { to: 'b', untilMs: 500, why: 'planned' }
  assert.partialDeepStrictEqual(activeRole({ ...role, leaving }, record, usualTiming), { draining: true })
})

test('a standby follows the node that is active, and nobody where the role was given up, or is its own still', () => {
  const node = new LoneNode()
  assert.deepEqual(standbyRole(node.state), { role: 'standby', epoch: 0, active: undefined, insync: [] })
  const follows = (record = recordOf()) => standbyRole({ ...node.state, record })
  assert.deepEqual(follows(), { role: 'standby', epoch: 10, active: 'b', insync: ['a', 'b'] })
  assert.partialDeepStrictEqual(follows(released), { active: undefined })
  const own = recordOf({ leader: { node: 'a', nonce: 'of a', phase: 'active', revision: 20 } })
  assert.partialDeepStrictEqual(follows(own), { active: undefined })
})
