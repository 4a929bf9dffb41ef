import assert from 'node:assert/strict'
import { test } from 'node:test'
import { betterLeader } from '../../../ha/agent/raft-leader.ts'
import type { Member } from '../../../ha/etcd/etcd.ts'

const member = (name: string, leaderId: string, reachable = true): Member => ({
  endpoint: `10.0.0.${name}:2379`,
  name,
  reachable,
  memberId: reachable ? name : '',
  leaderId,
  raftTerm: 1,
  revision: 1,
  version: '3.4.23',
  dbBytes: 0,
  alarms: [],
})
const isHere = (endpoint: string) => endpoint.startsWith('10.0.0.1:')
const better = (members: readonly Member[]) => betterLeader(members, isHere)?.name

test('the leader of etcd goes to a member elsewhere, the one named last: the witness', () => {
  assert.equal(better([member('1', '1'), member('2', '1'), member('3', '1')]), '3')
})

test('a member that does not answer is no place for it', () => {
  assert.equal(better([member('1', '1'), member('2', '1'), member('3', '1', false)]), '2')
  assert.equal(better([member('1', '1'), member('2', '1', false), member('3', '1', false)]), undefined)
})

test('a leader that is elsewhere already stays', () => {
  assert.equal(better([member('1', '2'), member('2', '2'), member('3', '2')]), undefined)
})
