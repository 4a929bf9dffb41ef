import assert from 'node:assert/strict'
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { runProgram } from '../support/program.ts'

const twintone = 'cmd/twintone.ts'

test('`twintone init` writes settings, folders and a certificate that `check` finds nothing wrong with', async (t) => {
  const folder = await temporaryFolder(t)
  const init = await runProgram(t, [twintone, 'init', '--folder', folder, '--unprivileged', '--samples'])
  assert.equal(init.code, 0, init.output)
  const check = await runProgram(t, [twintone, 'check', '--config', join(folder, 'twintone.toml')])
  assert.deepEqual(check, { code: 0, output: `${folder}/twintone.toml: nothing is wrong\n` })
  const key = await stat(join(folder, 'certs/server.key'))
  assert.equal(key.mode & 0o777, 0o600)
})

test('a second `twintone init` keeps what is there and adds what is missing', async (t) => {
  const folder = await temporaryFolder(t)
  const again = () => runProgram(t, [twintone, 'init', '--folder', folder, '--unprivileged', '--samples'])
  await again()
  await appendFile(join(folder, 'twintone.toml'), '# mine\n')
  await writeFile(join(folder, 'data/HTTPdata/46xxsettings.txt'), 'SET MINE 1\n')
  await rm(join(folder, 'data/TFTPdata/46xxupgrade.scr'))
  const key = await readFile(join(folder, 'certs/server.key'), 'utf8')
  assert.equal((await again()).code, 0)
  assert.match(await readFile(join(folder, 'twintone.toml'), 'utf8'), /# mine\n$/)
  assert.equal(await readFile(join(folder, 'data/HTTPdata/46xxsettings.txt'), 'utf8'), 'SET MINE 1\n')
  assert.equal(await readFile(join(folder, 'certs/server.key'), 'utf8'), key)
  await stat(join(folder, 'data/TFTPdata/46xxupgrade.scr'))
})

test('`twintone init --dry-run` prints the settings and writes nothing', async (t) => {
  const folder = join(await temporaryFolder(t), 'none')
  const { code, output } = await runProgram(t, [twintone, 'init', '--folder', folder, '--dry-run'])
  assert.equal(code, 0)
  assert.match(output, /^\[http\]$/m)
  await assert.rejects(stat(folder), { code: 'ENOENT' })
})

test('`twintone check` prints every complaint at once, with file, line and fix, and ends with 1', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'twintone.toml')
  await writeFile(file, '[http]\nport = [80]\n\n[https]\nprofile = "sslv3"\n\n[tftp]\nport = 0\n')
  const { code, output } = await runProgram(t, [twintone, 'check', '--config', file])
  assert.equal(code, 1)
  assert.match(output, new RegExp(`${file}:2: http\\.port: .*did you mean http\\.ports\\?`))
  assert.match(
    output,
    new RegExp(`${file}:5: https\\.profile: SSLv2 and SSLv3 cannot be offered by any maintained OpenSSL`),
  )
  assert.match(output, new RegExp(`${file}:8: tftp\\.port: `))
})

test('`twintone check` looks behind the settings: folders, certificate, key, address lists, ranges', async (t) => {
  const folder = await temporaryFolder(t)
  await runProgram(t, [twintone, 'init', '--folder', folder, '--unprivileged'])
  const file = join(folder, 'twintone.toml')
  await rm(join(folder, 'data/TFTPdata'), { recursive: true })
  await writeFile(join(folder, 'certs/server.key'), 'no key')
  await writeFile(join(folder, 'data/HTTPdata/allow_IP.txt'), '10.0.0.1\n10.0.0.300\n')
  const { code, output } = await runProgram(t, [
    twintone,
    'check',
    '--config',
    file,
    '--set',
    'status.allow=10.0.0.0/8,300.1.1.1',
  ])
  assert.equal(code, 1)
  assert.match(output, /TFTPdata does not exist; `twintone init` makes what is missing/)
  assert.match(output, /server\.key/)
  assert.match(output, /HTTPdata\/allow_IP\.txt: .*line 2/)
  assert.match(output, /status\.allow\.1: .*300\.1\.1\.1/)
  const json = await runProgram(t, [twintone, 'check', '--config', file, '--json'])
  assert.equal((JSON.parse(json.output) as { complaints: unknown[] }).complaints.length, 3)
})
