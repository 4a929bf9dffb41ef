import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { MessageFiles } from '../../../watchdog/alerts/message-files.ts'
import { Queue, type QueueParts } from '../../../watchdog/alerts/queue.ts'
import { usualQueueRules } from '../../../watchdog/alerts/queue-rules.ts'
import { alert } from '../../support/alert.ts'
import { alertReceiver, hanging, refusing } from '../../support/alert-receiver.ts'
import { TestClock } from '../../support/clock.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startScript } from '../../support/script.ts'
import { until } from '../../support/until.ts'

const quick = { ...usualQueueRules, firstRetryMs: 5, longestRetryMs: 20 }
const numbered = (number: number, differences = {}) => alert({ subject: `${number}`, ...differences })
const messagesIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.json'))

async function makeQueue(t: TestContext, differences: Partial<QueueParts> & { folder?: string } = {}) {
  const ended: { stop?: (grace: AbortSignal) => Promise<void> } = {}
  t.after(() => ended.stop?.(AbortSignal.abort())) // before the folder goes
  const folder = differences.folder ?? (await temporaryFolder(t))
  const receiver = alertReceiver()
  const recording = recordingLog()
  const queue = new Queue({
    channel: receiver,
    files: new MessageFiles(folder),
    rules: quick,
    sendMs: 20_000,
    clock: systemClock,
    log: recording.log,
    random: () => 0.5,
    ...differences,
  })
  ended.stop = (grace) => queue.stop(grace)
  return { queue, receiver, folder, ...recording }
}

test('what is added is told in order, once, and leaves nothing on disk', async (t) => {
  const { queue, receiver, folder } = await makeQueue(t)
  await queue.start()
  for (const number of [1, 2, 3]) queue.add(numbered(number))
  await until(() => (receiver.taken.length === 3 ? true : undefined))
  await until(() => (messagesIn(folder).length === 0 ? true : undefined))
  assert.deepEqual(receiver.subjects(), ['1', '2', '3'])
  assert.equal(receiver.tries, 3)
})

test('d114: while the receiver is down messages wait, and then come in order, once', async (t) => {
  const { queue, receiver, events } = await makeQueue(t)
  receiver.answer = refusing()
  await queue.start()
  for (const number of [1, 2, 3]) queue.add(numbered(number))
  await until(() => (receiver.tries > 3 ? true : undefined))
  assert.deepEqual(queue.status, {
    waiting: 3,
    dropped: 0,
    lastSentAt: undefined,
    lastError: 'connect ECONNREFUSED',
  })
  receiver.answer = async () => {}
  await until(() => (receiver.taken.length === 3 ? true : undefined))
  assert.deepEqual(receiver.subjects(), ['1', '2', '3'])
  assert.equal(queue.status.lastError, undefined)
  assert.equal(events('alerts can be told again').length, 1)
})

test('a receiver that stays down costs one warning, and tries that grow apart', async (t) => {
  const clock = new TestClock()
  const { log, text } = recordingLog()
  log.level = 'info'
  const { queue, receiver } = await makeQueue(t, { clock, log, rules: usualQueueRules })
  receiver.answer = refusing()
  await queue.start()
  queue.add(numbered(1))
  for (let second = 0; second < 600; second += 1) {
    await turn()
    await turn()
    clock.advance(1_000)
  }
  assert.ok(receiver.tries > 8 && receiver.tries < 20, `${receiver.tries} tries`)
  assert.equal(text().split('"msg":"alert not told"').length - 1, 1)
})

test('d114: a receiver that hangs is left after its time, and what it was told goes again', async (t) => {
  const { queue, receiver } = await makeQueue(t, { sendMs: 30 })
  receiver.answer = hanging
  await queue.start()
  queue.add(numbered(1))
  await until(() => queue.status.lastError)
  assert.equal(queue.status.lastError, 'no answer within 30 ms')
  receiver.answer = async () => {}
  await until(() => (receiver.taken.length === 1 ? true : undefined))
})

test('a stop ends the wait between tries, and the rest waits for the next start', async (t) => {
  const { queue, receiver, folder } = await makeQueue(t, {
    rules: { ...usualQueueRules, firstRetryMs: 3_600_000, longestRetryMs: 3_600_000 },
  })
  receiver.answer = refusing()
  await queue.start()
  for (const number of [1, 2, 3]) queue.add(numbered(number))
  await until(() => queue.status.lastError)
  await queue.stop(new AbortController().signal)
  const next = await makeQueue(t, { folder })
  await next.queue.start()
  next.queue.add(numbered(4))
  await until(() => (next.receiver.taken.length === 4 ? true : undefined))
  assert.deepEqual(next.receiver.subjects(), ['1', '2', '3', '4'])
})

