import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from './folder.ts'
import { freePort } from './program.ts'
import { until } from './until.ts'

const project = new URL('../../', import.meta.url).pathname
/** Ours, and those it builds on, which Debian does not have. */
export const mibFolders = `${project}ops/deploy:${project}node_modules/net-snmp/lib/mibs`

/** A real snmptrapd that knows our MIB, with these lines as its settings. It is ended when the test ends. */
export async function startTrapReceiver(t: TestContext, settings: readonly string[]) {
  const folder = await temporaryFolder(t)
  const port = await freePort()
  const conf = join(folder, 'snmptrapd.conf')
  writeFileSync(conf, `${settings.join('\n')}\n`)
  const child = spawn(
    '/usr/sbin/snmptrapd',
    [
      '-f',
      '-X',
      '-Lo',
      '-n',
      '-C',
      '-c',
      conf,
      '-M',
      mibFolders,
      '-m',
      'TWINTONE-MIB',
      '-OQ',
      '-F',
      '%v\n===\n',
      `udp:127.0.0.1:${port}`,
    ],
    {
      env: { PATH: process.env['PATH'], SNMP_PERSISTENT_DIR: folder, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const line = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  await until(() => {
    if (child.exitCode !== null) throw new Error(`snmptrapd ended:\n${said}`)
    return readFileSync('/proc/net/udp', 'utf8').includes(line) ? true : undefined
  }, 30_000)
  /** What it wrote of each trap. */
  const received = () => said.split('===\n').slice(0, -1)
  return { port, received, said: () => said }
}
