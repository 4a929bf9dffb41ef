import { briefly } from '../../lib/base/briefly.ts'
import type { MemberView, NodeView, PairStatus } from './views.ts'

/** Could the other node take over now? Judged from what the pair says of itself. */

export interface Check {
  name: string
  /** `no`: it could not take over. */
  verdict: 'ok' | 'warning' | 'no'
  why: string
}

export interface Judgement {
  answer: 'ok' | 'degraded' | 'cannot' | 'down'
  checks: Check[]
}

/** An agent is heard once a second, and over two ways; after this long it is gone. */
const goneMs = 5_000
/** Certificates of the pair end so soon that somebody should see to it. */
const warnDays = 30

export function judge(status: PairStatus): Judgement {
  const active = status.nodes.find(({ name }) => name === status.active)
  const others = status.nodes.filter(({ name }) => name !== status.active)
  const checks = [
    serving(status, active),
    ...(active === undefined ? [] : others.flatMap((node) => taker(status, active, node))),
    standstill(status),
    ...votes(status, active),
    ...leftovers(status.nodes),
    ...endingKeys(status.nodes),
  ]
  return { answer: answerOf(checks, active), checks }
}

function answerOf(checks: readonly Check[], active: NodeView | undefined): Judgement['answer'] {
  if (active === undefined) return 'down'
  if (checks.some(({ verdict }) => verdict === 'no')) return 'cannot'
  return checks.some(({ verdict }) => verdict === 'warning') ? 'degraded' : 'ok'
}

function serving({ vip, nodes }: PairStatus, active: NodeView | undefined): Check {
  const name = 'phones are served'
  if (active === undefined)
    return no(name, `no node is active (${nodes.map((node) => `${node.name}: ${node.why}`).join('; ')})`)
  if (vip.addresses.length > 0 && vip.on !== active.name)
    return no(name, `${active.name} is active, and ${vip.addresses.join(', ')} is on ${vip.on ?? 'no node'}`)
  return active.faults.length > 0
    ? warning(name, `${active.name}: ${active.faults.join(', ')}`)
    : ok(name, `${active.name} is active`)
}

/** Whether that node could be the next. */
function taker({ insync, epoch }: PairStatus, active: NodeView, node: NodeView): Check[] {
  const { name, seenMs } = node
  const isHere = seenMs !== undefined && seenMs < goneMs
  const heard = seenMs === undefined ? 'never heard of' : `last heard of ${briefly(seenMs)} ago`
  return [
    isHere ? ok(`${name} is there`, heard) : no(`${name} is there`, heard),
    insync.includes(name)
      ? ok(`${name} is in sync`, 'it has every acknowledged save')
      : no(`${name} is in sync`, `acknowledged saves may be missing there (epoch ${epoch})`),
    willing(node),
    fit(active, node),
    ...(isHere ? [complete(node)] : []),
    ...(isHere && node.version !== active.version ? [versions(active, node)] : []),
  ]
}

function willing({ name, role, why, onStandby }: NodeView): Check {
  const check = `${name} may take over`
  if (onStandby) return no(check, `taken out of service; \`ha unstandby ${name}\` puts it back`)
  return role === 'refusing' ? no(check, why) : ok(check, 'nothing speaks against it')
}

function fit(active: NodeView, { name, score, faults }: NodeView): Check {
  const check = `${name} is well`
  if (faults.length === 0) return ok(check, `score ${score}`)
  const why = `score ${score}: ${faults.join(', ')}`
  return score < active.score ? warning(check, `${why}; ${active.name} is better off`) : warning(check, why)
}

/** It could take over, and phones would miss what it has not got. */
function complete({ name, complete: all }: NodeView): Check {
  const check = `${name} has every file`
  return all
    ? ok(check, 'what lies in the folders of the active node lies there too')
    : warning(
        check,
        'files of the active node are missing there, or still on their way; `ha verify` shows which',
      )
}

const versions = (active: NodeView, node: NodeView): Check =>
  warning('both have one version', `${active.name} ${active.version}, ${node.name} ${node.version}`)

function standstill({ paused, failsafe }: PairStatus): Check {
  const name = 'changes are allowed'
  if (paused !== undefined)
    return no(name, `paused by ${paused.by}: ${paused.why}; \`ha resume\` ends the pause`)
  return failsafe
    ? no(name, 'etcd is gone, and nothing can be handed over without it')
    : ok(name, 'no pause, no failsafe')
}

function* votes({ etcd: { reached, members } }: PairStatus, active: NodeView | undefined): Iterable<Check> {
  const up = members.filter(({ reachable }) => reachable)
  const gone = members.filter(({ reachable }) => !reachable).map(({ endpoint }) => endpoint)
  const count = `${up.length} of ${members.length} members answer`
  const name = 'etcd can decide'
  if (!reached) yield no(name, `it does not answer this node; ${count}`)
  else if (up.length * 2 <= members.length) yield no(name, `${count}: no majority (${gone.join(', ')} gone)`)
  else if (gone.length > 0)
    yield warning(name, `${count}; ${gone.join(', ')} gone, and the next loss is one too many`)
  else yield ok(name, count)
  yield* alarms(up)
  if (active !== undefined && leadsEtcd(active, members))
    yield warning('etcd is led elsewhere', `its leader is on ${active.name}, so both would be lost at once`)
}

/** Members may be called otherwise than nodes. */
export function leadsEtcd({ name, address }: NodeView, members: readonly MemberView[]): boolean {
  const leader = members.find(({ isLeader }) => isLeader)
  if (leader === undefined) return false
  const host = leader.endpoint.replace(/^https?:\/\//, '').replace(/:\d+$/, '')
  return leader.name === name || host === address || host === `[${address}]`
}

function* alarms(members: readonly MemberView[]): Iterable<Check> {
  for (const { name, endpoint, alarms: raised } of members)
    if (raised.length > 0) yield warning('etcd has no alarms', `${name || endpoint}: ${raised.join(', ')}`)
}

function* leftovers(nodes: readonly NodeView[]): Iterable<Check> {
  for (const { name, rescued, drift } of nodes) {
    if (rescued > 0)
      yield warning('nothing is set aside', `${rescued} on ${name}; \`ha rescue list\` shows what`)
    if (drift > 0)
      yield warning('no file was changed by hand', `${drift} on ${name}; \`ha verify\` shows which`)
  }
}

/** From one day to the next the nodes would no longer talk to each other. */
function* endingKeys(nodes: readonly NodeView[]): Iterable<Check> {
  for (const { name, keysDaysLeft = Infinity } of nodes)
    if (keysDaysLeft < warnDays)
      yield warning(
        "the pair's certificates last",
        `that of ${name} ends in ${keysDaysLeft} d; \`ha init --renew\` makes new ones`,
      )
}

const ok = (name: string, why: string): Check => ({ name, verdict: 'ok', why })
const warning = (name: string, why: string): Check => ({ name, verdict: 'warning', why })
const no = (name: string, why: string): Check => ({ name, verdict: 'no', why })