test('a stop lets a try under way end, and cuts it with the grace period', async (t) => {
  const patient = await makeQueue(t)
  const slow = Promise.withResolvers<void>()
  patient.receiver.answer = () => slow.promise
  await patient.queue.start()
  patient.queue.add(numbered(1))
  await until(() => (patient.receiver.tries === 1 ? true : undefined))
  const stopped = patient.queue.stop(new AbortController().signal)
  slow.resolve()
  await stopped
  assert.deepEqual(messagesIn(patient.folder), [])

  const { queue, receiver, folder } = await makeQueue(t)
  const aborted = Promise.withResolvers<void>()
  receiver.answer = (_, signal) => {
    signal.addEventListener('abort', () => aborted.resolve())
    return hanging()
  }
  await queue.start()
  queue.add(numbered(1))
  await until(() => (receiver.tries === 1 ? true : undefined))
  await queue.stop(AbortSignal.abort())
  await aborted.promise
  assert.equal(messagesIn(folder).length, 1)
})

test('beyond the number, warnings are dropped before what is critical, and a digest says so first', async (t) => {
  const { queue, receiver, folder, events } = await makeQueue(t, { rules: { ...quick, most: 3 } })
  receiver.answer = refusing()
  await queue.start()
  queue.add(numbered(1, { severity: 'warning' }))
  await until(() => queue.status.lastError)
  for (const number of [2, 3, 4])
    queue.add(numbered(number, { severity: number === 2 ? 'warning' : 'critical' }))
  queue.add(numbered(5))
  assert.equal(queue.status.waiting, 3)
  assert.deepEqual(
    events('alert dropped').map(({ subject }) => subject),
    ['1', '2'],
  )
  await queue.saved()
  assert.equal(messagesIn(folder).length, 3)
  await queue.stop(AbortSignal.abort())

  const next = await makeQueue(t, { folder })
  await next.queue.start()
  await until(() => (next.receiver.taken.length === 4 ? true : undefined))
  const [digest] = next.receiver.taken
  assert.equal(digest?.subject, 'pbx-a: 2 messages dropped: they could not be told in time')
  assert.match(digest.text, /warning: 1 .*\n.*warning: 2 /)
  assert.deepEqual(next.receiver.subjects().slice(1), ['3', '4', '5'])
  assert.equal(next.queue.status.dropped, 0)
})

test('what waits for too long is dropped, and told so', async (t) => {
  const clock = new TestClock()
  const { queue, receiver } = await makeQueue(t, { clock, rules: { ...usualQueueRules, oldestMs: 60_000 } })
  receiver.answer = refusing()
  await queue.start()
  queue.add(numbered(1))
  await until(() => queue.status.lastError)
  receiver.answer = async () => {}
  clock.advance(3_600_000)
  await until(() => receiver.taken[0])
  assert.match(receiver.taken[0]?.subject ?? '', /1 message dropped/)
  assert.equal(receiver.taken.length, 1)
})

test('d115: a clock on the wall that jumps by years drops nothing', async (t) => {
  const clock = new TestClock()
  const { queue, receiver } = await makeQueue(t, { clock })
  receiver.answer = refusing()
  await queue.start()
  queue.add(numbered(1))
  await until(() => queue.status.lastError)
  clock.setWall(new Date('2046-01-01T00:00:00Z'))
  receiver.answer = async () => {}
  clock.advance(1_000)
  await until(() => receiver.taken[0])
  assert.deepEqual(receiver.subjects(), ['1'])
})

test('d116: with a disk that takes nothing messages are told all the same, and the log says so once', async (t) => {
  const folder = join(await temporaryFolder(t), 'file', 'below')
  writeFileSync(join(folder, '..'), 'not a folder')
  const { queue, receiver, events } = await makeQueue(t, { folder })
  await queue.start()
  for (const number of [1, 2, 3]) queue.add(numbered(number))
  await until(() => (receiver.taken.length === 3 ? true : undefined))
  assert.equal(events('alert queue not on disk').length, 1)
})

