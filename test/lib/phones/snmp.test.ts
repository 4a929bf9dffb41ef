import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import snmp from 'net-snmp'
import { defaultConfig, type Config } from '../../../lib/base/config.ts'
import { Unidentified } from '../../../lib/phones/phone.ts'
import { snmpAsk } from '../../../lib/phones/snmp.ts'
import { until } from '../../support/http.ts'
import { startPhones, type PhoneSpec, type SimulatedPhone } from '../../support/phone-agent.ts'
import { seededBytes } from '../../support/random.ts'
import { errorAnswer, withCommunity, withPduType, unprovenAnswer } from '../../support/snmp-packet.ts'

const extension = '1.3.6.1.4.1.6889.2.69.1.4.9.0'
const model = '1.3.6.1.4.1.6889.2.69.1.1.2.0'
const sysObjectId = '1.3.6.1.2.1.1.2.0'
const extensionOf96x0 = '1.3.6.1.4.1.6889.2.69.2.6.3.0'

const keys = { authKey: 'authentic-passphrase', privKey: 'encrypted-passphrase' }

for (const version of ['v1', 'v2c'] as const) {
  test(`${version}: a phone tells what it is asked, and what it does not have is left out`, async (t) => {
    const { ask } = await onePhone(t, { settings: { version } })
    assert.deepEqual(
      [...(await ask([sysObjectId, extensionOf96x0, extension, model]))],
      [
        [sysObjectId, '1.3.6.1.4.1.6889.1.69.1.5'],
        [extension, Buffer.from('4711')],
        [model, Buffer.from('4620')],
      ],
    )
  })
}

for (const [authProtocol, privProtocol] of [
  ['none', 'none'],
  ['md5', 'none'],
  ['sha', 'none'],
  ['sha', 'aes'],
  ['sha224', 'aes'],
  ['sha256', 'aes256b'],
  ['sha384', 'aes256r'],
  ['sha512', 'aes'],
] as const) {
  test(`v3: a phone answers whoever proves himself by ${authProtocol} and encrypts by ${privProtocol}`, async (t) => {
    const { ask } = await onePhone(t, { settings: { version: 'v3', authProtocol, privProtocol } })
    assert.deepEqual([...(await ask([extension, extensionOf96x0]))], [[extension, Buffer.from('4711')]])
  })
}

test('a phone with an IPv6 address is asked there', async (t) => {
  const { ask, phone } = await onePhone(t, { spec: { address: '::1' }, from: '::1' })
  assert.deepEqual([...(await ask([extension]))], [[extension, Buffer.from('4711')]])
  assert.equal(phone.askers[0]?.address, '::1')
})

test('v1 asks for one object at a time, because one that is missing fails the whole question', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { version: 'v1' } })
  await ask([extension, extensionOf96x0, model])
  assert.equal(phone.asked, 3)
})

test('v2c asks for all objects at once', async (t) => {
  const { ask, phone } = await onePhone(t)
  await ask([extension, extensionOf96x0, model])
  assert.equal(phone.asked, 1)
})

test('a phone that cannot tell all at once (tooBig, genErr) is asked for one at a time', async (t) => {
  const { ask, phone } = await onePhone(t)
  phone.behaviour = {
    instead: (_answer, question) => {
      phone.behaviour = 'well'
      return [errorAnswer(question, 1, 0)]
    },
  }
  assert.equal((await ask([extension, model])).size, 2)
  assert.equal(phone.asked, 3)
})

for (const [what, behaviour] of [
  ['from another address', { fromAddress: '127.61.0.9' }],
  ['from another port of the phone', 'from another port'],
  ['to another question', 'another id'],
  ['that is late', { lateMs: 400 }],
] as const) {
  test(`d44 an answer ${what} is none`, async (t) => {
    const { ask, phone } = await onePhone(t, { settings: impatient })
    phone.behaviour = behaviour
    await assert.rejects(ask([extension]), saying('did not answer SNMP (1 try of 50 ms from 127.0.0.1)'))
    await until(() => phone.asked === 1)
  })
}

test('d44 the answer to one question is not taken for the answer to the next', async (t) => {
  const { ask, phone } = await onePhone(t)
  const late: Buffer[] = []
  phone.behaviour = {
    instead: (answer) => {
      late.push(answer)
      return late
    },
  }
  assert.deepEqual((await ask([extension])).get(extension), Buffer.from('4711'))
  phone.logIn('4712')
  assert.deepEqual((await ask([extension])).get(extension), Buffer.from('4712'))
  assert.equal(late.length, 2)
})

