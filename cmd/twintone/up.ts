import { resolve } from 'node:path'
import { systemClock } from '../../lib/base/clock.ts'
import { CommandError, type Command, type Io } from '../../lib/base/command.ts'
import type { Config } from '../../lib/base/config.ts'
import { controlSocketPath, followControl, NotRunning } from '../../lib/base/control-socket.ts'
import { loadConfig } from '../../lib/base/load-config.ts'
import { nodeOptions } from '../../lib/base/node-options.ts'
import { environment } from '../../lib/base/process.ts'
import type { FinishedTransfer } from '../../lib/status/activity.ts'
import { describeBytes, describePhone, describeTime } from '../../lib/status/words.ts'
import { runWatchdog } from '../run-watchdog.ts'
import { initNode, setupBelow } from './init.ts'

export const upCommand: Command = {
  name: 'up',
  summary:
    'Runs a whole node on this machine to try it: sample files, unprivileged ports, transfers shown live.',
  usage: 'up [--folder DIR] [--set SETTING=VALUE]',
  help: `
Everything lies below one folder and can be deleted with it. Ctrl-C ends it.
      --folder DIR         default var
      --set SETTING=VALUE  overrides one setting; may be repeated`,
  options: { folder: { type: 'string', default: 'var' }, set: nodeOptions.set },
  async run({ options }, io) {
    const setup = setupBelow(resolve(String(options['folder'])))
    await initNode(setup, (line) => io.stdout(`${line}\n`))
    const overrides = Array.isArray(options['set']) ? options['set'].map(String) : []
    const loaded = loadConfig({ file: setup.configFile, environment: environment(), overrides })
    const fileserverArgs = overrides.flatMap((each) => ['--set', each])
    // Logs go to their files; the terminal shows transfers.
    const config = {
      ...loaded,
      log: { ...loaded.log, stdout: false },
      watchdog: { ...loaded.watchdog, restart: 'child' as const },
    }
    const live = new AbortController()
    await runWatchdog(config, {
      graceMs: 5_000,
      fileserverArgs: ['--config', setup.configFile, ...fileserverArgs, '--set', 'log.stdout=false'],
      onReady() {
        io.stdout(whatToTry(config, setup.configFile))
        void showTransfers(config, io, live.signal)
      },
    })
      .catch((cause: unknown) => {
        throw new CommandError(cause instanceof Error ? cause.message : String(cause), { cause })
      })
      .finally(() => live.abort())
    io.stdout('\nstopped\n')
    return 0
  },
}

/** Each transfer of the file server as it ends; after a restart, of the new one. */
async function showTransfers({ run }: Config, io: Io, until: AbortSignal): Promise<void> {
  const socketPath = controlSocketPath(run.folder, 'fileserver')
  while (!until.aborted) {
    try {
      for await (const finished of followControl<FinishedTransfer>(socketPath, '/transfers/live', 'GET')) {
        if (until.aborted) return
        io.stdout(liveLine(finished, io))
      }
    } catch (error) {
      if (!(error instanceof NotRunning)) throw error
    }
    await systemClock.sleep(500, until).catch(() => {})
  }
}

function whatToTry({ http, https, tftp, ftp, status, watchdog, log }: Config, configFile: string): string {
  const lines = ['', 'The node is up. In another terminal, try:', '']
  if (http.enabled) lines.push(`  curl -i http://127.0.0.1:${http.ports[0]}/46xxsettings.txt`)
  if (http.enabled) lines.push(`  curl -O http://127.0.0.1:${http.ports.at(-1)}/sample_fw.bin`)
  if (https.enabled) lines.push(`  curl -k https://127.0.0.1:${https.ports[0]}/J100Supgrade.txt`)
  if (tftp.enabled) lines.push(`  curl --output fw.bin tftp://127.0.0.1:${tftp.port}/sample_fw.bin`)
  if (tftp.enabled) lines.push(`  tftp 127.0.0.1 ${tftp.port} -m binary -c get 46xxupgrade.scr`)
  lines.push('', "A user's speed dials, saved and fetched as phones do:", '')
  const dials = `printf 'ABKNAME001=Anna\\nABKNUMBER001=4712\\n'`
  if (http.enabled)
    lines.push(
      `  ${dials} > dials.txt; curl -T dials.txt http://127.0.0.1:${http.ports[0]}/4711_96xxdata.txt`,
    )
  if (ftp.enabled) lines.push(`  curl ftp://127.0.0.1:${ftp.port}/4711_96xxdata.txt`)
  lines.push('  npx twintone backups show 4711')
  lines.push(
    '',
    '  npx twintone status',
    '  npx twintone watchdog status',
    '  npx twintone phones',
    '  npx twintone phone 127.0.0.1',
  )
  if (status.enabled)
    lines.push(
      '',
      `  http://127.0.0.1:${status.port}/ in a browser; the watchdog at http://127.0.0.1:${watchdog.port}/`,
    )
  lines.push(
    '',
    `settings ${configFile}, log ${log.file}`,
    'Transfers appear below; Ctrl-C ends the node.',
    '',
    '',
  )
  return lines.join('\n')
}

const red = (text: string) => `\x1b[31m${text}\x1b[0m`

function liveLine(finished: FinishedTransfer, { colour }: Io): string {
  const { startedAt, address, phone, protocol, port, asked, result, code, bytes, ms, detail } = finished
  const who = phone === undefined ? address : `${address} (${describePhone(phone)})`
  const answer = `${result}${code === undefined ? '' : ` ${code}`}`
  const bad = result === 'refused' || result === 'broken'
  const size = result === 'sent' ? `, ${describeBytes(bytes)} in ${ms} ms` : ''
  return `${describeTime(startedAt).slice(-8)}  ${who}  ${protocol}:${port}  ${asked}  ${bad && colour ? red(answer) : answer}${size}${detail === undefined ? '' : `  (${detail})`}\n`
}
