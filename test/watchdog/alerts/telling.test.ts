import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { systemClock, type Clock } from '../../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../../lib/base/config.ts'
import { usualQueueRules } from '../../../watchdog/alerts/queue-rules.ts'
import { Telling } from '../../../watchdog/alerts/telling.ts'
import type { Message } from '../../../watchdog/message.ts'
import { alert } from '../../support/alert.ts'
import { alertReceiver, hanging, refusing, type AlertReceiver } from '../../support/alert-receiver.ts'
import { TestClock } from '../../support/clock.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { startMailServer } from '../../support/mail-server.ts'
import { freePort } from '../../support/program.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { until } from '../../support/until.ts'

const quick = { ...usualQueueRules, firstRetryMs: 10, longestRetryMs: 50 }
const usual = { from: 'warning' as const, quietHours: '', perHour: 20 }

interface Setup {
  folder?: string
  clock?: Clock
  receivers?: readonly AlertReceiver[]
  rules?: Partial<typeof usual>
  config?: (config: Config) => void
}

async function makeTelling(
  t: TestContext,
  { clock = systemClock, receivers, rules, config: change, folder }: Setup,
) {
  const config = defaultConfig()
  config.alertSyslog.local = false
  change?.(config)
  const recording = recordingLog()
  const ended: { stop?: (grace: AbortSignal) => Promise<void> } = {}
  t.after(() => ended.stop?.(AbortSignal.abort())) // before the folder goes
  const telling = new Telling(config, {
    folder: folder ?? (await temporaryFolder(t)),
    node: 'pbx-a',
    clock,
    log: recording.log,
    random: () => 0.5,
    queueRules: quick,
    ...(receivers === undefined
      ? {}
      : { ways: receivers.map((channel) => ({ channel, rules: { ...usual, ...rules }, sendMs: 20_000 })) }),
  })
  ended.stop = (grace) => telling.stop(grace)
  return { telling, ...recording }
}

/** Lets what is on its way without a timer arrive. */
const settled = async (telling: Telling) => {
  for (let count = 0; count < 20; count += 1) await turn()
  await telling.saved()
  for (let count = 0; count < 20; count += 1) await turn()
}

test('a message goes every way', async (t) => {
  const receivers = [alertReceiver('mail'), alertReceiver('trap')]
  const { telling } = await makeTelling(t, { receivers })
  await telling.start()
  telling.tell(alert())
  for (const receiver of receivers) await until(() => receiver.taken[0])
  assert.deepEqual(
    receivers.map(({ taken }) => taken),
    [[alert()], [alert()]],
  )
})

test('d114: a way that hangs keeps neither the caller nor another way', async (t) => {
  const [dead, alive] = [alertReceiver('mail'), alertReceiver('trap')]
  dead.answer = hanging
  const { telling } = await makeTelling(t, { receivers: [dead, alive], rules: { perHour: 10_000 } })
  await telling.start()
  for (let count = 0; count < 50; count += 1) telling.tell(alert({ subject: `${count}` }))
  await until(() => (alive.taken.length === 50 ? true : undefined))
  const [mail, trap] = telling.status()
  assert.equal(mail?.waiting, 50)
  assert.equal(trap?.waiting, 0)
  assert.match(trap.lastSentAt ?? '', /^\d{4}-/)
})

test('what is told before the start is told after it', async (t) => {
  const receiver = alertReceiver()
  const { telling } = await makeTelling(t, { receivers: [receiver] })
  telling.tell(alert())
  assert.equal(telling.status()[0]?.waiting, 1)
  await telling.start()
  await until(() => receiver.taken[0])
})

