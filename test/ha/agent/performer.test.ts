import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Performer } from '../../../ha/agent/performer.ts'
import type { Effect } from '../../../ha/role/state.ts'
import { silentLog } from '../../../lib/base/log.ts'

const gate: Effect = { do: 'close gate', why: 'over' }
const drop: Effect = { do: 'drop VIP' }
const release: Effect = { do: 'release', nonce: 'n', epoch: 7, why: 'over' }
const send: Effect = { do: 'send', message: { type: 'FENCE', epoch: 7 } }

test('effects are performed in their order, each ended before the next begins', async () => {
  const done: string[] = []
  const slow = Promise.withResolvers<void>()
  const performer = new Performer(async (effect) => {
    if (effect.do === 'close gate') await slow.promise
    done.push(effect.do)
  }, silentLog)
  performer.add([gate, drop])
  performer.add([release])
  await Promise.resolve()
  assert.deepEqual(done, [])
  slow.resolve()
  await performer.idle()
  assert.deepEqual(done, ['close gate', 'drop VIP', 'release'])
})

test('a datagram does not wait for the slow ones before it', async () => {
  const done: string[] = []
  const slow = Promise.withResolvers<void>()
  const performer = new Performer((effect) => {
    if (effect.do === 'close gate') return slow.promise
    done.push(effect.do)
    return undefined
  }, silentLog)
  performer.add([gate])
  performer.add([send])
  assert.deepEqual(done, ['send'])
  slow.resolve()
  await performer.idle()
})

test('one that fails does not keep the next from being performed', async () => {
  const done: string[] = []
  const performer = new Performer((effect) => {
    if (effect.do === 'close gate') throw new Error('the file server is gone')
    done.push(effect.do)
  }, silentLog)
  performer.add([gate, drop])
  await performer.idle()
  assert.deepEqual(done, ['drop VIP'])
})
