import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import * as fc from 'fast-check'
import { openLog, safeLine, silentLog, type LogSettings } from '../../../lib/base/log.ts'
import { hostile, printable } from '../../../lib/base/printable.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { runScript } from '../../support/script.ts'

/** A log that only goes to a file, and what is in it. */
async function openIn(t: TestContext, settings: Partial<LogSettings> = {}) {
  const file = join(await temporaryFolder(t), 'a.log')
  const opened = openLog('fileserver', {
    file,
    sizeMb: 100,
    count: 1,
    stdout: false,
    detailed: false,
    ...settings,
  })
  t.after(() => opened.close())
  const text = () => readFileSync(file, 'utf8')
  const lines = () =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { ...opened, text, lines }
}

test('a line is JSON: time, level as a word, program, fields and the name of the event', async (t) => {
  const { log, close, lines } = await openIn(t)
  log.warn({ file: 'a.txt', bytes: 12, absent: undefined }, 'file sent')
  await close()
  const [line = {}] = lines()
  assert.deepEqual(Object.keys(line), ['level', 'time', 'pid', 'hostname', 'name', 'file', 'bytes', 'msg'])
  assert.deepEqual(
    [line['level'], line['name'], line['file'], line['bytes'], line['msg']],
    ['warn', 'fileserver', 'a.txt', 12, 'file sent'],
  )
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('an error is logged with message, stack and cause', async (t) => {
  const { log, close, lines } = await openIn(t)
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'request failed')
  await close()
  const { message, stack } = (lines()[0] ?? {})['err'] as { message: string; stack: string }
  assert.equal(message, 'outer: inner')
  assert.match(stack, /log\.test\.ts/)
})

test('detailed logging is switched on and off at once', async (t) => {
  const { log, setDetailed, close, lines } = await openIn(t)
  log.debug('not detailed yet')
  setDetailed(true)
  log.debug('detailed')
  setDetailed(false)
  log.debug('not detailed any more')
  log.info('always')
  await close()
  assert.deepEqual(
    lines().map(({ level, msg }) => [level, msg]),
    [
      ['debug', 'detailed'],
      ['info', 'always'],
    ],
  )
})

test('a log can be detailed from the start', async (t) => {
  const { log, close, lines } = await openIn(t, { detailed: true })
  log.debug('detailed')
  await close()
  assert.equal(lines().length, 1)
})

test('secrets are hidden, however deep and however written, and in errors too', async (t) => {
  const { log, close, text, lines } = await openIn(t)
  const err = Object.assign(new Error('refused'), { options: { password: 'hush' } })
  log.info({ password: 'hush', user: 'callserver' }, 'a')
  log.info({ request: { headers: { Authorization: 'Basic "hush"', host: 'x' } } }, 'b')
  log.info({ snmp: [{ community: 'hush\\' }, { snmpCommunity: 'hush' }], keyPassphrase: 12_345 }, 'c')
  log.info({ err }, 'd')
  await close()
  assert.doesNotMatch(text(), /hush|12345/)
  const [a, b, c] = lines()
  assert.deepEqual([a?.['password'], a?.['user']], ['[hidden]', 'callserver'])
  assert.deepEqual(b?.['request'], { headers: { Authorization: '[hidden]', host: 'x' } })
  assert.deepEqual(c?.['snmp'], [{ community: '[hidden]' }, { snmpCommunity: '[hidden]' }])
})

test('d72: hostile bytes of a name are escaped in the line, and the line stays one line of JSON', async (t) => {
  const { log, close, text, lines } = await openIn(t)
  const name = 'a\r\n\u001b[2J\u009b1m\u202e\u2028\ud800"\\.txt'
  log.info({ raw: name, asked: printable(name) }, 'file refused')
  await close()
  assert.match(text(), /^[\x20-\x7e]+\n$/)
  assert.equal(lines()[0]?.['raw'], name)
  assert.equal(lines()[0]?.['asked'], String.raw`a\x0d\x0a\x1b[2J\x9b1m\u202e\u2028\ud800"\\.txt`)
})

test('whatever is logged, the line means the same to a reader of JSON and has nothing hostile in it', () => {
  const text = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.array(text))), (fields) => {
      const line = safeLine(`${JSON.stringify(fields)}\n`)
      assert.equal(line.slice(0, -1).search(hostile), -1)
      assert.equal(JSON.stringify(JSON.parse(line)), JSON.stringify(fields))
    }),
  )
})

test('words that look like a secret inside a value are left alone', () => {
  const line = `${JSON.stringify({ msg: 'say "password":"x" to me', passwords: ['a'], b: 1 })}\n`
  assert.equal(safeLine(line), line)
})

test('a file that cannot be opened is an error that names the setting', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const open = (file: string) => openLog('x', { file, sizeMb: 1, count: 1, stdout: false, detailed: false })
  assert.throws(
    () => open(join(folder, 'file', 'a.log')),
    /^Error: log\.file: \S+\/file\/a\.log cannot be written \(E.*\); mend its owner and mode, or choose another$/,
  )
  assert.throws(() => open(folder), /log\.file: .* cannot be written \(it is not a file\)/)
})

test('a log without outputs, and the silent one, take everything', async () => {
  const { log, close } = openLog('x', { file: '', sizeMb: 1, count: 1, stdout: false, detailed: false })
  log.info('nobody reads this')
  silentLog.fatal('nor this')
  await close()
})

test('lines that were lost are told in the log once there is room again', async (t) => {
  const { log, text } = await openIn(t)
  for (let megabyte = 0; megabyte < 40; megabyte += 1) log.info({ text: 'x'.repeat(1_048_576) }, 'much')
  while (!text().includes('log can be written again')) await delay(20)
  const told = JSON.parse(text().trimEnd().split('\n').at(-1) ?? '')
  assert.ok(told.lostLines >= 8, String(told.lostLines))
})

test('a log that is closed ignores what comes later', async (t) => {
  const { log, close, text } = await openIn(t)
  await close()
  log.info('late')
  await close()
  assert.equal(text(), '')
})

const toBoth = (folder: string) => `
  import { openLog } from 'LIB/base/log.ts'
  const settings = { file: '${folder}/a.log', sizeMb: 1, count: 1, stdout: true, detailed: false }
  const { log, close } = openLog('x', settings)
  for (let number = 0; number < 3000; number += 1) log.info({ number }, 'line')
`

test('close() waits until everything is with the system, so that not even SIGKILL takes it back', async (t) => {
  const folder = await temporaryFolder(t)
  const { stdout, signal } = await runScript(
    t,
    `${toBoth(folder)} await close(); process.kill(process.pid, 'SIGKILL')`,
  )
  assert.equal(signal, 'SIGKILL')
  assert.equal(stdout.split('\n').length - 1, 3000)
  assert.equal(readFileSync(join(folder, 'a.log'), 'utf8'), stdout)
})

test('a process that ends otherwise than in order still writes its last lines', async (t) => {
  const folder = await temporaryFolder(t)
  const { stdout } = await runScript(t, `${toBoth(folder)} process.exit(1)`)
  assert.match(stdout, /"number":99,/)
  assert.match(readFileSync(join(folder, 'a.log'), 'utf8'), /"number":2999,/)
})
