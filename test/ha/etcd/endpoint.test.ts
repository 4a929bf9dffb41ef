import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../../ha/etcd/connection.ts'
import { Endpoint } from '../../../ha/etcd/endpoint.ts'
import { LeaseGone } from '../../../ha/etcd/unavailable.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { recordingLog } from '../../support/recording-log.ts'

test('two failures in a row, and the connection is made anew', async (t) => {
  const { log, events } = recordingLog()
  const security = { tls: undefined, login: undefined }
  const endpoint = new Endpoint('127.0.0.1:1', { security, clock: systemClock, log })
  t.after(() => endpoint.close())
  const used: Connection[] = []
  const ask = (outcome: () => Promise<unknown>) =>
    endpoint.ask((connection) => (used.push(connection), outcome()), 1_000).catch(() => undefined)
  const fails = () => Promise.reject(new Error('no route'))
  const answers = async () => 'yes'
  const leaseGone = () => Promise.reject(new LeaseGone())
  for (const outcome of [fails, answers, fails, leaseGone, fails, fails, fails, answers]) await ask(outcome)
  const [first, last] = [used[0], used.at(-1)]
  assert.notEqual(first, last)
  assert.deepEqual(used, [first, first, first, first, first, first, last, last])
  assert.deepEqual(
    events('etcd member does not answer').map(({ why }) => why),
    ['no route'],
  )
  assert.equal(events('etcd member answers').length, 1)
})