test('warnings of the night come in the morning as one message, over a restart too', async (t) => {
  const folder = await temporaryFolder(t)
  const clock = new TestClock(0, new Date(2026, 10, 24, 23, 0))
  const receiver = alertReceiver()
  const setup = { folder, clock, receivers: [receiver], rules: { quietHours: '22:00-06:30' } }
  const { telling, events } = await makeTelling(t, setup)
  await telling.start()
  telling.tell(alert({ severity: 'warning', incident: 'a', subject: 'first' }))
  telling.tell(alert({ severity: 'warning', incident: 'b', subject: 'second' }))
  await telling.saved()
  assert.equal(events('alert held back').length, 2)
  assert.equal(telling.status()[0]?.heldBack, 2)
  await telling.stop(AbortSignal.abort())

  const next = await makeTelling(t, setup)
  await next.telling.start()
  await settled(next.telling)
  assert.equal(receiver.taken.length, 0)
  clock.advance(7.5 * 3_600_000)
  await settled(next.telling)
  assert.deepEqual(receiver.subjects(), ['pbx-a: 2 messages held back (quiet hours, or too many an hour)'])
  assert.match(receiver.taken.at(0)?.text ?? '', /first \(a\)\n.*second \(b\)/)
  assert.equal(next.telling.status()[0]?.heldBack, 0)
})

test('a storm of messages is cut to the rate, and the rest comes in one digest', async (t) => {
  const clock = new TestClock()
  const receiver = alertReceiver()
  const { telling } = await makeTelling(t, { clock, receivers: [receiver], rules: { perHour: 5 } })
  await telling.start()
  for (let count = 0; count < 1_000; count += 1) telling.tell(alert({ incident: `${count}` }))
  await settled(telling)
  await until(() => (receiver.taken.length === 5 ? true : undefined))
  clock.advance(3_700_000)
  await until(() => (receiver.taken.length === 6 ? true : undefined))
  assert.match(receiver.taken[5]?.subject ?? '', /995 messages held back/)
})

test('a test tries each way past all that holds back, and says how each went', async (t) => {
  const [good, bad] = [alertReceiver('mail'), alertReceiver('trap')]
  bad.answer = refusing()
  const { telling } = await makeTelling(t, { receivers: [good, bad], rules: { quietHours: '00:00-24:00' } })
  await telling.start()
  const results = await telling.test()
  assert.deepEqual(
    results.map((result) => ({ ...result, ms: 0 })),
    [
      { name: 'mail', outcome: 'told', ms: 0 },
      { name: 'trap', outcome: 'failed', why: 'connect ECONNREFUSED', ms: 0 },
    ],
  )
  assert.equal(good.taken[0]?.kind, 'test')
})

test('the settings name the ways, each with a folder of its own', async (t) => {
  const folder = await temporaryFolder(t)
  const { telling } = await makeTelling(t, {
    folder,
    config: (config) => {
      config.alertSyslog.local = true
      config.alertSyslog.host = config.alertMail.host = config.alertTrap.host = '127.0.0.1'
      config.alertMail.to = ['ops@example.com']
      config.alertTrap.community = 'hush'
      config.alertScript.program = '/bin/true'
      config.alertWebhook.url = 'https://127.0.0.1/'
    },
  })
  await telling.start()
  const names = ['local syslog', 'syslog', 'mail', 'script', 'webhook', 'trap']
  assert.deepEqual(
    telling.status().map(({ name }) => name),
    names,
  )
  assert.deepEqual(readdirSync(folder).toSorted(), names.map((name) => name.replace(' ', '-')).toSorted())
})

test('mail without recipients is refused, naming the setting', async (t) => {
  await assert.rejects(
    makeTelling(t, { config: (config) => void (config.alertMail.host = '127.0.0.1') }),
    /alertMail\.to is empty/,
  )
})

test('d114: a mail server that is down for a while gets everything in order, once, when it is back', async (t) => {
  const port = await freePort()
  const { telling } = await makeTelling(t, {
    config: ({ alertMail }) =>
      void Object.assign(alertMail, { host: '127.0.0.1', port, tls: 'none', to: ['ops@example.com'] }),
  })
  await telling.start()
  for (const subject of ['1', '2', '3']) telling.tell(alert({ subject }))
  await until(() => telling.status()[0]?.lastError)
  assert.match(telling.status()[0]?.lastError ?? '', /ECONNREFUSED/)
  const { mails } = await startMailServer(t, { port })
  await until(() => (mails.length === 3 ? true : undefined))
  await until(() => (telling.status()[0]?.waiting === 0 ? true : undefined))
  assert.deepEqual(
    mails.map(({ headers }) => headers['subject']),
    ['[critical] 1', '[critical] 2', '[critical] 3'],
  )
})

