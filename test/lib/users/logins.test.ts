import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../../lib/base/config.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { hashPassword } from '../../../lib/base/password-hash.ts'
import { Admission } from '../../../lib/files/admission.ts'
import { DataFolders } from '../../../lib/files/data-folders.ts'
import { ProbeFiles } from '../../../lib/files/probe-files.ts'
import { UserLogins } from '../../../lib/users/logins.ts'
import { refusedAs } from '../../support/refused.ts'
import { phone, usersIn } from '../../support/users.ts'

const hash = await hashPassword('geheim')

async function loginsWith(
  t: TestContext,
  change: Partial<Config['superUser']> = {},
  maxClients = 0,
  userData: Partial<Config['userData']> = {},
) {
  const { dataFolder, ...users } = await usersIn(t, userData)
  const superUser = { ...defaultConfig().superUser, password: hash, networks: ['127.0.0'], ...change }
  const probes = new ProbeFiles()
  const logins = new UserLogins(superUser, {
    ...users,
    folders: new DataFolders(dataFolder, { maxBytes: 1_000 }),
    admission: new Admission({ maxClients, sessionMs: 0 }),
    probes,
    clock: systemClock,
    log: silentLog,
  })
  return { logins, directory: users.directory, probes }
}

const from = (address: string, encrypted = true) => ({
  address,
  port: 21,
  localAddress: '127.0.0.1',
  encrypted,
})

test('whatever name a phone gives, it is logged in as who it says by SNMP', async (t) => {
  const { logins, directory } = await loginsWith(t)
  directory.phones.set('127.0.1.1', phone('4711'))
  for (const name of ['anonymous', 'PlcmSpIp', 'mvuser', '']) {
    const view = await logins.login(from('127.0.1.1'), name, 'x')
    assert.deepEqual([view.kind, view.who], ['phone', 'extension 4711 (9630)'])
  }
})

test('d41: who is no phone and no super user is refused', async (t) => {
  const { logins } = await loginsWith(t)
  await assert.rejects(logins.login(from('127.0.0.1'), 'anonymous', 'x'), refusedAs('unidentified'))
})

test('the super user comes with name and password, from a network of the settings', async (t) => {
  const { logins } = await loginsWith(t)
  const view = await logins.login(from('127.0.0.1'), 'mvuser', 'geheim')
  assert.deepEqual([view.kind, view.who], ['superUser', 'super user mvuser'])
})

test('d46: the super user is refused from another network, and without TLS unless the settings allow it', async (t) => {
  const { logins } = await loginsWith(t)
  await assert.rejects(logins.login(from('127.0.9.1'), 'mvuser', 'geheim'), refusedAs('unidentified'))
  await assert.rejects(logins.login(from('127.0.0.1', false), 'mvuser', 'geheim'), refusedAs('unidentified'))
  assert.equal(logins.mayAskPassword(from('127.0.0.1', false), 'mvuser'), false)
  assert.equal(logins.mayAskPassword(from('127.0.0.1', false), 'anonymous'), true)
  assert.equal(logins.mayAskPassword(from('127.0.9.1', false), 'mvuser'), true)
  const plain = await loginsWith(t, { requireTls: false })
  assert.equal(plain.logins.mayAskPassword(from('127.0.0.1', false), 'mvuser'), true)
  assert.equal((await plain.logins.login(from('127.0.0.1', false), 'mvuser', 'geheim')).kind, 'superUser')
})

test('without a password in the settings there is no super user', async (t) => {
  const { logins } = await loginsWith(t, { password: '' })
  for (const password of ['', 'geheim'])
    await assert.rejects(logins.login(from('127.0.0.1'), 'mvuser', password), refusedAs('unidentified'))
})

test('d40: a wrong password of the super user is answered as an unknown name is', async (t) => {
  const { logins } = await loginsWith(t)
  const answerTo = (name: string) =>
    logins.login(from('127.0.0.1'), name, 'wrong').then(
      () => 'let in',
      (error: Error) => error.message,
    )
  assert.equal(await answerTo('mvuser'), await answerTo('nobody'))
})

test('d40: after ten wrong passwords an address is not looked at for a while, though its phone may log in', async (t) => {
  const { logins, directory } = await loginsWith(t)
  directory.phones.set('127.0.0.1', phone('4711'))
  for (let tries = 0; tries < 10; tries++)
    assert.equal((await logins.login(from('127.0.0.1'), 'mvuser', 'wrong')).kind, 'phone')
  assert.equal((await logins.login(from('127.0.0.1'), 'mvuser', 'geheim')).kind, 'phone')
  assert.equal((await logins.login(from('127.0.0.2'), 'mvuser', 'geheim')).kind, 'superUser')
})

test('session control counts phones that log in, not the super user', async (t) => {
  const { logins, directory } = await loginsWith(t, {}, 1)
  directory.phones.set('127.0.1.1', phone('4711'))
  directory.phones.set('127.0.1.2', phone('4712'))
  await logins.login(from('127.0.0.1'), 'mvuser', 'geheim')
  await logins.login(from('127.0.1.1'), 'anonymous', 'x')
  await assert.rejects(logins.login(from('127.0.1.2'), 'anonymous', 'x'), refusedAs('busy'))
})

test('d109: the user of the current watchdog takes no slot, and no other name is let in beyond the slots', async (t) => {
  const { logins, directory, probes } = await loginsWith(t, {}, 1)
  directory.phones.set('127.6.9.1', phone('watchdog0123456789abcdef'))
  directory.phones.set('127.0.1.1', phone('4711'))
  probes.begin('0123456789abcdef')
  for (const name of ['anonymous', 'watchdog0123456789abcdef']) {
    await logins.login(from('127.6.9.1'), name, 'x')
    await logins.login(from('127.0.1.1'), 'anonymous', 'x')
  }
  directory.phones.set('127.6.9.1', phone('watchdog00000000000000aa'))
  await assert.rejects(logins.login(from('127.6.9.1'), 'anonymous', 'x'), refusedAs('busy'))
})

test('d109: where no phone is asked, the name of its user tells the watchdog', async (t) => {
  const { logins, probes } = await loginsWith(t, {}, 1, { ftp: 'open' })
  probes.begin('0123456789abcdef')
  await logins.login(from('127.6.9.1'), 'watchdog0123456789abcdef', 'x')
  await logins.login(from('127.0.1.1'), 'anonymous', 'x')
  await assert.rejects(logins.login(from('127.6.9.1'), 'watchdog00000000000000aa', 'x'), refusedAs('busy'))
})