test('a phone that is silent is asked as often as the settings say, and the person hears what to check', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { timeoutMs: 50, retries: 2 } })
  phone.behaviour = 'silent'
  await assert.rejects(
    ask([extension]),
    new Unidentified(
      'the phone at 127.61.0.1 did not answer SNMP (3 tries of 50 ms from 127.0.0.1); check SNMPSTRING and SNMPADD in its settings file and snmp.community here',
    ),
  )
  await until(() => phone.asked === 3)
})

test('a phone that misses the first question answers the next', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { timeoutMs: 100, retries: 100 } })
  phone.behaviour = {
    instead: () => {
      phone.behaviour = 'well'
      return []
    },
  }
  assert.equal((await ask([extension])).size, 1)
})

test('a phone with another community is silent', async (t) => {
  const { ask } = await onePhone(t, { settings: { ...impatient, community: 'Wrong6Horse' } })
  await assert.rejects(ask([extension]), withoutSecrets('Wrong6Horse', 'did not answer SNMP'))
})

test('garbage does no harm, and the answer after it counts', async (t) => {
  const { ask, phone } = await onePhone(t)
  phone.behaviour = {
    instead: (answer) => [Buffer.alloc(0), Buffer.of(0x30), seededBytes(60), answer.subarray(0, 20), answer],
  }
  assert.equal((await ask([extension])).size, 1)
})

test('of a phone that sends only garbage that is said', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: impatient })
  phone.behaviour = { instead: () => [seededBytes(60)] }
  await assert.rejects(ask([extension]), saying('sent something else than an answer to an SNMP question'))
})

test('a report, which v2c does not have, ends the question and not the process', async (t) => {
  const { ask, phone } = await onePhone(t)
  phone.behaviour = { instead: (answer) => [withPduType(answer, 0xa8)] }
  await assert.rejects(ask([extension]), saying('sent something else than an answer to an SNMP question'))
})

test('an answer about another object than was asked for is none', async (t) => {
  const { ask, phone } = await onePhone(t)
  phone.behaviour = {
    instead: (answer) => {
      const changed = Buffer.from(answer)
      changed[changed.lastIndexOf('4711') - 3] = 1 // the last number of the identifier
      return [changed]
    },
  }
  await assert.rejects(ask([extension]), saying('sent something else'))
})

test('d94 no community is in an error, though the package puts it there', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { community: 'Sesame' } })
  phone.behaviour = { instead: (answer) => [withCommunity(answer, 'Mimosa')] }
  await assert.rejects(ask([extension]), withoutSecrets('Sesame', 'sent something else'))
})

test('d94 no key is in an error, though the package puts it there', async (t) => {
  const settings = { version: 'v3', privProtocol: 'none' } as const
  const { ask, phone } = await onePhone(t, { settings })
  phone.behaviour = {
    instead: (answer) => [Buffer.from(answer.toString('latin1').replace('4711', '4712'), 'latin1')],
  }
  await assert.rejects(ask([extension]), withoutSecrets(keys.authKey, 'its answer is not proven by them'))
  assert.equal(phone.asked, 2)
})

test('v3: a phone that does not know the user says so', async (t) => {
  const { ask } = await onePhone(t, { settings: { version: 'v3', user: 'stranger' }, phoneUser: 'twintone' })
  await assert.rejects(ask([extension]), saying('does not take our SNMP v3 user and keys'))
})

test('d44 v3: an answer without proof is none, though it fits the question', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { version: 'v3' } })
  const forged = (question: Buffer) =>
    unprovenAnswer(question, [0x2b, 6, 1, 4, 1, 0xb5, 0x69, 2, 69, 1, 4, 9, 0], '4712')
  // The first answer tells the engine; what comes second is the answer to our question.
  phone.behaviour = {
    instead: (answer, question) => [phone.asked === 1 ? answer : forged(question)],
  }
  await assert.rejects(ask([extension]), saying('its answer is not proven by them'))
  assert.equal(phone.asked, 2)
})

test('a phone whose port is closed is not waited for', async (t) => {
  const { port } = await onePhone(t)
  const ask = snmpAsk({ ...defaultConfig().snmp, port, timeoutMs: 60_000 })
  await assert.rejects(
    ask('127.61.0.2', '127.0.0.1', [extension], AbortSignal.timeout(10_000)),
    saying(`has SNMP switched off, its UDP port ${port} is closed; set SNMPSTRING`),
  )
})

test('questions leave from the address the phone came to', async (t) => {
  const { ask, phone } = await onePhone(t, { from: '127.61.0.7' })
  await ask([extension])
  assert.equal(phone.askers[0]?.address, '127.61.0.7')
})

