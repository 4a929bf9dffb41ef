#!/usr/bin/env node
import type { Command } from '../lib/base/command.ts'
import { dispatch } from '../lib/base/dispatch.ts'
import { programArguments, runProgram } from '../lib/base/process.ts'
import { version } from './version.ts'

runProgram(
  async () => {
    const args = programArguments()
    const io = {
      stdout: (text: string | Uint8Array) => void process.stdout.write(text),
      stderr: (text: string) => void process.stderr.write(text),
      get stdin() {
        return process.stdin // opened by the commands that read it only
      },
      colour: process.stdout.isTTY && !process.env['NO_COLOR'],
      terminal: process.stdout.isTTY,
    }
    const about = `Twintone ${version}, the pair: two nodes behind one address.`
    return dispatch({ name: 'ha', version, about, commands: await commandsFor(args) }, args, io)
  },
  (error) => console.error(error),
)

/** What systemd runs loads nothing but itself: the one is to be small, and the other is waited for. */
async function commandsFor([name]: readonly string[]): Promise<readonly Command[]> {
  if (name === 'agent') return [(await import('./ha/agent.ts')).agentCommand]
  if (name === 'clear') return [(await import('./ha/clear.ts')).clearCommand]
  return (await import('./ha/commands.ts')).commands
}
