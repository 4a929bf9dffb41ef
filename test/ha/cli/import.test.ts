import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'smol-toml'
import { importCommand } from '../../../ha/cli/import.ts'
import { configSchema } from '../../../lib/base/config.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { run as runCommand } from '../../support/run-command.ts'
import { authkeys, haCf, haresources } from '../heartbeat/fixtures.ts'

const run = (...words: string[]) => runCommand(importCommand, words, undefined, 'ha')

/** The old files, as an administrator brings them from a Windows machine. */
async function oldFiles(t: TestContext) {
  const folder = await temporaryFolder(t)
  const at = (name: string) => join(folder, name)
  await writeFile(at('ha.cf'), `\ufeff${haCf.replaceAll('\n', '\r\n')}`)
  await writeFile(at('haresources'), haresources.replaceAll('\n', '\r\n'))
  await writeFile(at('authkeys'), `${authkeys}3 sha1 Geheim\n`)
  return at
}

const addresses = ['--address', 'EY-FTP1=192.168.38.128', '--address', 'ey-ftp2=192.168.38.129']

test('the lines go to standard output and fit our settings, the report to standard error', async (t) => {
  const at = await oldFiles(t)
  const { code, stdout, stderr } = await run(at('ha.cf'), at('haresources'), at('authkeys'), ...addresses)
  assert.equal(code, 0)
  const { pair } = configSchema.parse(parse(stdout))
  assert.deepEqual(pair.vip, ['192.168.38.130'])
  assert.equal(pair.preferred, 'EY-FTP1')
  assert.equal(pair.enabled, false, 'keys and etcd are missing yet')
  assert.match(stderr, /\n {2}node EY-FTP1 -> pair\.nodes = /)
  assert.match(stderr, /\n {2}mv_ipteld: file server and watchdog run on both nodes/)
  assert.match(stderr, /\ndangerous on the old server \(1\)\n {2}2 crc: crc proves nothing/)
  assert.match(
    stderr,
    /\nnext: ha init --cluster NAME --node EY-FTP1=192\.168\.38\.128 --node EY-FTP2=192\.168\.38\.129 --vip 192\.168\.38\.130 --interface NAME --etcd /,
  )
  assert.doesNotMatch(stdout + stderr, /geheim/i)
})

test('with --write the lines go into a file for its owner and group, and never over another one unless forced', async (t) => {
  const at = await oldFiles(t)
  const files = [at('ha.cf'), at('haresources')]
  assert.equal((await run(...files, '--write', at('new.toml'))).code, 0)
  assert.equal((await stat(at('new.toml'))).mode & 0o777, 0o640)
  const kept = await run(...files, '--write', at('new.toml'))
  assert.deepEqual([kept.code, kept.stdout], [1, ''])
  assert.match(kept.stderr, /^ha import: .*new\.toml exists and is kept/)
  assert.equal((await run(...files, '--write', at('new.toml'), '--force')).code, 0)
  assert.match(await readFile(at('new.toml'), 'utf8'), /^\[pair\]$/m)
})

test('with --json the report is for programs', async (t) => {
  const at = await oldFiles(t)
  const { stderr } = await run(at('ha.cf'), at('haresources'), '--json')
  const { files } = JSON.parse(stderr) as { files: { carried: unknown[]; notCarried: unknown[] }[] }
  assert.equal(files.length, 2)
  assert.ok((files[0]?.carried.length ?? 0) > 0 && (files[1]?.notCarried.length ?? 0) > 0)
})

test('files that are other files, or cannot be read, are errors that name them', async (t) => {
  const at = await oldFiles(t)
  await writeFile(at('empty'), '# nothing\n')
  for (const [files, problem] of [
    [['haresources', 'haresources'], /haresources has none of the directives of ha\.cf/],
    [['ha.cf', 'empty'], /empty names no node/],
    [['ha.cf', 'none'], /none cannot be read: ENOENT/],
  ] as const) {
    const { code, stdout, stderr } = await run(...files.map(at))
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, problem)
  }
})

test('hostile words in the files are printed harmlessly', async (t) => {
  const at = await oldFiles(t)
  await writeFile(at('ha.cf'), 'node A\u001b[2J B\n\u001b]0;evil\u0007 x\u202ey\n')
  await writeFile(at('haresources'), 'A \u001b[2Jscript 10.0.0.5/24/eth\u0007\n')
  const { code, stdout, stderr } = await run(at('ha.cf'), at('haresources'))
  assert.equal(code, 0)
  for (const char of ['\u001b', '\u0007', '\u202e'])
    assert.equal(`${stdout}${stderr}`.includes(char), false, JSON.stringify(char))
})

test('called wrongly, it says how', async (t) => {
  const at = await oldFiles(t)
  for (const words of [
    [],
    [at('ha.cf')],
    ['a', 'b', 'c', 'd'],
    [at('ha.cf'), at('haresources'), '--force'],
    [at('ha.cf'), at('haresources'), '--address', 'A'],
    [at('ha.cf'), at('haresources'), '--address', 'A=here'],
  ]) {
    const { code, stderr } = await run(...words)
    assert.equal(code, 2)
    assert.match(stderr, /\nusage: ha import <ha\.cf>/)
  }
})
