import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PairStatus } from '../../../ha/agent/views.ts'
import { judge } from '../../../ha/agent/judge.ts'
import { member, node, wellPair } from '../../support/pair-status.ts'

test('a pair that is well could fail over now', () => {
  const { answer, checks } = judge(wellPair())
  assert.equal(answer, 'ok')
  assert.ok(checks.every(({ verdict }) => verdict === 'ok'))
})

const active = node('A', { role: 'active', why: 'serves', seenMs: 0 })
const cases: readonly [string, Partial<PairStatus>, string, RegExp][] = [
  [
    'the standby is not in sync',
    { insync: ['A'] },
    'cannot',
    /B is in sync: acknowledged saves may be missing/,
  ],
  [
    'the standby was not heard of for long',
    { nodes: [active, node('B', { seenMs: 9_000 })] },
    'cannot',
    /last heard of 9 s ago/,
  ],
  [
    'the standby was never heard of',
    { nodes: [active, node('B', { seenMs: undefined })] },
    'cannot',
    /never heard of/,
  ],
  [
    'the standby is out of service',
    { nodes: [active, node('B', { onStandby: true })] },
    'cannot',
    /ha unstandby B/,
  ],
  [
    'the standby refuses to act',
    { nodes: [active, node('B', { role: 'refusing', why: 'etcd has gone back in time' })] },
    'cannot',
    /gone back in time/,
  ],
  ['there is a pause', { paused: { by: 'alice', why: 'cables' } }, 'cannot', /paused by alice: cables/],
  [
    'etcd is gone',
    { failsafe: true, etcd: { reached: false, members: [member('A')], leader: undefined } },
    'cannot',
    /etcd is gone/,
  ],
  [
    'etcd has no majority',
    {
      etcd: {
        reached: true,
        members: [member('A'), member('B', { reachable: false }), member('w', { reachable: false })],
        leader: undefined,
      },
    },
    'cannot',
    /no majority/,
  ],
  [
    'a member of etcd is gone',
    {
      etcd: {
        reached: true,
        members: [member('A'), member('B'), member('w', { reachable: false })],
        leader: 'B',
      },
    },
    'degraded',
    /2 of 3 members answer; 10\.0\.0\.3:2379 gone/,
  ],
  [
    'etcd has an alarm',
    {
      etcd: {
        reached: true,
        members: [member('A'), member('B', { alarms: ['NOSPACE'] }), member('w')],
        leader: 'w',
      },
    },
    'degraded',
    /B: NOSPACE/,
  ],
  [
    'etcd is led on the active node, by an address',
    {
      etcd: {
        reached: true,
        members: [member('m1', { endpoint: '10.0.0.1:2379', isLeader: true }), member('B'), member('w')],
        leader: 'm1',
      },
    },
    'degraded',
    /its leader is on A/,
  ],
  [
    'the standby is not well',
    { nodes: [active, node('B', { score: 60, faults: ['the disk is slow'] })] },
    'degraded',
    /score 60: the disk is slow; A is better off/,
  ],
  [
    'files are missing on the standby',
    { nodes: [active, node('B', { complete: false })] },
    'degraded',
    /B has every file: files of the active node are missing there/,
  ],
  ['something is set aside', { nodes: [active, node('B', { rescued: 3 })] }, 'degraded', /3 on B/],
  [
    'files were changed by hand',
    { nodes: [active, node('B', { drift: 2 })] },
    'degraded',
    /2 on B; `ha verify`/,
  ],
  [
    'the versions differ',
    { nodes: [active, node('B', { version: '0.2.0' })] },
    'degraded',
    /A 0\.1\.0, B 0\.2\.0/,
  ],
  [
    'a certificate of the pair ends soon',
    { nodes: [active, node('B', { keysDaysLeft: 29 })] },
    'degraded',
    /certificates last: that of B ends in 29 d; `ha init --renew`/,
  ],
  [
    'the address is on no node',
    { vip: { addresses: ['10.0.0.50'], on: undefined } },
    'cannot',
    /10\.0\.0\.50 is on no node/,
  ],
  [
    'no node is active',
    { active: undefined, nodes: [node('A', { why: 'stale' }), node('B', { why: 'paused' })] },
    'down',
    /A: stale; B: paused/,
  ],
]

for (const [title, change, answer, why] of cases) {
  test(`${title}: ${answer}`, () => {
    const judgement = judge(wellPair(change))
    assert.equal(judgement.answer, answer)
    const open = judgement.checks.filter(({ verdict }) => verdict !== 'ok')
    assert.match(open.map((check) => `${check.name}: ${check.why}`).join('\n'), why)
  })
}

test('what is only a warning does not hide what makes it impossible', () => {
  const nodes = [active, node('B', { drift: 2 })]
  assert.equal(judge(wellPair({ nodes, insync: ['A'] })).answer, 'cannot')
})
