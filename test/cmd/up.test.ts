import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { until } from '../support/until.ts'
import { freePort, runProgram, startProgram } from '../support/program.ts'

const twintone = 'cmd/twintone.ts'

async function startUp(t: TestContext) {
  const folder = join(await temporaryFolder(t), 'var')
  const ports = {
    http: await freePort(),
    https: await freePort(),
    tftp: await freePort(),
    status: await freePort(),
    ftp: await freePort(),
    watchdog: await freePort(),
  }
  const set = [
    `http.ports=[${ports.http}]`,
    `https.ports=[${ports.https}]`,
    `tftp.port=${ports.tftp}`,
    `status.port=${ports.status}`,
    `ftp.port=${ports.ftp}`,
    'ftp.implicitTlsPorts=[]',
    `watchdog.port=${ports.watchdog}`,
  ]
  const program = startProgram(t, [
    twintone,
    'up',
    '--folder',
    folder,
    ...set.flatMap((each) => ['--set', each]),
  ])
  await program.says('Ctrl-C ends the node')
  const ask = (...args: string[]) =>
    runProgram(t, [twintone, ...args, '--config', join(folder, 'twintone.toml')])
  return { folder, ports, program, ask }
}

test('`twintone up` makes a node a newcomer can try, shows transfers live and ends on Ctrl-C', async (t) => {
  const { folder, ports, program, ask } = await startUp(t)

  const response = await fetch(`http://127.0.0.1:${ports.http}/46XXSETTINGS.txt`, {
    headers: { 'User-Agent': 'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J139-4.1.5.0.6 (MAC:c81f4aef9689)' },
  })
  assert.equal(await response.text(), await readFile(join(folder, 'data/HTTPdata/46xxsettings.txt'), 'utf8'))
  await fetch(`http://127.0.0.1:${ports.http}/96x1Supgrade.scr`).then((missing) => missing.text())
  await program.says(/46XXSETTINGS\.txt {2}sent 200/)
  await program.says(/96x1Supgrade\.scr {2}refused 404 .*there is a 96x1Supgrade\.txt/)

  const phone = await ask('phone', 'C8:1F:4A:EF:96:89', '--json')
  const trace = JSON.parse(phone.output) as { address: string; boots: { lines: { asked: string }[] }[] }
  assert.equal(trace.address, '127.0.0.1')
  // Asking for the upgrade script again begins a new boot.
  assert.deepEqual(
    trace.boots.map(({ lines }) => lines.map(({ asked }) => asked)),
    [['46XXSETTINGS.txt'], ['96x1Supgrade.scr']],
  )

  program.child.kill('SIGINT')
  assert.equal(await program.ended, 0)
  assert.match(program.output(), /stopped\n$/)
})

test('the commands of the table in the README answer from a running node', async (t) => {
  const { folder, ports, program, ask } = await startUp(t)
  await fetch(`http://127.0.0.1:${ports.http}/46xxupgrade.scr`).then((response) => response.text())
  await program.says('46xxupgrade.scr')

  const status = await ask('status')
  assert.equal(status.code, 0, status.output)
  assert.match(status.output, /serving; up/)
  assert.match((await ask('phones')).output, /127\.0\.0\.1 .*46xxupgrade\.scr .*sent \(200\)/)
  assert.match((await ask('clients')).output, /1 addresses seen/)
  assert.match((await ask('clients', 'evict', '127.0.0.1')).output, /no longer holds a slot/)
  assert.equal((await ask('clients', 'evict', '127.0.0.1')).code, 1)
  assert.match((await ask('allow', 'test', '10.9.9.9')).output, /http +served +no list/)
  assert.equal((await ask('reload')).code, 0)

  assert.equal((await ask('log', 'detailed', 'on')).code, 0)
  await fetch(`http://127.0.0.1:${ports.http}/46xxsettings.txt`).then((response) => response.text())
  await until(async () =>
    (await readFile(join(folder, 'log/fileserver.log'), 'utf8')).includes('download decided')
      ? true
      : undefined,
  )
})

test('a command used wrongly says how it is used and ends with code 2; without a node it says so, code 1', async (t) => {
  const folder = await temporaryFolder(t)
  const usage = await runProgram(t, [twintone, 'log', 'loudly'])
  assert.equal(usage.code, 2)
  assert.match(usage.output, /usage: twintone log detailed on\|off/)
  const unknown = await runProgram(t, [twintone, 'frobnicate'])
  assert.equal(unknown.code, 2)
  const stopped = await runProgram(t, [twintone, 'status', '--config', join(folder, 'none.toml')])
  assert.equal(stopped.code, 1)
  assert.match(stopped.output, /none\.toml: there is no such file/)
})

test('every command has help, and the help lists every command', async (t) => {
  const help = await runProgram(t, [twintone, 'help'])
  const names = [...help.output.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name ?? '')
  assert.ok(names.length >= 11, help.output)
  for (const name of names) {
    const { code, output } = await runProgram(t, [twintone, name, '--help'])
    assert.equal(code, 0, name)
    assert.match(output, new RegExp(`usage: twintone ${name}`))
  }
})
