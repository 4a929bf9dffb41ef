import { briefly } from '../../lib/base/briefly.ts'
import { table } from '../../lib/base/table.ts'
import type { NodeView, PairStatus, Reign } from '../agent/views.ts'
import { leadsEtcd } from '../agent/judge.ts'
import { plain, type Paint, type Tone } from './paint.ts'
import { ago, clockTime, since } from './words.ts'

/** A headline, the nodes, and below what is not as it should be. */
export function statusText(status: PairStatus, now: Date, paint: Paint = plain): string {
  const footer = [...footerLines(status)].map(([tone, line]) => `${paint(tone, line)}\n`)
  const below = footer.length === 0 ? '' : `\n${footer.join('')}`
  return `${headline(status, now, paint)}\n\n${nodesText(status, paint)}${below}`
}

export function headline(status: PairStatus, now: Date, paint: Paint = plain): string {
  const { cluster, active, epoch, nodes, insync, etcd, lastChange } = status
  const who =
    active === undefined
      ? paint('bad', 'no node is active')
      : paint('strong', `${active} is active (epoch ${epoch})`)
  const up = etcd.members.filter(({ reachable }) => reachable).length
  return [
    `${cluster}: ${who}`,
    count(paint, 'etcd', up, etcd.members.length),
    count(paint, 'in sync', insync.length, nodes.length),
    ...addressText(status, paint),
    ...(lastChange === undefined ? [] : [`last change ${changeText(lastChange, now)}`]),
  ].join(' · ')
}

const count = (paint: Paint, what: string, some: number, all: number) =>
  some === all ? `${what} ${some} of ${all}` : paint('doubtful', `${what} ${some} of ${all}`)

function addressText({ vip: { addresses, on } }: PairStatus, paint: Paint): string[] {
  if (addresses.length === 0) return []
  const what = `address${addresses.length > 1 ? 'es' : ''} ${addresses.join(', ')}`
  return [on === undefined ? paint('bad', `${what} on no node`) : `${what} on ${on}`]
}

const changeText = ({ at, why, by }: Reign, now: Date) =>
  `${ago(since(at, now))}: ${why}${by === undefined || why.includes(by) ? '' : `, by ${by}`}`

const tones: Record<NodeView['role'], Tone | undefined> = {
  active: 'good',
  standby: undefined,
  campaign: 'doubtful',
  stale: 'doubtful',
  refusing: 'bad',
  unknown: 'bad',
}

function nodesText(status: PairStatus, paint: Paint): string {
  const last = Math.max(...status.nodes.map(({ seq }) => seq ?? 0))
  const head = ['node', 'role', 'why', 'saves', 'score', 'free', 'seen', 'notes']
  const rows = status.nodes.map((node) => [
    node.name,
    node.onStandby ? 'out of service' : node.role,
    node.why,
    savesText(node, last),
    node.role === 'unknown' ? '' : String(node.score),
    node.freeMb === undefined ? '' : freeText(node.freeMb),
    node.seenMs === undefined ? 'never' : ago(node.seenMs),
    [...node.faults, ...setAside(node)].join('; '),
  ])
  const [top = '', ...lines] = table(head, rows, ['score', 'free']).split('\n')
  const painted = status.nodes.map(({ role }, row) => {
    const tone = tones[role]
    return tone === undefined ? lines[row] : paint(tone, lines[row] ?? '')
  })
  return [paint('faint', top), ...painted, ''].join('\n')
}

/** Its last record, and by how many it is behind. */
function savesText({ seq }: NodeView, last: number): string {
  if (seq === undefined) return ''
  return seq < last ? `${seq} (${last - seq} behind)` : String(seq)
}

const freeText = (mb: number) => (mb < 10_240 ? `${Math.floor(mb)} MB` : `${Math.floor(mb / 1_024)} GB`)

const setAside = ({ rescued, drift, complete, role }: NodeView) => [
  ...(complete || role === 'active' || role === 'unknown' ? [] : ['files missing']),
  ...(rescued > 0 ? [`${rescued} set aside`] : []),
  ...(drift > 0 ? [`${drift} changed by hand`] : []),
]

function* footerLines(status: PairStatus): Iterable<[Tone, string]> {
  const { paused, failsafe, etcd, active, nodes } = status
  if (active === undefined)
    yield ['bad', 'phones get nothing: `ha explain` tells why, `ha check` what is missing']
  if (paused !== undefined) {
    const end = paused.until === undefined ? '' : ` until ${clockTime(paused.until)}`
    yield ['doubtful', `paused${end} by ${paused.by}: ${paused.why}; nobody takes over meanwhile (ha resume)`]
  }
  if (failsafe)
    yield ['bad', `failsafe: etcd does not answer, ${active} serves because the other node promised to wait`]
  else if (!etcd.reached) yield ['bad', 'etcd does not answer this node']
  const serving = nodes.find(({ name }) => name === active)
  if (serving !== undefined && leadsEtcd(serving, etcd.members))
    yield ['doubtful', `etcd is led from ${active} too: if that dies, taking over needs a second more`]
  for (const node of nodes) yield* nodeLines(node)
}

function* nodeLines({ name, role, rescued, drift, seenMs }: NodeView): Iterable<[Tone, string]> {
  if (role === 'stale') yield ['doubtful', `${name} is stale: it cannot take over before it is in sync again`]
  if (seenMs !== undefined && seenMs > silentMs)
    yield ['bad', `${name} was last heard of ${briefly(seenMs)} ago`]
  if (rescued > 0) yield ['doubtful', `${rescued} set aside on ${name}: \`ha rescue list\` there shows them`]
  if (drift > 0)
    yield [
      'doubtful',
      `${drift} files changed by hand on ${name}: \`ha verify\` shows them, \`ha resync ${name}\` overwrites them`,
    ]
}

/** Agents tell of themselves once a second. */
const silentMs = 5_000
