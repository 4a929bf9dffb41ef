import assert from 'node:assert/strict'
import { test } from 'node:test'
import { perProtocol, protocols } from '../../../lib/base/protocol.ts'

test('there is one of everything for each protocol, made for it', () => {
  const made = perProtocol((protocol) => ({ for: protocol }))
  assert.deepEqual(Object.keys(made).toSorted(), [...protocols].toSorted())
  for (const protocol of protocols) assert.deepEqual(made[protocol], { for: protocol })
})
