import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultConfig } from '../../../../lib/base/config.ts'
import { unsafeTimings, type Timing } from '../../../../lib/base/settings/pair-timing.ts'
import { usualTiming } from '../../../support/pair-simulation/scene.ts'

const complaints = (change: Partial<Timing>) => [...unsafeTimings({ ...usualTiming, ...change })]

test('the settings as they come keep the rules, and are those of the simulation', () => {
  const { lifetimeSeconds, ...timing } = defaultConfig().pairTiming
  assert.deepEqual({ ...timing, lifetimeMs: lifetimeSeconds * 1_000 }, usualTiming)
  assert.deepEqual(complaints({}), [])
})

test('three renewals must fit into the deadline', () => {
  assert.deepEqual(complaints({ deadlineMs: 750 }), [])
  assert.deepEqual(complaints({ deadlineMs: 749 }), [
    'three renewals (renewMs, 250) must fit into deadlineMs (749), so that one lost answer is no failover',
  ])
})

test('questions to etcd must not pile up', () => {
  assert.deepEqual(complaints({ etcdMs: 350, observeMs: 1_800 }), [])
  assert.deepEqual(complaints({ etcdMs: 351, observeMs: 1_800 }), [
    'etcdMs (351) must be at most renewMs + 100 (350), so that questions do not pile up',
  ])
})

test('the active node must have stopped before the standby begins, though its clock is 5 % slower', () => {
  assert.deepEqual(complaints({ deadlineMs: 1_467 }), [])
  assert.deepEqual(complaints({ deadlineMs: 1_468 }), [
    'observeMs (1650) must be at least 1651: the active node must have stopped before the standby begins',
  ])
})

test('the kernel must have dropped the address before the standby begins', () => {
  assert.deepEqual(complaints({ observeMs: 1_632 }), [])
  assert.deepEqual(complaints({ observeMs: 1_631 }), [
    'observeMs (1631) must be at least 1632: the kernel may keep the floating address for 1550 ms after the last renewal',
  ])
})
