import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { systemClock, type Clock } from '../../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../../lib/base/config.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { SnmpDirectory } from '../../../lib/phones/directory.ts'
import type { SnmpValue } from '../../../lib/phones/families.ts'
import { Unidentified } from '../../../lib/phones/phone.ts'
import { snmpAsk, type Ask } from '../../../lib/phones/snmp.ts'
import { TestClock } from '../../support/clock.ts'
import { startPhones, type FamilyName, type PhoneSpec } from '../../support/phone-agent.ts'

const here = '127.0.0.1'
const address = '127.62.0.1'

for (const version of ['v1', 'v2c'] as const) {
  for (const [family, extension, model] of [
    ['46xx', '4711', '4620D01A'],
    ['96x0', '2001', '9640D01A'],
    ['16xx', '3001', '1616'],
    ['96x1', '5001', 'J179D02A'],
  ] as const) {
    test(`${version}: a ${family} is who it says, by its sysObjectID`, async (t) => {
      const { directory, asked } = await ofPhones(t, [{ address, family, extension, model }], { version })
      assert.deepEqual(await directory.identify(address, here), {
        family,
        model,
        extension,
        mac: '00040d1a2b3c',
        serial: '051612345',
        version: 'a20d01b2_3.bin',
      })
      assert.deepEqual(asked, [address, address])
    })

    test(`${version}: a ${family} without a sysObjectID is found by trying`, async (t) => {
      const phone: PhoneSpec = { address, family, extension, without: ['sysObjectId'] }
      const { directory } = await ofPhones(t, [phone], { version })
      const found = await directory.identify(address, here)
      assert.deepEqual([found.family, found.extension], [family, extension])
    })
  }
}

test('300 phones asked at once are each who they say', async (t) => {
  const families: FamilyName[] = ['46xx', '96x0', '16xx', '96x1']
  const specs = Array.from({ length: 300 }, (_, index) => ({
    address: `127.62.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`,
    family: families[index % 4] ?? '46xx',
    extension: String(10_000 + index),
  }))
  const { directory } = await ofPhones(t, specs, { timeoutMs: 10_000 })
  const found = await Promise.all(specs.map((spec) => directory.identify(spec.address, here)))
  assert.deepEqual(
    found.map(({ family, extension }) => ({ family, extension })),
    specs.map(({ family, extension }) => ({ family, extension })),
  )
  assert.equal(directory.recent().length, 300)
})

test('a phone of a family in the settings is found by its own objects', async (t) => {
  const own = '1.3.6.1.4.1.6889.2.69.2' // it answers like a 96x0, which is not built in any more
  const families = [
    { family: '96x0', extension: '1.2.3.0', model: '1.2.4.0', sysObjectId: '1.2' },
    { family: 'lab', extension: `.${own}.6.3.0`, model: `${own}.1.43.0` },
  ]
  const { directory } = await ofPhones(t, [{ address, family: '96x0', extension: '77' }], { families })
  assert.deepEqual(await directory.identify(address, here), { family: 'lab', model: '9640', extension: '77' })
})

test('what answers SNMP without being a phone is told apart', async (t) => {
  const { directory } = await ofPhones(t, [{ address, extension: '4711', without: ['extension'] }])
  await assert.rejects(
    directory.identify(address, here),
    new Unidentified(
      'the phone at 127.62.0.1 answered, but has the extension of no known family (sysObjectID 1.3.6.1.4.1.6889.1.69.1.5); add its family to snmp.families',
    ),
  )
})

for (const [what, said] of [
  ['../../x', '../../x'],
  ['1;rm', '1;rm'],
  ['5 kB', '7'.repeat(5_000)],
  ['empty', ''],
  ['0', '0'],
] as const) {
  test(`d43 a phone whose extension is ${what} is nobody, and an alarm says so until it answers well`, async (t) => {
    const { directory, alarms, phones } = await ofPhones(t, [{ address, extension: said }])
    await assert.rejects(directory.identify(address, here), Unidentified)
    assert.deepEqual(
      alarms.list().map(({ subject }) => subject),
      [`phone ${address}`],
    )
    phones.at(address).logIn('4711')
    assert.equal((await directory.identify(address, here)).extension, '4711')
    assert.deepEqual(alarms.list(), [])
  })
}

test('d43 the alarm shows what the phone said, harmless', async (t) => {
  const { directory, alarms } = await ofPhones(t, [{ address, extension: '\x1b[2J../../x' }])
  await assert.rejects(directory.identify(address, here), Unidentified)
  assert.equal(
    alarms.list()[0]?.text,
    'the phone at 127.62.0.1 answered with an extension that is none, "\\x1b[2J../../x"; only digits and letters are taken',
  )
})

test('d44 a phone for which another address answers is nobody, and no alarm is raised for that', async (t) => {
  const phone: PhoneSpec = { address, extension: '4711', behaviour: { fromAddress: '127.62.0.9' } }
  const { directory, alarms } = await ofPhones(t, [phone], { timeoutMs: 50, retries: 0 })
  await assert.rejects(directory.identify(address, here), /did not answer SNMP/)
  assert.deepEqual(alarms.list(), [])
})

