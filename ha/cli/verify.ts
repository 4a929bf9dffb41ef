import type { Io, OptionValues } from '../../lib/base/command.ts'
import { show, table } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import type { Difference } from '../mirror/differences.ts'
import type { ScrubReport } from '../replica/upkeep.ts'
import { changeCommand, changeExits, confirmPlan, Declined, exits, originOf } from './change.ts'
import { agentOf, fileserverOf, type Ask } from './node.ts'
import { none, only } from './words.ts'

/** The file server's answer to POST /pair/verify. */
export interface Comparison {
  /** Users' data on this node's disk: what is damaged is mended from the other node by itself. */
  users: Pick<ScrubReport, 'damaged' | 'repaired'>
  /** What administrators lay into the folders, on both. */
  files: { files: number; differences: Difference[] }
}

/** All files are read. */
const longMs = 3_600_000

export const verifyCommand = changeCommand({
  name: 'verify',
  summary: 'Reads everything on the disks anew, compares both nodes, and mends.',
  usage: 'verify [--repair] [--yes] [--json] [--config FILE]',
  help: `
Users' data that is damaged on this node is mended from the other one in any case.
Exit code 0: both have the same, or have it now; 1: they differ; 2: used wrongly; 6: refused, by the pair or by you.
      --repair             on the standby: where files differ, takes those of the active node, as \`ha resync\` does
`,
  options: { repair: { type: 'boolean' } },
  async run({ words, options }, io) {
    none(words)
    const ask = fileserverOf(options)
    const before = await compare(ask)
    if (options['repair'] !== true || isSame(before)) return tell(before, options, io)
    const { node } = await agentOf(options)<PairStatus>('/status')
    io.stderr(comparisonText(before))
    if ((await resync(node, options, io)) !== exits.done) return exits.failed
    return tell(await compare(ask), options, io)
  },
})

const compare = (ask: Ask) => ask<Comparison>('/pair/verify', { method: 'POST', body: {}, timeoutMs: longMs })

function tell(comparison: Comparison, options: OptionValues, io: Io): number {
  show(io, options, comparison, comparisonText(comparison))
  return isSame(comparison) ? exits.done : exits.failed
}

const isSame = ({ users, files }: Comparison) =>
  users.damaged === users.repaired && files.differences.length === 0

export function comparisonText({ users, files: { files, differences } }: Comparison): string {
  const data =
    users.damaged === 0
      ? "users' data on this node is whole"
      : `users' data: ${users.damaged} damaged on this node, ${users.repaired} of them mended`
  if (differences.length === 0) return `${data}\n${files} files are the same on both nodes\n`
  const rows = differences.map(({ path, why }) => [path, why])
  return `${data}\n${differences.length} of ${files} files differ:\n\n${table(['file', 'why'], rows)}`
}

export const resyncCommand = changeCommand({
  name: 'resync',
  summary: "Brings the standby's files in line with the active node's, hand edits included.",
  usage: 'resync <node> [--yes] [--json] [--config FILE]',
  help: `
Run it on that node. What is overwritten is set aside first, in .state/rescue of the data folder.
${changeExits}
`,
  run: async ({ words, options }, io) => resync(only(words, 'name one node'), options, io),
})

async function resync(node: string, options: OptionValues, io: Io): Promise<number> {
  const status = await agentOf(options)<PairStatus>('/status')
  const { active = 'the active node', nodes } = status
  const found = nodes.find(({ name }) => name === node)
  if (found === undefined) throw new Declined(`there is no node ${node}`)
  if (node === active) throw new Declined(`${node} is active: the other node's files go by its files`)
  if (node !== status.node) throw new Declined(`this is ${status.node}; run it on ${node}`)
  await confirmPlan(io, options, {
    before: `${node} is ${found.role}, ${found.drift} files there were changed by hand`,
    after: `${node} has the files of ${active}; what is overwritten is set aside`,
  })
  const call = { method: 'POST', body: { node, ...originOf(options) }, timeoutMs: longMs } as const
  const answer = await fileserverOf(options)<Resynced>('/pair/resync', call)
  show(io, options, answer, resyncedText(node, answer))
  return exits.done
}

interface Resynced {
  moved?: string[]
  folder?: string
}

function resyncedText(node: string, { moved = [], folder = '' }: Resynced): string {
  const aside = moved.map((path) => `  ${path}\n`).join('')
  const where = moved.length === 0 ? '' : `set aside in ${folder}:\n${aside}`
  return `${where}${node} is brought in line; \`ha wait --until insync\` tells when it is\n`
}
