import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { Alarms } from '../../../lib/base/alarms.ts'
import { hashPassword } from '../../../lib/base/password-hash.ts'
import { Credentials, type CredentialSettings } from '../../../lib/phones/credentials.ts'
import { TestClock } from '../../support/clock.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { until } from '../../support/http.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const hashes = { 1234: await hashPassword('1234'), 9999: await hashPassword('9999') }
const phone = '10.9.9.9'

/** Does not wait, and keeps what it was asked to. */
class Sleepless extends TestClock {
  readonly slept: number[] = []

  override async sleep(ms: number): Promise<void> {
    this.slept.push(ms)
  }
}

async function setUp(t: TestContext, text?: string, rules?: ConstructorParameters<typeof Credentials>[2]) {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'credentials')
  const clock = new Sleepless()
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const alarms = new Alarms({ clock, log })
  /** As an editor that writes a new file and renames it: each has its own inode. */
  const write = (content: string, mode = 0o600) => {
    writeFileSync(`${file}.new`, content, { mode })
    chmodSync(`${file}.new`, mode)
    renameSync(`${file}.new`, file)
  }
  const open = (other: Partial<CredentialSettings> = {}) =>
    new Credentials(
      { credentialsFile: file, credentialsCommand: '', ...other },
      { alarms, clock, log },
      rules,
    )
  if (text !== undefined) write(text)
  return { folder, file, clock, lines, alarms, write, open, credentials: open() }
}

const lineFor = (password: keyof typeof hashes, server = '*') => `4711 ${server} ${hashes[password]}\n`

test('d61: only the password of that extension at that call server is a proof', async (t) => {
  const { credentials } = await setUp(t, lineFor(1234, '10.0.0.1'))
  const ask = (extension: string, text: string) => credentials.verify(extension, basic(text), phone)
  assert.equal(await ask('4711', '10.0.0.1:1234'), 'yes')
  assert.equal(await ask('4711', '10.0.0.1:1235'), 'no')
  assert.equal(await ask('4711', '10.0.0.2:1234'), 'no')
  assert.equal(await ask('4712', '10.0.0.1:1234'), 'no')
  assert.equal(await credentials.verify('4711', undefined, phone), 'missing')
  for (const header of ['', 'Basic', 'Bearer x', basic('4711')])
    assert.equal(await credentials.verify('4711', header, phone), 'no', header)
})

test('the line for a call server comes before the one for any', async (t) => {
  const { credentials } = await setUp(t, `${lineFor(1234)}${lineFor(9999, '10.0.0.1')}`)
  const ask = (text: string) => credentials.verify('4711', basic(text), phone)
  assert.deepEqual(
    [await ask('10.0.0.2:1234'), await ask('10.0.0.1:1234'), await ask('10.0.0.1:9999')],
    ['yes', 'no', 'yes'],
  )
})

test('an edit counts from the next question on, also for those who were right before', async (t) => {
  const { credentials, write } = await setUp(t, lineFor(1234))
  const ask = (text: string) => credentials.verify('4711', basic(text), phone)
  assert.equal(await ask('a:1234'), 'yes')
  write(lineFor(9999))
  assert.deepEqual([await ask('a:1234'), await ask('a:9999')], ['no', 'yes'])
})

for (const [title, damage, mode] of [
  ['has a damaged line', `${lineFor(9999)}4712 * jerry\n`, 0o600],
  ['can be read by everybody', lineFor(9999), 0o604],
  ['is no text', 'ÿ\u0000', 0o600],
] as const) {
  test(`a file that ${title} raises an alarm, and what was read before stays until it is mended`, async (t) => {
    const { credentials, write, alarms, open, lines } = await setUp(t, lineFor(1234))
    write(damage, mode)
    assert.equal(await credentials.verify('4711', basic('a:1234'), phone), 'yes')
    assert.equal(await credentials.verify('4711', basic('a:9999'), phone), 'no')
    assert.match(alarms.list()[0]?.text ?? '', /cannot be used, so what was read before stays in force: ./)
    assert.ok(!lines.join('').includes('jerry'))
    assert.equal(await open().verify('4711', basic('a:9999'), phone), 'no')
    assert.match(alarms.list()[0]?.text ?? '', /cannot be used, so no phone is let in by it: ./)
    write(lineFor(9999))
    assert.equal(await credentials.verify('4711', basic('a:9999'), phone), 'yes')
    assert.deepEqual(alarms.list(), [])
  })
}