test('a phone is asked once, however many wait for its answer', async () => {
  const { directory, asked, answer } = scripted()
  const waiting = Array.from({ length: 20 }, () => directory.identify(address, here))
  await answer('4711')
  const found = await Promise.all(waiting)
  assert.deepEqual(new Set(found.map(({ extension }) => extension)), new Set(['4711']))
  assert.equal(asked.length, 2) // what it is, and who
})

test('an answer holds for as long as the settings say, and then the phone is asked again', async () => {
  const { directory, answer, clock } = scripted({ rememberSeconds: 60 })
  await Promise.all([directory.identify(address, here), answer('4711')])
  clock.advance(59_999)
  assert.equal((await directory.identify(address, here)).extension, '4711')
  clock.advance(1)
  const [again] = await Promise.all([directory.identify(address, here), answer('4712')])
  assert.equal(again.extension, '4712')
})

test('a refusal holds for its own time, with the same reason', async () => {
  const { directory, asked, fail, answer, clock } = scripted({ rememberRefusalSeconds: 5 })
  const silent = new Unidentified('the phone is silent')
  await Promise.all([assert.rejects(directory.identify(address, here), silent), fail(silent)])
  clock.advance(4_999)
  await assert.rejects(directory.identify(address, here), silent)
  assert.equal(asked.length, 1)
  clock.advance(1)
  const [again] = await Promise.all([directory.identify(address, here), answer('4711')])
  assert.equal(again.extension, '4711')
})

test('with nothing to remember each question is asked', async () => {
  const { directory, answer } = scripted({ rememberSeconds: 0 })
  for (const extension of ['4711', '4712']) {
    const [found] = await Promise.all([directory.identify(address, here), answer(extension)])
    assert.equal(found.extension, extension)
  }
})

test('a phone that is to be forgotten is asked anew', async () => {
  const { directory, answer } = scripted()
  await Promise.all([directory.identify(address, here), answer('4711')])
  directory.forget(address)
  const [again] = await Promise.all([directory.identify(address, here), answer('4712')])
  assert.equal(again.extension, '4712')
})

test('a bug is passed on, and not remembered', async () => {
  const { directory, fail, answer } = scripted()
  const bug = new TypeError('undefined is not a function')
  await Promise.all([assert.rejects(directory.identify(address, here), bug), fail(bug)])
  const [again] = await Promise.all([directory.identify(address, here), answer('4711')])
  assert.equal(again.extension, '4711')
})

test('whoever was asked is listed, the latest first, and whether that still holds', async () => {
  const { directory, answer, fail, clock } = scripted({ rememberSeconds: 60, rememberRefusalSeconds: 5 })
  await Promise.all([directory.identify('127.62.0.2', here), answer('4711')])
  const silent = new Unidentified('the phone is silent')
  await Promise.all([assert.rejects(directory.identify('127.62.0.3', here)), fail(silent)])
  clock.advance(5_000)
  const at = new Date('2026-11-22T12:00:00Z')
  assert.deepEqual(directory.recent(), [
    { address: '127.62.0.3', at, outcome: { is: 'refused', why: 'the phone is silent' }, holds: false },
    {
      address: '127.62.0.2',
      at,
      outcome: { is: 'phone', phone: { family: '46xx', model: '4620', extension: '4711' } },
      holds: true,
    },
  ])
})

test('no more than 10,000 phones are remembered, and the oldest goes first', async () => {
  const { directory } = scripted({}, async () => new Map([['1.3.6.1.4.1.6889.2.69.1.4.9.0', 4711]]))
  for (let index = 0; index <= 10_000; index += 1) await directory.identify(nthAddress(index), here)
  const recent = directory.recent()
  assert.equal(recent.length, 10_000)
  assert.equal(recent.at(-1)?.address, nthAddress(1))
})

test('no more than 1,000 phones are asked at a time, and the next hears so', async () => {
  const { directory } = scripted()
  const waiting = Array.from({ length: 1_000 }, (_, index) => directory.identify(nthAddress(index), here))
  await assert.rejects(directory.identify(address, here), /1000 phones are being asked/)
  const given = Promise.allSettled(waiting)
  await directory.stop()
  assert.ok((await given).every(({ status }) => status === 'rejected'))
})

test('a phone that takes too long to tell all of itself is given up, though it answers each question', async () => {
  const { directory, clock, next } = scripted({ timeoutMs: 1_000, retries: 2 })
  const asking = assert.rejects(
    directory.identify(address, here),
    new Unidentified('the phone at 127.62.0.1 did not tell all of itself within 9000 ms'),
  )
  ;(await next()).resolve(new Map())
  await next()
  clock.advance(9_000)
  await asking
})

