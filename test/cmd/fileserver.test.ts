import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { follow, freePort, runProgram, startProgram } from '../support/program.ts'
import { needsRoot } from '../support/programs.ts'

const nobody = 65_534

async function initialised(t: TestContext): Promise<{ folder: string; file: string }> {
  const folder = await temporaryFolder(t)
  await runProgram(t, ['cmd/twintone.ts', 'init', '--folder', folder, '--samples'])
  return { folder, file: join(folder, 'twintone.toml') }
}

const onlyHttp = (port: number) => [
  `http.ports=[${port}]`,
  'http.addresses=127.0.0.1',
  'https.enabled=false',
  'tftp.enabled=false',
  'status.enabled=false',
]
const flags = (settings: readonly string[]) => settings.flatMap((setting) => ['--set', setting])

test('a port that is taken is named with its setting and the process that has it', async (t) => {
  const { file } = await initialised(t)
  const other = createServer()
  t.after(() => other.close())
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const bound = other.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const { code, output } = await runProgram(t, [
    'cmd/fileserver.ts',
    '--config',
    file,
    ...flags(onlyHttp(port)),
  ])
  assert.equal(code, 1)
  assert.match(
    output,
    new RegExp(`http\\.ports: TCP port ${port} on 127\\.0\\.0\\.1 is held by .+ \\(pid ${process.pid}\\)`),
  )
})

test('every flag is stronger than the environment, and the environment stronger than the file', async (t) => {
  const { file } = await initialised(t)
  const [fromEnvironment, fromFlag] = [await freePort(), await freePort()]
  const settings = onlyHttp(fromFlag)
  const env = { TWINTONE_HTTP_PORTS: String(fromEnvironment), TWINTONE_NODE_NAME: 'from-environment' }
  const program = startProgram(
    t,
    ['cmd/fileserver.ts', '--config', file, ...flags([...settings, 'run.folder=run'])],
    env,
  )
  await program.says('"ready"')
  assert.match(program.output(), new RegExp(`"port":${fromFlag}[,}]`))
  assert.doesNotMatch(program.output(), new RegExp(`"port":${fromEnvironment}[,}]`))
})

test('SIGTERM lets a transfer end and then ends the process with 0; SIGHUP reads files afresh', async (t) => {
  const { file } = await initialised(t)
  const port = await freePort()
  const program = startProgram(t, ['cmd/fileserver.ts', '--config', file, ...flags(onlyHttp(port))])
  await program.says('"ready"')
  program.child.kill('SIGHUP')
  await program.says('read afresh')
  const response = await fetch(`http://127.0.0.1:${port}/sample_fw.bin`)
  program.child.kill('SIGTERM')
  await program.says('stop asked for')
  assert.equal((await response.arrayBuffer()).byteLength, 8_000_000)
  assert.equal(await program.ended, 0)
})

test(
  'an ordinary user with CAP_NET_BIND_SERVICE and nothing more serves on the ports of phones',
  needsRoot('give the capability'),
  async (t) => {
    const { folder, file } = await initialised(t)
    execFileSync('chown', ['-R', `${nobody}:${nobody}`, folder])
    const caps = [
      '--reuid',
      String(nobody),
      '--regid',
      String(nobody),
      '--clear-groups',
      '--inh-caps=-all,+net_bind_service',
      '--ambient-caps=-all,+net_bind_service',
      '--bounding-set=-all,+net_bind_service',
    ]
    const settings = [
      ...onlyHttp(81),
      'http.addresses=127.81.81.81',
      'tftp.enabled=true',
      'tftp.addresses=127.81.81.81',
    ]
    const child = spawn(
      'setpriv',
      [...caps, process.execPath, 'cmd/fileserver.ts', '--config', file, ...flags(settings)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    t.after(() => child.kill('SIGKILL'))
    const program = follow(child)
    await program.says('"ready"')
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    assert.match(status, /^CapEff:\s+0000000000000400$/m)
    assert.doesNotMatch(program.output(), /running as root/)
    const response = await fetch('http://127.81.81.81:81/46xxsettings.txt')
    assert.equal(response.status, 200)
    await response.arrayBuffer()
  },
)

test('started as root it works and warns', needsRoot('be root'), async (t) => {
  const { file } = await initialised(t)
  const program = startProgram(t, [
    'cmd/fileserver.ts',
    '--config',
    file,
    ...flags(onlyHttp(await freePort())),
  ])
  await program.says('"ready"')
  assert.match(program.output(), /"needed":"CAP_NET_BIND_SERVICE","msg":"running as root"/)
})
