import { existsSync } from 'node:fs'
import { join, parse } from 'node:path'
import { systemClock } from '../../lib/base/clock.ts'
import { CommandError, UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { writeSettings } from '../../lib/base/import/files.ts'
import { asJson } from '../../lib/base/table.ts'
import { makePair, type Member } from '../keys/make.ts'
import { renewPair } from '../keys/renew.ts'
import { membersIn, planOf, type PairPlan } from './pair-plan.ts'
import { settingsFor } from './pair-settings.ts'
import { wordIn } from './words.ts'

export const initCommand: Command = {
  name: 'init',
  summary: "Makes the pair's own authority, certificates and secret, and the settings of both nodes.",
  usage:
    'init --cluster NAME --node A=ADDRESS --node B=ADDRESS --vip ADDRESS [--interface NAME] [--etcd HOST:PORT]... [--folder DIR] [--write FILE] [--dry-run] [--json]',
  help: `
Run it once, on any machine. It makes a folder with one below it for each node, to be copied to that node's pair.folder,
and prints lines for twintone.toml of both nodes. Nothing that exists is overwritten.
      --cluster NAME     name of the pair; pairs that share an etcd have different ones
      --node NAME=ADDR   a node: its node.name, and the address at which the other one reaches it; give two
      --vip ADDR         floating address; may be repeated
      --interface NAME   network interface that gets it
      --etcd HOST:PORT   an etcd member; give three
      --network A/BITS   network of nodes and floating addresses, if it is larger than /24 (IPv6: /64)
      --folder DIR       where the keys go (default pair-NAME)
      --write FILE       write the settings instead of printing them: x.toml becomes x-A.toml and x-B.toml
      --days N           how long the nodes' certificates are valid (default 1825)
      --renew            new certificates from the authority in --folder; secret and uuid stay, so the nodes can get them
                         one after the other. --node NAME=ADDR for one whose address has changed
      --force            a new pair in place of that in --folder, which is kept as DIR.old-DATE; overwrite --write's files
      --dry-run          print the settings, make nothing
      --json             what was made, as JSON

The authority's key, ca.key, stays in the folder: whoever has it can pretend to be a node. Only --renew needs it, so keep the
folder where no node, and nobody else, can read it.`,
  options: {
    cluster: { type: 'string' },
    node: { type: 'string', multiple: true },
    vip: { type: 'string', multiple: true },
    interface: { type: 'string' },
    etcd: { type: 'string', multiple: true },
    network: { type: 'string' },
    folder: { type: 'string' },
    write: { type: 'string' },
    days: { type: 'string' },
    renew: { type: 'boolean' },
    force: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run({ words, options }, io) {
    if (words.length > 0) throw new UsageError('it takes no words, only options')
    await (options['renew'] === true ? renew(options, io) : make(options, io))
    return 0
  },
}

const usualDays = 1_825

/** What was, or would be, made. */
interface Made {
  folder: string
  uuid?: string
  nodes: readonly (Member & { folder: string })[]
  settings: Readonly<Record<string, string>>
  notes: readonly string[]
}

async function make(options: OptionValues, io: Io): Promise<void> {
  const plan = planOf(options)
  const folder = folderOf(options, plan.cluster)
  const made = planned(plan, folder)
  const force = options['force'] === true
  if (options['dry-run'] === true) return tell(made, options, io)
  const targets = targetsOf(plan, wordIn(options, 'write'), force)
  const replaces = force ? { replaces: `${folder}${oldSuffix()}` } : {}
  const { cluster, nodes } = plan
  const uuid = await makePair(folder, { cluster, nodes, days: daysOf(options) }, replaces)
  for (const [name, file] of targets) await writeSettings(file, made.settings[name] ?? '', { force })
  tell({ ...made, uuid }, options, io)
  if (options['json'] === true) return
  for (const file of targets.values()) io.stderr(`wrote ${file}\n`)
  io.stderr(nextSteps(made))
}

function planned(plan: PairPlan, folder: string): Made {
  const { nodes, notes } = plan
  return {
    folder,
    nodes: nodes.map((node) => ({ ...node, folder: join(folder, node.name) })),
    settings: Object.fromEntries(nodes.map((node) => [node.name, settingsFor(node, plan)])),
    notes,
  }
}

/** Looked at before anything is made. @throws CommandError */
function targetsOf({ nodes }: PairPlan, file: string | undefined, force: boolean): Map<string, string> {
  if (file === undefined) return new Map()
  const { dir, name, ext } = parse(file)
  const targets = new Map(nodes.map((node) => [node.name, join(dir, `${name}-${node.name}${ext}`)]))
  const there = [...targets.values()].find((target) => existsSync(target))
  if (there !== undefined && !force)
    throw new CommandError(`${there} exists and is kept; --force overwrites it`)
  return targets
}

function tell(made: Made, options: OptionValues, io: Io): void {
  if (options['json'] === true) return io.stdout(asJson(made))
  if (wordIn(options, 'write') === undefined || options['dry-run'] === true)
    io.stdout(Object.values(made.settings).join('\n'))
  for (const note of made.notes) io.stderr(`note: ${note}\n`)
}

async function renew(options: OptionValues, io: Io): Promise<void> {
  for (const name of ['force', 'write', 'dry-run'])
    if (options[name] !== undefined) throw new UsageError(`--renew does not go with --${name}`)
  const cluster = wordIn(options, 'cluster')
  if (cluster === undefined && wordIn(options, 'folder') === undefined)
    throw new UsageError('--renew: name what `ha init` has made with --folder')
  const folder = folderOf(options, cluster ?? '')
  const members = await renewPair(folder, {
    days: daysOf(options),
    moved: membersIn(options),
    now: systemClock.wallTime(),
    oldSuffix: oldSuffix(),
  })
  const nodes = members.map((member) => ({ ...member, folder: join(folder, member.name) }))
  if (options['json'] === true) return io.stdout(asJson({ folder, nodes }))
  io.stderr(nextSteps({ folder, nodes }))
  io.stderr('Then restart the agents, the standby first: `ha status` shows which that is.\n')
}

const folderOf = (options: OptionValues, cluster: string) =>
  (wordIn(options, 'folder') ?? `pair-${cluster}`).replace(/(?<=.)\/+$/, '')

function daysOf(options: OptionValues): number {
  const days = wordIn(options, 'days')
  if (days === undefined) return usualDays
  if (!/^[1-9]\d{0,4}$/.test(days)) throw new UsageError(`--days ${days}: write a number of days`)
  return Number(days)
}

/** `.old-2026-11-24T10-39-00-000Z`. */
const oldSuffix = () => `.old-${systemClock.wallTime().toISOString().replaceAll(/[:.]/g, '-')}`

/** The user the agent runs as owns the copy: the key is for nobody else. */
const nextSteps = ({ folder, nodes }: Pick<Made, 'folder' | 'nodes'>) =>
  [
    `made ${folder}; next, for each node (pair.folder is /etc/twintone/pair unless set otherwise):`,
    ...nodes.flatMap((node) => {
      const host = node.address.includes(':') ? `[${node.address}]` : node.address
      return [
        `  ssh root@${node.address} mkdir -p /etc/twintone/pair`,
        `  scp -p ${node.folder}/* 'root@${host}:/etc/twintone/pair/'`,
        `  ssh root@${node.address} 'chown -R twintone: /etc/twintone/pair && chmod 750 /etc/twintone/pair'`,
      ]
    }),
    `Keep ${join(folder, 'ca.key')} away from the nodes: only \`ha init --renew\` needs it.`,
    '',
  ].join('\n')
