import assert from 'node:assert/strict'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { importCommand } from '../../../cmd/twintone/import.ts'
import { loadConfig } from '../../../lib/base/load-config.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { run as runCommand } from '../../support/run-command.ts'
import { linuxIni, watchdogIni } from '../import/fixtures.ts'

const run = (...words: string[]) => runCommand(importCommand, words)

async function oldFiles(t: TestContext) {
  const folder = await temporaryFolder(t)
  const at = (name: string) => join(folder, name)
  await writeFile(at('MV_IPTel.ini'), linuxIni)
  await writeFile(at('MV_WatchDog.ini'), watchdogIni)
  return at
}

test('the settings go to standard output, the report to standard error', async (t) => {
  const at = await oldFiles(t)
  const { code, stdout, stderr } = await run(at('MV_IPTel.ini'), at('MV_WatchDog.ini'))
  assert.equal(code, 0)
  await writeFile(at('twintone.toml'), stdout)
  assert.equal(loadConfig({ file: at('twintone.toml') }).data.folder, '/opt/ecs/mvuser/MV_IPTel/data')
  assert.match(stderr, /\ncarried \(\d+\)\n {2}\[/)
  assert.match(stderr, /\[HTTP\] HTTPPort=81 -> http\.ports = \[81\]; phones try 81/)
  assert.match(stderr, /\nchanged in meaning \(\d+\)\n/)
  assert.match(stderr, /\nnot carried \(\d+\)\n/)
  assert.match(stderr, /\ndangerous on the old server \(2\)\n {2}\[FTP\] SUPassword=\[hidden\]: /)
  assert.match(stderr, /\nnot understood \(2\)\n {2}line \d+: wrapped by the printer: /)
  assert.match(stderr, /\[Settings\] WatchDogTimer=60: comes with the watchdog/)
  assert.ok(!`${stdout}${stderr}`.includes('jerry'))
})

test('`--output` writes the file for its owner and group only, and never over another one unless forced', async (t) => {
  const at = await oldFiles(t)
  const first = await run(at('MV_IPTel.ini'), '--output', at('twintone.toml'))
  assert.equal(first.code, 0)
  assert.equal(first.stdout, '')
  assert.match(first.stderr, /next: `twintone check --config/)
  assert.equal((await stat(at('twintone.toml'))).mode & 0o777, 0o640)
  await writeFile(at('twintone.toml'), '# mine\n')
  const kept = await run(at('MV_IPTel.ini'), '--output', at('twintone.toml'))
  assert.equal(kept.code, 1)
  assert.match(kept.stderr, /exists and is kept; --force overwrites it/)
  assert.equal(await readFile(at('twintone.toml'), 'utf8'), '# mine\n')
  assert.equal((await run(at('MV_IPTel.ini'), '--output', at('twintone.toml'), '--force')).code, 0)
  assert.match(await readFile(at('twintone.toml'), 'utf8'), /^ports = \[ ?81 ?\]$/m)
})

test('`--json` gives the report as JSON', async (t) => {
  const at = await oldFiles(t)
  const { code, stderr } = await run(at('MV_IPTel.ini'), '--json', '--output', at('twintone.toml'))
  assert.equal(code, 0)
  const { files } = JSON.parse(stderr) as { files: Record<string, { key: string; line: number }[]>[] }
  assert.deepEqual(
    files[0]?.['dangerous']?.map(({ key }) => key),
    ['SUPassword', 'UseSNMP'],
  )
  assert.equal(files[0]?.['notUnderstood']?.length, 2)
  assert.equal(files[0]?.['carried']?.find(({ key }) => key === 'HTTPPort')?.line, 37)
})

test('a file that is missing, a folder, too long or no such file at all ends with 1 and a sentence', async (t) => {
  const at = await oldFiles(t)
  await mkdir(at('folder'))
  await writeFile(at('long.ini'), '#'.repeat(65_537))
  await writeFile(
    at('noise.ini'),
    Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 31) % 256)),
  )
  const sentences: Record<string, RegExp> = {
    'none.ini': /none\.ini cannot be read: ENOENT/,
    folder: /folder cannot be read: EISDIR/,
    'long.ini': /longer than 64 KiB/,
    'noise.ini': /none of the settings of MV_IPTel\.ini/,
  }
  for (const [name, sentence] of Object.entries(sentences)) {
    const { code, stdout, stderr } = await run(at(name))
    assert.equal(code, 1, name)
    assert.equal(stdout, '', name)
    assert.match(stderr, sentence)
  }
  assert.equal((await run(at('MV_IPTel.ini'), at('none.ini'))).code, 1)
})

test('a torn file gives what it still holds', async (t) => {
  const at = await oldFiles(t)
  await writeFile(at('torn.ini'), `${linuxIni.slice(0, linuxIni.indexOf('HTTPDir'))}HTTPD`)
  const { code, stdout, stderr } = await run(at('torn.ini'))
  assert.equal(code, 0)
  assert.match(stdout, /^ports = \[ ?81 ?\]$/m)
  assert.match(stderr, /line \d+: HTTPD: /)
})

test('Latin-1, UTF-8 with a mark and UTF-16 are read', async (t) => {
  const at = await oldFiles(t)
  const text = '[Settings]\r\nServerName=Süd\r\n'
  const forms = {
    latin1: Buffer.from(text, 'latin1'),
    utf8: Buffer.from(`\uFEFF${text}`),
    utf16: Buffer.from(`\uFEFF${text}`, 'utf16le'),
  }
  for (const [name, bytes] of Object.entries(forms)) {
    await writeFile(at(name), bytes)
    assert.match((await run(at(name))).stdout, /^name = "Süd"$/m, name)
  }
})

test('hostile bytes in a value reach neither the terminal nor the settings file raw', async (t) => {
  const at = await oldFiles(t)
  await writeFile(at('hostile.ini'), '[Settings]\nServerName=a\u001b[31m\nwrapped \u001b[2J\n')
  const { stdout, stderr } = await run(at('hostile.ini'))
  assert.ok(!`${stdout}${stderr}`.includes('\u001b'))
})

test('no file, three files and --force without --output are wrong uses', async (t) => {
  const at = await oldFiles(t)
  const ini = at('MV_IPTel.ini')
  for (const words of [[], [ini, ini, ini], [ini, '--force'], [ini, '--colour']]) {
    const { code, stderr } = await run(...words)
    assert.equal(code, 2)
    assert.match(stderr, /usage: twintone import <MV_IPTel\.ini>/)
  }
})
