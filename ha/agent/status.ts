import type { Member } from '../etcd/etcd.ts'
import { whyNot } from '../role/campaign.ts'
import type { Fault } from '../role/moves.ts'
import type { State } from '../role/state.ts'
import type { Timing } from '../role/timing.ts'
import type { Facts } from './health.ts'
import type { FileserverView } from './fileserver.ts'
import type { MemberView, NodeView, PairStatus, Reign } from './views.ts'

export interface StatusParts {
  cluster: string
  uuid: string
  addresses: readonly string[]
  state: State
  nowMs: number
  timing: Timing
  members: readonly Member[]
  lastReign: Reign | undefined
  own: NodeView
  other: NodeView
}

export function pairStatus(parts: StatusParts): PairStatus {
  const { cluster, uuid, addresses, state, nowMs, timing, members, lastReign, own, other } = parts
  const { record, role } = state
  const active = [own, other].find((node) => node.role === 'active')?.name
  const reached = isReached(state, nowMs, timing)
  return {
    cluster,
    uuid,
    node: state.me,
    pid: process.pid,
    epoch: epochOf(state),
    active,
    etcd: {
      reached,
      members: members.map(memberView),
      leader: members.find(({ memberId, leaderId }) => memberId !== '' && memberId === leaderId)?.name,
    },
    vip: { addresses: [...addresses], on: active },
    insync: [...(record?.insync?.nodes ?? [])],
    paused: record?.paused === undefined ? undefined : pausedView(record.paused),
    failsafe: role.name === 'active' && role.serving && !reached,
    lastChange: lastReign,
    nodes: [own, other].toSorted((a, b) => a.name.localeCompare(b.name)),
  }
}

/** It has answered lately; a single late answer is no reason for concern. */
const isReached = ({ lookedMs }: State, nowMs: number, { deadlineMs }: Timing): boolean =>
  nowMs - lookedMs < deadlineMs

const pausedView = ({ by, why, untilMs }: { by: string; why: string; untilMs?: number }) => ({
  by,
  why,
  ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
})

export const epochOf = ({ role, record }: State): number =>
  role.name === 'active' ? role.epoch : (record?.term?.epoch ?? 0)

const memberView = ({
  endpoint,
  reachable,
  name,
  memberId,
  leaderId,
  version,
  alarms,
}: Member): MemberView => ({
  endpoint,
  reachable,
  name,
  isLeader: memberId !== '' && memberId === leaderId,
  version,
  alarms: [...alarms],
})

export interface OwnParts {
  address: string
  version: string
  state: State
  nowMs: number
  timing: Timing
  facts: Facts
  fileserver: FileserverView | undefined
  keysDaysLeft: number
}

export function ownView(parts: OwnParts): NodeView {
  const { address, version, state, nowMs, timing, facts, fileserver, keysDaysLeft } = parts
  const { role, record, me } = state
  const { freeMb, ...faults } = facts
  const reached = isReached(state, nowMs, timing)
  const found: Partial<Record<Fault, string>> = {
    ...faults,
    ...(reached ? {} : { etcd: 'etcd does not answer' }),
  }
  const stale = role.name === 'standby' && record?.insync?.nodes.includes(me) === false
  return {
    name: me,
    address,
    role: stale ? 'stale' : role.name,
    why: whyIt(state, nowMs, timing),
    seenMs: 0,
    seq: fileserver?.seq,
    score: scoreOf(facts),
    faults: Object.values(found),
    faultKinds: Object.keys(found) as Fault[],
    freeMb,
    onStandby: record?.onStandby.includes(me) === true,
    complete: fileserver?.complete ?? true,
    rescued: fileserver?.rescued ?? 0,
    drift: fileserver?.drift ?? 0,
    version,
    keysDaysLeft,
  }
}

function whyIt(state: State, nowMs: number, timing: Timing): string {
  const { role, record } = state
  if (role.name === 'active') return role.serving ? 'serves' : 'waits for its renewal'
  if (role.name === 'refusing') return role.why
  if (role.name === 'campaign') return `asks for the role: ${role.why}`
  if (record === undefined) return 'has not read etcd yet'
  return whyNot(state, nowMs, timing) ?? 'is about to ask for the role'
}

const weights: Record<string, number> = { doors: 50, disk: 40, carrier: 40, gateway: 30, space: 30, lag: 20 }

/** 100: all is well. */
export const scoreOf = (facts: Facts): number =>
  Math.max(
    0,
    Object.keys(facts).reduce((score, fault) => score - (weights[fault] ?? 0), 100),
  )

/** Of the other node nothing has been heard. */
export const unheard = (name: string, address: string): NodeView => ({
  name,
  address,
  role: 'unknown',
  why: 'not heard of since this agent started',
  seenMs: undefined,
  seq: undefined,
  score: 0,
  faults: [],
  faultKinds: [],
  freeMb: undefined,
  onStandby: false,
  complete: true,
  rescued: 0,
  drift: 0,
  version: '',
})
