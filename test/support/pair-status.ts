import type { MemberView, NodeView, PairStatus } from '../../ha/agent/views.ts'

/** A pair that is well: A is active, B follows, three members of etcd. */
export const wellPair = (change: Partial<PairStatus> = {}): PairStatus => ({
  cluster: 'voip1',
  uuid: '7d0c',
  node: 'A',
  pid: 4711,
  epoch: 48_213,
  active: 'A',
  etcd: { reached: true, members: [member('A'), member('B'), member('w', { isLeader: true })], leader: 'w' },
  vip: { addresses: ['10.0.0.50'], on: 'A' },
  insync: ['A', 'B'],
  paused: undefined,
  failsafe: false,
  lastChange: { epoch: 48_213, node: 'A', at: '2026-11-24T08:00:00.000Z', why: 'planned by alice: firmware' },
  nodes: [node('A', { role: 'active', why: 'serves', seenMs: 0 }), node('B')],
  ...change,
})

export const node = (name: string, change: Partial<NodeView> = {}): NodeView => ({
  name,
  address: name === 'A' ? '10.0.0.1' : '10.0.0.2',
  role: 'standby',
  why: 'A is active, seen 120 ms ago',
  seenMs: 300,
  seq: 700,
  score: 100,
  faults: [],
  faultKinds: [],
  freeMb: 40_960,
  onStandby: false,
  complete: true,
  rescued: 0,
  drift: 0,
  version: '0.1.0',
  ...change,
})

export const member = (name: string, change: Partial<MemberView> = {}): MemberView => ({
  endpoint: `${{ A: '10.0.0.1', B: '10.0.0.2' }[name] ?? '10.0.0.3'}:2379`,
  reachable: true,
  name,
  isLeader: false,
  version: '3.4.23',
  alarms: [],
  ...change,
})