test('when the server stops, whoever waits hears so, and nobody is asked any more', async () => {
  const { directory, asked } = scripted()
  const asking = assert.rejects(directory.identify(address, here), new Unidentified('the server is stopping'))
  await directory.stop()
  await asking
  await assert.rejects(directory.identify('127.62.0.2', here), new Unidentified('the server is stopping'))
  assert.equal(asked.length, 1)
  await directory.stop()
})

for (const [version, community, warnings] of [
  ['v2c', 'public', ['SNMP community is public']],
  ['v1', 'public', ['SNMP community is public']],
  ['v2c', 'Sesame', []],
  ['v3', 'public', []],
] as const) {
  test(`d94 the community ${community} with ${version} is ${warnings.length > 0 ? '' : 'not '}warned of at the start`, async () => {
    const lines: unknown[][] = []
    const log = Object.assign(Object.create(silentLog), { warn: (...line: unknown[]) => lines.push(line) })
    const { alarms, clock } = bench()
    const settings = { ...defaultConfig().snmp, version, community }
    await new SnmpDirectory(settings, { ask: async () => new Map(), alarms, clock, log }).start()
    assert.deepEqual(
      lines.map(([, event]) => event),
      warnings,
    )
  })
}

test('d94 the community is in no log line of a phone that does not answer', async (t) => {
  const lines: string[] = []
  const keep = (...line: unknown[]) => lines.push(JSON.stringify(line))
  const log = Object.assign(Object.create(silentLog), { info: keep, warn: keep, error: keep, debug: keep })
  const { port } = await startPhones(t, [{ address, extension: '4711' }], { community: 'Mimosa' })
  const settings = { ...defaultConfig().snmp, port, community: 'Sesame', timeoutMs: 50, retries: 0 }
  const { alarms, clock } = bench()
  const directory = new SnmpDirectory(settings, { ask: snmpAsk(settings), alarms, clock, log })
  await directory.start()
  await assert.rejects(directory.identify(address, here), /did not answer SNMP/)
  assert.equal(lines.length, 1)
  assert.doesNotMatch(lines.join(), /Sesame/)
})

/** The n-th of many addresses that nobody has. */
const nthAddress = (n: number) => `127.63.${Math.floor(n / 250)}.${n % 250}`

function bench() {
  const clock = new TestClock()
  return { clock, alarms: new Alarms({ clock, log: silentLog }) }
}

/** A directory that asks simulated phones, and remembers nothing. */
async function ofPhones(t: TestContext, specs: readonly PhoneSpec[], changes: Partial<Config['snmp']> = {}) {
  const phones = await startPhones(t, specs)
  const settings: Config['snmp'] = {
    ...defaultConfig().snmp,
    port: phones.port,
    rememberSeconds: 0,
    rememberRefusalSeconds: 0,
    ...changes,
  }
  const asked: string[] = []
  const asking = snmpAsk(settings)
  const ask: Ask = (...question) => {
    asked.push(question[0])
    return asking(...question)
  }
  const clock: Clock = systemClock
  const alarms = new Alarms({ clock, log: silentLog })
  const directory = new SnmpDirectory(settings, { ask, clock, log: silentLog, alarms })
  return { directory, alarms, asked, phones }
}

type Pending = PromiseWithResolvers<Map<string, SnmpValue>>

/** A directory whose questions the test answers, one after the other. */
function scripted(changes: Partial<Config['snmp']> = {}, always?: Ask) {
  const asked: string[] = []
  const questions: Pending[] = []
  const waiting: PromiseWithResolvers<Pending>[] = []
  const ask: Ask = (...[phone, , , signal]) => {
    asked.push(phone)
    const question: Pending = Promise.withResolvers()
    signal.addEventListener('abort', () => question.reject(signal.reason))
    const next = waiting.shift()
    if (next === undefined) questions.push(question)
    else next.resolve(question)
    return question.promise
  }
  /** The next question that is asked. */
  const next = (): Promise<Pending> => {
    const question = questions.shift()
    if (question !== undefined) return Promise.resolve(question)
    const awaited: PromiseWithResolvers<Pending> = Promise.withResolvers()
    waiting.push(awaited)
    return awaited.promise
  }
  const { clock, alarms } = bench()
  const parts = { ask: always ?? ask, clock, log: silentLog, alarms }
  const directory = new SnmpDirectory({ ...defaultConfig().snmp, ...changes }, parts)
  return {
    directory,
    asked,
    clock,
    next,
    /** A 46xx says what it is and who is logged in. */
    answer: async (extension: string) => {
      ;(await next()).resolve(new Map([['1.3.6.1.2.1.1.2.0', '1.3.6.1.4.1.6889.1.69.1.5']]))
      const told = [
        ['1.3.6.1.4.1.6889.2.69.1.4.9.0', Buffer.from(extension)],
        ['1.3.6.1.4.1.6889.2.69.1.1.2.0', Buffer.from('4620')],
      ] as const
      ;(await next()).resolve(new Map<string, SnmpValue>(told))
    },
    fail: async (error: Error) => (await next()).reject(error),
  }
}
