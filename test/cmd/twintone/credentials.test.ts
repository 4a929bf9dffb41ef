import assert from 'node:assert/strict'
import { chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { credentialsCommand } from '../../../cmd/twintone/credentials.ts'
import { Alarms } from '../../../lib/base/alarms.ts'
import { systemClock as clock } from '../../../lib/base/clock.ts'
import { silentLog as log } from '../../../lib/base/log.ts'
import { Credentials } from '../../../lib/phones/credentials.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { piped, run, typing } from '../../support/run-command.ts'
import { needsRoot } from '../../support/programs.ts'

async function node(t: TestContext) {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'twintone.toml'), '[data]\nfolder = "data"\n')
  const file = join(folder, 'credentials')
  const config = ['--config', join(folder, 'twintone.toml')]
  const twintone = (words: string[], password?: string) =>
    run(
      credentialsCommand,
      [...words, ...config],
      password === undefined ? undefined : piped(`${password}\n`),
    )
  const alarms = new Alarms({ clock, log })
  const credentials = new Credentials(
    { credentialsFile: file, credentialsCommand: '' },
    { alarms, clock, log },
  )
  const proves = (text: string) =>
    credentials.verify('4711', `Basic ${Buffer.from(text).toString('base64')}`, '10.0.0.1')
  return { folder, file, config, twintone, proves, alarms }
}

test('what is set proves the extension, what is set anew replaces it, what is removed proves nothing', async (t) => {
  const { twintone, proves, file, alarms } = await node(t)
  const set = await twintone(['set', '4711'], '1234')
  assert.deepEqual([set.code, set.stdout], [0, `4711 at any call server: set in ${file}\n`])
  assert.deepEqual([await proves('10.0.0.1:1234'), await proves('10.0.0.1:9999')], ['yes', 'no'])
  await twintone(['set', '4711', '--call-server', '10.0.0.1'], '9999')
  assert.deepEqual(
    [await proves('10.0.0.1:1234'), await proves('10.0.0.1:9999'), await proves('10.0.0.2:1234')],
    ['no', 'yes', 'yes'],
  )
  const removed = await twintone(['remove', '4711'])
  assert.deepEqual([removed.code, removed.stdout], [0, `4711: removed from ${file}\n`])
  assert.deepEqual([await proves('10.0.0.1:9999'), alarms.list()], ['no', []])
})

test('the file is for its owner only, whatever it was, and nothing is left beside it', async (t) => {
  const { twintone, file, folder } = await node(t)
  await writeFile(file, '# ours\n')
  await chmod(file, 0o644)
  await twintone(['set', '4711'], '1234')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.deepEqual((await readdir(folder)).toSorted(), ['credentials', 'twintone.toml'])
  const text = await readFile(file, 'utf8')
  assert.match(text, /^# ours\n4711 \* scrypt\$\S+\n$/)
  assert.doesNotMatch(text, /\$1234(?:\$|$)/m)
})

test(
  'what root sets can be read by the service, who owns the data',
  needsRoot('give files away'),
  async (t) => {
    const { twintone, file, folder } = await node(t)
    await mkdir(join(folder, 'data'))
    await chown(join(folder, 'data'), 65_534, 65_534)
    await twintone(['set', '4711'], '1234')
    assert.equal((await stat(file)).uid, 65_534)
    await chown(file, 65_533, 65_533)
    await twintone(['set', '4712'], '1234')
    assert.equal((await stat(file)).uid, 65_533)
  },
)

test('a file that is a link stays one', async (t) => {
  const { twintone, file, folder } = await node(t)
  await mkdir(join(folder, 'elsewhere'))
  await writeFile(join(folder, 'elsewhere/kept'), '')
  await symlink('elsewhere/kept', file)
  await twintone(['set', '4711'], '1234')
  assert.equal((await lstat(file)).isSymbolicLink(), true)
  assert.match(await readFile(join(folder, 'elsewhere/kept'), 'utf8'), /^4711 \* scrypt/)
})

test('the list shows no hashes', async (t) => {
  const { twintone, file } = await node(t)
  assert.equal((await twintone(['list'])).stdout, `${file} has no credentials\n`)
  await twintone(['set', '4711'], '1234')
  await twintone(['set', '4712', '--call-server', '10.0.0.1'], '1234')
  assert.equal(
    (await twintone(['list'])).stdout,
    'extension  call server\n4711       any\n4712       10.0.0.1\n',
  )
  assert.deepEqual(JSON.parse((await twintone(['list', '--json'])).stdout), [
    { extension: '4711', callServer: '*' },
    { extension: '4712', callServer: '10.0.0.1' },
  ])
})

test('at a terminal the password is typed twice, and a slip changes nothing', async (t) => {
  const { file, config } = await node(t)
  const set = (keys: string) => run(credentialsCommand, ['set', '4711', ...config], typing(keys).stdin)
  const slipped = await set('1234\r1243\r')
  assert.deepEqual([slipped.code, slipped.stdout], [1, ''])
  await assert.rejects(stat(file), /ENOENT/)
  const right = await set('1234\r1234\r')
  assert.equal(right.code, 0)
  assert.match(right.stderr, /^Registration password of 4711: \n/)
})

test('a damaged file is not touched, and its line is named', async (t) => {
  const { twintone, file } = await node(t)
  await writeFile(file, '# ours\n4711 * 1234\n', { mode: 0o600 })
  for (const words of [['set', '4712'], ['remove', '4711'], ['list']]) {
    const { code, stderr } = await twintone(words, '9999')
    assert.equal(code, 1)
    assert.match(stderr, /credentials cannot be used: line 2: what stands behind 4711/)
  }
  assert.equal(await readFile(file, 'utf8'), '# ours\n4711 * 1234\n')
})

test('removing what is not there, and a node without a file, end with 1 and a sentence', async (t) => {
  const { twintone, file, folder } = await node(t)
  const none = await twintone(['remove', '4711', '--call-server', '10.0.0.1'])
  assert.deepEqual(
    [none.code, none.stderr],
    [1, `twintone credentials: ${file} has no credentials of 4711 at 10.0.0.1\n`],
  )
  await writeFile(join(folder, 'twintone.toml'), '[userData]\ncredentialsFile = ""\n')
  const without = await twintone(['set', '4711'], '1234')
  assert.equal(without.code, 1)
  assert.match(without.stderr, /userData\.credentialsFile is empty/)
})

test('other words are wrong uses', async (t) => {
  const { twintone } = await node(t)
  for (const words of [
    [],
    ['set'],
    ['show', '4711'],
    ['list', '4711'],
    ['set', '4711', '1234'],
    ['set', '47/11'],
    ['set', '4711', '--call-server', 'a b'],
  ]) {
    const { code, stderr } = await twintone(words, '1234')
    assert.equal(code, 2, words.join(' '))
    assert.match(stderr, /usage: twintone credentials list/)
  }
})
