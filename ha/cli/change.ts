import { userInfo } from 'node:os'
import { UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { ControlRefused } from '../../lib/base/control-socket.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { environment } from '../../lib/base/process.ts'
import { wordIn } from './words.ts'

/** What all commands have in common that change something: who and why, before and after, yes or no. */

export const exits = { done: 0, failed: 1, missed: 4, rolledBack: 5, refused: 6 } as const

export const changeOptions = {
  yes: { type: 'boolean', short: 'y' },
  why: { type: 'string' },
  by: { type: 'string' },
} as const

export const changeHelp = `  -y, --yes                does not ask
      --why TEXT           goes into history and log
      --by NAME            who wants it; otherwise the user who runs this`

export const changeExits =
  'Exit code 0: done; 1: it could not be done; 2: used wrongly; 6: refused, by the pair or by you.'

interface ChangeCommand extends Pick<Command, 'name' | 'summary' | 'usage' | 'run'> {
  /** What comes before the options that all have. */
  help: string
  /** What --json prints; absent: the answer. */
  json?: string
  options?: Command['options']
}

/** A command that changes something, with what all of those have: options, the end of the help, and exit codes. */
export const changeCommand = ({ json = 'as JSON', options, ...command }: ChangeCommand): Command => ({
  ...command,
  help: `${command.help}${changeHelp}${nodeHelp}\n      --json               ${json}`,
  options: { ...nodeOptions, ...changeOptions, ...options, json: { type: 'boolean' } },
  run: (input, io) => changing(io, () => command.run(input, io)),
})

/** It is not done, for a reason that is understood: exit code 6. */
export class Declined extends Error {}

export interface Origin {
  by: string
  why: string
}

export const originOf = (options: OptionValues): Origin => ({
  by: wordIn(options, 'by') ?? loginName(),
  why: wordIn(options, 'why') ?? 'no reason given',
})

/** With sudo it is the person that counts. */
function loginName(): string {
  const person = environment()['SUDO_USER']
  if (person !== undefined && person !== '') return person
  try {
    return userInfo().username
  } catch {
    return 'a user without a name' // as in a container
  }
}

export interface Plan {
  before: string
  after: string
}

/** Shows what will be, and asks. @throws Declined */
export async function confirmPlan(io: Io, options: OptionValues, { before, after }: Plan): Promise<void> {
  io.stderr(`before  ${before}\nafter   ${after}\n`)
  if (options['yes'] === true) return
  if (!(await saysYes(io, 'Do it? [y/N] '))) throw new Declined('nothing was changed')
}

/** For what cannot be taken back: the name must be typed. @throws Declined */
export async function confirmByName(io: Io, options: OptionValues, name: string): Promise<void> {
  if (options['yes'] === true) return
  const typed = await answerTo(io, `Type ${name} to go on: `)
  if (typed !== name) throw new Declined('that is not the name; nothing was changed')
}

const saysYes = async (io: Io, question: string) => /^y(?:es)?$/i.test(await answerTo(io, question))

/** @throws Declined when nobody can be asked */
async function answerTo(io: Io, question: string): Promise<string> {
  const { stdin } = io
  if (stdin?.isTTY !== true)
    throw new Declined('there is no terminal to ask at: say --yes if it shall be done; nothing was changed')
  io.stderr(question)
  stdin.setEncoding('utf8')
  let text = ''
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      text += String(chunk)
      if (/[\r\n]/.test(text)) break
    }
  } finally {
    stdin.pause()
  }
  return text.split(/[\r\n]/, 1)[0]?.trim() ?? ''
}

/** Runs a command that changes something. What the pair or the person refuses is a sentence and an exit code of its own. */
export async function changing(io: Io, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Declined || error instanceof ControlRefused)) throw error
    io.stderr(`refused: ${error.message}\n`)
    return exits.refused
  }
}

/** For what others will wonder about. @throws UsageError */
export function reasonedOrigin(options: OptionValues): Origin {
  if (wordIn(options, 'why') === undefined)
    throw new UsageError('say why: --why "..."; it is what the others see')
  return originOf(options)
}