test('d114: the loop is not blocked while every receiver is dead', async (t) => {
  const port = await freePort()
  const { telling } = await makeTelling(t, {
    config: (config) => {
      Object.assign(config.alertMail, {
        host: '127.0.0.1',
        port,
        tls: 'none',
        to: ['a@example.com'],
        perHour: 10_000,
      })
      Object.assign(config.alertSyslog, { host: '127.0.0.1', port, transport: 'tcp', perHour: 10_000 })
      Object.assign(config.alertTrap, { host: '127.0.0.1', port, community: 'x', perHour: 10_000 })
    },
  })
  await telling.start()
  let turns = 0
  const ticking = setInterval(() => (turns += 1), 5)
  t.after(() => clearInterval(ticking))
  for (let count = 0; count < 200; count += 1) telling.tell(alert({ subject: `${count}` }))
  await until(() => (telling.status().every(({ lastError }) => lastError !== undefined) ? true : undefined))
  await delay(300)
  assert.ok(turns > 10, `${turns} turns`)
  assert.ok(telling.status().every(({ waiting }) => waiting === 200))
})

test('d94: no secret is in a log, an error, the status, the queue or the arguments of a program', async (t) => {
  const folder = await temporaryFolder(t)
  const witness = join(folder, 'processes')
  const program = join(folder, 'alert.sh')
  writeFileSync(
    program,
    `#!/bin/sh\nenv >${witness}.env; cat /proc/*/cmdline >${witness} 2>/dev/null; exit 1\n`,
  )
  chmodSync(program, 0o755)
  const server = await startMailServer(t, {
    login: { user: 'u', password: 'other' },
    refusal: (said) => `no ${said}`,
  })
  const { telling, text } = await makeTelling(t, {
    folder: join(folder, 'queue'),
    config: ({ alertMail, alertWebhook, alertTrap, alertScript }) => {
      Object.assign(alertMail, {
        host: '127.0.0.1',
        port: server.port,
        tls: 'none',
        user: 'u',
        password: 's3cret-mail',
        to: ['a@b.cd'],
      })
      Object.assign(alertWebhook, {
        url: 'http://127.0.0.1:1/s3cret-url',
        authorization: 'Bearer s3cret-hook\u20ac',
      })
      Object.assign(alertTrap, {
        host: '127.0.0.1',
        port: 1,
        version: 'v3',
        user: 'u',
        authKey: 's3cret-auth',
        privKey: 's3cret-priv',
      })
      Object.assign(alertScript, { program })
    },
  })
  await telling.start()
  telling.tell(alert())
  const results = await telling.test()
  assert.equal(results.length, 4)
  await until(() => (telling.status().every(({ lastError }) => lastError !== undefined) ? true : undefined))
  await until(() => (existsSync(witness) && existsSync(`${witness}.env`) ? true : undefined))
  await telling.saved()
  const files = readdirSync(join(folder, 'queue'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  const seen: unknown[] = [
    text(),
    telling.status(),
    results,
    files,
    readFileSync(witness, 'utf8'),
    readFileSync(`${witness}.env`, 'utf8'),
  ]
  for (const each of seen) assert.doesNotMatch(JSON.stringify(each), /s3cret/)
})

test('a message with anything in it is told', async (t) => {
  const receiver = alertReceiver()
  const { telling } = await makeTelling(t, { receivers: [receiver] })
  await telling.start()
  const odd: Message = alert({
    incident: '../../x\u0000',
    subject: '\ud800',
    text: '',
    at: 'never',
    node: '',
  })
  telling.tell(odd)
  await until(() => receiver.taken[0])
})