test('questions leave from the address of the settings when there is one', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { sourceAddress: '127.61.0.8' }, from: '127.61.0.7' })
  await ask([extension])
  assert.equal(phone.askers[0]?.address, '127.61.0.8')
})

test('a phone of the other IP version is asked from the address it came to', async (t) => {
  const settings = { sourceAddress: '127.61.0.8' }
  const { ask, phone } = await onePhone(t, { spec: { address: '::1' }, settings, from: '::1' })
  await ask([extension])
  assert.equal(phone.askers[0]?.address, '::1')
})

test('a source address that this machine does not have is named, and not waited for', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { sourceAddress: '192.0.2.1', timeoutMs: 60_000 } })
  await assert.rejects(
    ask([extension]),
    saying('phones cannot be asked from 192.0.2.1 (EADDRNOTAVAIL); correct snmp.sourceAddress'),
  )
  assert.equal(phone.asked, 0)
})

test('without a community nothing is asked, though the package would say public', async (t) => {
  const { ask, phone } = await onePhone(t, { settings: { community: '' } })
  await assert.rejects(ask([extension]), saying('snmp.community is empty'))
  assert.equal(phone.asked, 0)
})

test('a question that is given up ends at once, with the reason', async (t) => {
  const { phone, port } = await onePhone(t)
  phone.behaviour = 'silent'
  const ask = snmpAsk({ ...defaultConfig().snmp, port, timeoutMs: 60_000 })
  const givenUp = new AbortController()
  const asking = ask(phone.address, '127.0.0.1', [extension], givenUp.signal)
  givenUp.abort(new Unidentified('the server is stopping'))
  await assert.rejects(asking, new Unidentified('the server is stopping'))
})

test('no descriptor and no timer is left, whatever became of the questions', async (t) => {
  const { ask, phone, port } = await onePhone(t, { settings: impatient })
  const before = leftovers()
  const nonsense = { instead: () => [seededBytes(60)] }
  for (const behaviour of ['well', 'silent', 'another id', nonsense] as const) {
    phone.behaviour = behaviour
    await Promise.allSettled(Array.from({ length: 25 }, () => ask([extension, model])))
  }
  phone.behaviour = 'silent'
  const asked = phone.asked
  const givenUp = new AbortController()
  const patient = snmpAsk({ ...defaultConfig().snmp, port, timeoutMs: 60_000 })
  const asking = Array.from({ length: 25 }, () =>
    patient(phone.address, '127.0.0.1', [extension], givenUp.signal),
  )
  await until(() => phone.asked === asked + 25)
  givenUp.abort()
  await Promise.allSettled(asking)
  assert.deepEqual(leftovers(), before)
})

const impatient = { timeoutMs: 50, retries: 0 } as const

interface OnePhone {
  spec?: Partial<PhoneSpec>
  settings?: Partial<Config['snmp']>
  from?: string
  /** Whom the phone knows, when that is not the one of the settings. */
  phoneUser?: string
}

/** A phone with extension 4711, and who asks it by these settings. */
async function onePhone(t: TestContext, options: OnePhone = {}) {
  const settings = { ...defaultConfig().snmp, user: 'twintone', ...keys, ...options.settings }
  const { authProtocol, privProtocol } = settings
  const user: snmp.User = {
    name: options.phoneUser ?? settings.user,
    level:
      authProtocol === 'none'
        ? snmp.SecurityLevel.noAuthNoPriv
        : privProtocol === 'none'
          ? snmp.SecurityLevel.authNoPriv
          : snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols[authProtocol],
    privProtocol: snmp.PrivProtocols[privProtocol],
    ...keys,
  }
  const spec = { address: '127.61.0.1', extension: '4711', ...options.spec }
  const community = settings.community === 'Wrong6Horse' ? 'public' : settings.community
  const { port, at } = await startPhones(t, [spec], { user, community })
  const phone: SimulatedPhone = at(spec.address)
  const asking = snmpAsk({ ...settings, port })
  const ask = (oids: readonly string[], signal = AbortSignal.timeout(20_000)) =>
    asking(spec.address, options.from ?? '127.0.0.1', oids, signal)
  return { ask, phone, port }
}

const saying = (text: string) => (error: unknown) => {
  assert.ok(error instanceof Unidentified, inspect(error))
  assert.ok(error.message.includes(text), error.message)
  return true
}

const withoutSecrets = (secret: string, text: string) => (error: unknown) => {
  assert.ok(!inspect(error, { depth: null, showHidden: true }).includes(secret), inspect(error))
  return saying(text)(error)
}

function leftovers() {
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
  }
}