test('a file that holds no message is removed and named, and the others are told', async (t) => {
  const folder = await temporaryFolder(t)
  mkdirSync(folder, { recursive: true })
  const contents = {
    1: '{',
    2: '[]',
    3: JSON.stringify({ ...numbered(3), severity: 'loud' }),
    4: JSON.stringify(numbered(4)),
  }
  for (const [number, text] of Object.entries(contents))
    writeFileSync(join(folder, `${number.padStart(12, '0')}.json`), text)
  writeFileSync(join(folder, '000000000005.json.new'), JSON.stringify(numbered(5)))
  const { queue, receiver, events } = await makeQueue(t, { folder })
  await queue.start()
  await until(() => receiver.taken[0])
  assert.deepEqual(receiver.subjects(), ['4'])
  assert.equal(events('queued alert unusable').length, 3)
  await until(() => (readdirSync(folder).length === 0 ? true : undefined))
})

test('messages on disk are for the service and its group only', async (t) => {
  const { queue, receiver, folder } = await makeQueue(t)
  chmodSync(folder, 0o750)
  receiver.answer = refusing()
  await queue.start()
  queue.add(numbered(1))
  await queue.saved()
  const [name = ''] = messagesIn(folder)
  assert.deepEqual(JSON.parse(readFileSync(join(folder, name), 'utf8')), numbered(1))
})

test('the next message waits until the last one is forgotten on disk, so that a crash repeats one at most', async (t) => {
  const gone = Promise.withResolvers<void>()
  class SlowFiles extends MessageFiles {
    override async remove(seq: number): Promise<void> {
      await gone.promise
      await super.remove(seq)
    }
  }
  const folder = await temporaryFolder(t)
  const { queue, receiver } = await makeQueue(t, { files: new SlowFiles(folder), clock: new TestClock() })
  await queue.start()
  for (const number of [1, 2]) queue.add(numbered(number))
  await until(() => receiver.taken[0])
  for (let count = 0; count < 50; count += 1) await turn()
  assert.deepEqual(receiver.subjects(), ['1'])
  gone.resolve()
  await until(() => receiver.taken[1])
})

/** A watchdog that tells numbers as fast as it can, to a file that stands for the receiver. */
const victim = (folder: string, taken: string, from: number) => `
import { appendFileSync } from 'node:fs'
import { systemClock } from 'LIB/base/clock.ts'
import { silentLog } from 'LIB/base/log.ts'
import { MessageFiles } from 'LIB/../watchdog/alerts/message-files.ts'
import { Queue } from 'LIB/../watchdog/alerts/queue.ts'
import { usualQueueRules } from 'LIB/../watchdog/alerts/queue-rules.ts'
const channel = {
  name: 'file',
  async send(message) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    appendFileSync(${JSON.stringify(taken)}, message.subject + '\\n')
  },
}
const files = new MessageFiles(${JSON.stringify(folder)})
const queue = new Queue({ channel, files, rules: usualQueueRules, sendMs: 5_000, clock: systemClock, log: silentLog, random: Math.random })
await queue.start()
for (let number = ${from}; number < ${from} + 100; number += 1) {
  queue.add({ ...${JSON.stringify(alert())}, subject: String(number) })
  await queue.saved()
  console.log('saved ' + number + '.')
}
console.log('all')
await new Promise((resolve) => setTimeout(resolve, 60_000))
`

test('killed at any moment, it loses nothing and tells at most one message twice each time', async (t) => {
  const folder = await temporaryFolder(t)
  const taken = join(await temporaryFolder(t), 'taken')
  const saved: number[] = []
  const kills = [3, 11, 26, 40]
  for (const [round, after] of kills.entries()) {
    const { child, says, said, ended } = await startScript(t, victim(folder, taken, round * 100))
    await says(`saved ${round * 100 + after}.`)
    child.kill('SIGKILL')
    await ended
    saved.push(...[...said().matchAll(/saved (\d+)\./g)].map(([, number]) => Number(number)))
  }
  const last = await startScript(t, victim(folder, taken, 9_000))
  await last.says('all')
  const read = () => readFileSync(taken, 'utf8').trim().split('\n').map(Number)
  await until(() => (read().includes(9_099) ? true : undefined), 60_000)
  const told = read()
  assert.deepEqual(
    saved.filter((number) => !told.includes(number)),
    [],
  )
  assert.ok(told.length - new Set(told).size <= kills.length, told.join(' '))
  assert.deepEqual(
    [...new Set(told)],
    [...new Set(told)].toSorted((a, b) => a - b),
  )
})