test('without a file nobody has credentials, which is no alarm; one that goes away is', async (t) => {
  const { credentials, file, write, alarms } = await setUp(t)
  assert.equal(await credentials.verify('4711', basic('a:1234'), phone), 'no')
  assert.deepEqual(alarms.list(), [])
  write(lineFor(1234))
  assert.equal(await credentials.verify('4711', basic('a:1234'), phone), 'yes')
  rmSync(file)
  assert.equal(await credentials.verify('4711', basic('a:1234'), phone), 'no')
  assert.match(alarms.list()[0]?.text ?? '', /credentials is gone/)
  write(lineFor(1234))
  assert.equal(await credentials.verify('4711', basic('a:1234'), phone), 'yes')
  assert.deepEqual(alarms.list(), [])
})

/** A program that writes down what it was told, and says yes to one password. */
async function withCommand(t: TestContext, script: string) {
  const parts = await setUp(t)
  const program = join(parts.folder, 'ask')
  writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return { ...parts, program, credentials: parts.open({ credentialsCommand: program }) }
}

test('a command is asked instead, and told everything in its environment', async (t) => {
  const { credentials, folder, alarms } = await withCommand(
    t,
    `echo "$EXTENSION|$CALL_SERVER|$PASSWORD|$#" >> "$(dirname "$0")/asked"; test "$PASSWORD" = '$(id);"'`,
  )
  const asked = () => readFileSync(join(folder, 'asked'), 'utf8')
  assert.equal(await credentials.verify('4711', basic('10.0.0.1:$(id);"'), phone), 'yes')
  assert.equal(await credentials.verify('4711', basic('10.0.0.1:wrong'), phone), 'no')
  assert.equal(asked(), '4711|10.0.0.1|$(id);"|0\n4711|10.0.0.1|wrong|0\n')
  assert.deepEqual(alarms.list(), [])
})

test('a command that cannot be started or is killed is an alarm and no yes, until it works again', async (t) => {
  const { credentials, program, alarms, lines } = await withCommand(t, 'kill -9 $$')
  const ask = () => credentials.verify('4711', basic('a:31415926'), phone)
  assert.equal(await ask(), 'no')
  assert.match(
    alarms.list()[0]?.text ?? '',
    /ask: killed, ended by SIGKILL; no phone is let in by credentials/,
  )
  rmSync(program)
  assert.equal(await ask(), 'no')
  assert.match(alarms.list()[0]?.text ?? '', /ask: not started, /)
  writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  assert.equal(await ask(), 'yes')
  assert.deepEqual(alarms.list(), [])
  assert.ok(!lines.join('').includes('31415926'))
})

test('who was right is not looked at again for some minutes, and parallel questions are one', async (t) => {
  const { credentials, clock, folder } = await withCommand(t, 'echo x >> "$(dirname "$0")/asked"; sleep 0.1')
  const times = () => readFileSync(join(folder, 'asked'), 'utf8').length / 2
  const ask = () => credentials.verify('4711', basic('a:1234'), phone)
  const first = ask()
  await until(() => existsSync(join(folder, 'asked')))
  assert.deepEqual(await Promise.all([first, ask(), ask(), ask()]), ['yes', 'yes', 'yes', 'yes'])
  const atFirst = times()
  assert.ok(atFirst <= 2)
  clock.advance(299_000)
  assert.equal(await ask(), 'yes')
  assert.equal(times(), atFirst)
  clock.advance(2_000)
  assert.equal(await ask(), 'yes')
  assert.equal(times(), atFirst + 1)
})

const strict = {
  free: 1,
  firstDelayMs: 1_000,
  longestDelayMs: 4_000,
  mostFailures: 3,
  banMs: 60_000,
  forgetMs: 600_000,
  mostAddresses: 100,
}

test('d61: failures cost the address growing time, then nothing is looked at for a while; others go on', async (t) => {
  const { credentials, clock, lines } = await setUp(t, lineFor(1234), strict)
  const ask = (password: string, address = phone) =>
    credentials.verify('4711', basic(`a:${password}`), address)
  for (const password of ['0001', '0002', '0003']) assert.equal(await ask(password), 'no')
  assert.deepEqual(clock.slept, [1_000, 2_000])
  assert.match(lines.at(-1) ?? '', /"address":"10\.9\.9\.9".*"credentials no longer looked at"/)
  assert.equal(await ask('1234'), 'no')
  assert.equal(await ask('1234', '10.9.9.10'), 'yes')
  clock.advance(60_000)
  assert.equal(await ask('1234'), 'yes')
  assert.deepEqual(clock.slept, [1_000, 2_000])
})

test('d61: neither password nor proof is in what is logged', async (t) => {
  const { credentials, lines, write } = await setUp(t, lineFor(1234), {
    ...strict,
    mostFailures: 1,
    firstDelayMs: 0,
    longestDelayMs: 0,
  })
  const header = basic('10.0.0.1:27182818')
  await credentials.verify('4711', header, phone)
  write('4711 * 27182818\n')
  await credentials.verify('4711', header, phone)
  assert.equal(lines.length, 2)
  for (const secret of ['27182818', header.slice(8)]) assert.ok(!lines.join('').includes(secret))
})
