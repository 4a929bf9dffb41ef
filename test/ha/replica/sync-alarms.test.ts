import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Membership } from '../../../ha/replica/durability.ts'
import { SyncAlarms } from '../../../ha/replica/sync-alarms.ts'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { TestClock } from '../../support/clock.ts'

function open(mode: 'available' | 'strict' = 'available') {
  const clock = new TestClock()
  const alarms = new Alarms({ clock, log: silentLog })
  const sync = new SyncAlarms({ other: 'node-b', mode }, { alarms, clock })
  const watch = (isSynced: boolean, member: Membership = 'out') =>
    sync.watch({ isSynced, member, acked: 0, pending: 0 })
  return { clock, sync, watch, texts: () => alarms.list().map(({ text }) => text) }
}

test('a standby that is away for a moment is no alarm, and one that stays away is one', () => {
  const { clock, watch, texts } = open()
  watch(false)
  clock.advance(9_000)
  watch(true)
  clock.advance(60_000)
  assert.deepEqual(texts(), [])
  watch(false)
  clock.advance(6_000)
  watch(false)
  clock.advance(6_000)
  assert.deepEqual(texts(), ['node-b does not follow this node; look at it'])
  watch(true, 'in')
  assert.deepEqual(texts(), [])
})

test('a save on this node alone is an alarm at once, until both have everything', () => {
  const { sync, watch, texts } = open()
  sync.alone()
  assert.match(texts()[0] ?? '', /it is on this node alone/)
  watch(false)
  assert.equal(texts().length, 1)
  watch(true, 'in')
  assert.deepEqual(texts(), [])
})

test('where both must have it, the alarm says that nothing is stored', () => {
  const { sync, texts } = open('strict')
  sync.alone()
  assert.match(texts()[0] ?? '', /nothing is stored; look at it, or set pair.durability/)
})

test('a node that is not active any more has no such worries', () => {
  const { clock, sync, watch, texts } = open()
  watch(false)
  watch(false, 'closed')
  clock.advance(60_000)
  sync.alone()
  sync.quiet()
  assert.deepEqual(texts(), [])
})
