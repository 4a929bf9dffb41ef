#!/usr/bin/env node
import { dispatch } from '../lib/base/dispatch.ts'
import { programArguments, runProgram } from '../lib/base/process.ts'
import { allowCommand } from './twintone/allow.ts'
import { archiveCommand } from './twintone/archive.ts'
import { askCommand } from './twintone/ask.ts'
import { backupsCommand } from './twintone/backups.ts'
import { checkCommand } from './twintone/check.ts'
import { clientsCommand } from './twintone/clients.ts'
import { credentialsCommand } from './twintone/credentials.ts'
import { importCommand } from './twintone/import.ts'
import { initCommand } from './twintone/init.ts'
import { logCommand } from './twintone/log.ts'
import { passwordCommand } from './twintone/password.ts'
import { phoneCommand, phonesCommand } from './twintone/phones.ts'
import { reloadCommand } from './twintone/reload.ts'
import { statusCommand } from './twintone/status.ts'
import { upCommand } from './twintone/up.ts'
import { watchdogCommand } from './twintone/watchdog.ts'
import { version } from './version.ts'

/** In the order of the help: setting up, looking, changing. */
const commands = [
  upCommand,
  initCommand,
  checkCommand,
  importCommand,
  passwordCommand,
  credentialsCommand,
  statusCommand,
  phonesCommand,
  phoneCommand,
  askCommand,
  clientsCommand,
  backupsCommand,
  archiveCommand,
  watchdogCommand,
  allowCommand,
  logCommand,
  reloadCommand,
]

runProgram(
  () => {
    const io = {
      stdout: (text: string | Uint8Array) => void process.stdout.write(text),
      stderr: (text: string) => void process.stderr.write(text),
      get stdin() {
        return process.stdin // opened by the commands that read it only
      },
      colour: process.stdout.isTTY && !process.env['NO_COLOR'],
    }
    const about = `Twintone ${version}, a file server pair for desk phones.`
    return dispatch({ name: 'twintone', version, about, commands }, programArguments(), io)
  },
  (error) => console.error(error),
)
