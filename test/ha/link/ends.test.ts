import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endsOf } from '../../../ha/link/ends.ts'
import { configSchema } from '../../../lib/base/config.ts'

const pairOf = (...names: string[]) =>
  configSchema.parse({
    pair: { agentPort: 7_001, nodes: names.map((name, at) => ({ name, address: `10.0.0.${at + 1}` })) },
  }).pair

test('each node finds itself and the other one in the settings', () => {
  const one = { name: 'one', address: '10.0.0.1', port: 7_001 }
  const two = { name: 'two', address: '10.0.0.2', port: 7_001 }
  assert.deepEqual(endsOf('one', pairOf('one', 'two')), { local: one, remote: two })
  assert.deepEqual(endsOf('two', pairOf('one', 'two')), { local: two, remote: one })
})

test('a node that is not among the nodes, or alone there, is an error that names both', () => {
  assert.throws(
    () => endsOf('three', pairOf('one', 'two')),
    /pair\.nodes: .*"three".* not one, two; .*node\.name/,
  )
  assert.throws(() => endsOf('one', pairOf('one')), /pair\.nodes: .* not one;/)
  assert.throws(() => endsOf('one', pairOf('one', 'one')), /not one, one/)
  assert.throws(() => endsOf('one', pairOf()), /not none/)
})
