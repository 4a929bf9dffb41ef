import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { defaultConfig } from '../../../lib/base/config.ts'
import { engineId, trapChannel } from '../../../watchdog/alerts/trap.ts'
import type { Message } from '../../../watchdog/message.ts'
import { alert } from '../../support/alert.ts'
import { freePort } from '../../support/program.ts'
import { withProgram } from '../../support/programs.ts'
import { mibFolders, startTrapReceiver } from '../../support/trap-receiver.ts'
import { until } from '../../support/until.ts'

const snmptrapd = withProgram('snmptrapd')
const keys = { authKey: 'auth-passphrase', privKey: 'priv-passphrase' }

function channel(settings: object, wallTime = () => new Date('2026-11-24T12:00:00Z')) {
  return trapChannel({ ...defaultConfig().alertTrap, host: '127.0.0.1', ...settings }, wallTime)
}

const send = (settings: object, message: Message = alert(), wall?: Date) =>
  channel(settings, wall === undefined ? undefined : () => wall).send(message, AbortSignal.timeout(20_000))

const v3Settings = (node: string, level: 'priv' | 'auth' | 'noauth') => {
  const engine = `0x${engineId(node).toString('hex')}`
  const proofs = {
    priv: `SHA-256 "${keys.authKey}" AES "${keys.privKey}"`,
    auth: `SHA-256 "${keys.authKey}"`,
    noauth: '',
  }
  return [`createUser -e ${engine} watch ${proofs[level]}`, `authUser log watch ${level}`]
}

test('snmptrapd names every object of a v2c trap with our MIB', snmptrapd, async (t) => {
  const { port, received } = await startTrapReceiver(t, ['authCommunity log hush'])
  await send({ port, community: 'hush' })
  const [trap = ''] = await until(() => (received().length > 0 ? received() : undefined))
  for (const text of [
    'TWINTONE-MIB::twintoneFault',
    'TWINTONE-MIB::twintoneIncident.0 = 20261124-0915-tftp-69',
    'TWINTONE-MIB::twintoneSeverity.0 = critical',
    'TWINTONE-MIB::twintoneKind.0 = down',
    'TWINTONE-MIB::twintoneNode.0 = pbx-a',
    'TWINTONE-MIB::twintoneSubject.0 = pbx-a: TFTP 69 is down',
    'TWINTONE-MIB::twintoneText.0 = No answer since 09:12.\nPhones hurt: 12.\nRestarted once.',
    'TWINTONE-MIB::twintoneTime.0 = 2026-11-24T09:15:00.000Z',
  ])
    assert.ok(trap.includes(text), `${text}\nis not in\n${trap}`)
})

test('a warning and a recovery are notifications of their own', snmptrapd, async (t) => {
  const { port, received } = await startTrapReceiver(t, ['authCommunity log hush'])
  await send({ port, community: 'hush' }, alert({ severity: 'warning', kind: 'warning' }))
  await send({ port, community: 'hush' }, alert({ severity: 'info', kind: 'recovered' }))
  const [first, second] = await until(() => (received().length > 1 ? received() : undefined))
  assert.match(first ?? '', /TWINTONE-MIB::twintoneWarning/)
  assert.match(second ?? '', /TWINTONE-MIB::twintoneRecovery/)
})

test('v3, encrypted: snmptrapd takes it from the engine that the node always has', snmptrapd, async (t) => {
  const { port, received } = await startTrapReceiver(t, v3Settings('pbx-a', 'priv'))
  await send({ port, version: 'v3', user: 'watch', ...keys })
  const [trap] = await until(() => (received().length > 0 ? received() : undefined))
  assert.match(trap ?? '', /twintoneSubject\.0 = pbx-a: TFTP 69 is down/)
})

test('v3: hours later, and after a restart, it is still taken; an older one is not', snmptrapd, async (t) => {
  const { port, received } = await startTrapReceiver(t, v3Settings('pbx-a', 'auth'))
  const settings = { port, version: 'v3', user: 'watch', authKey: keys.authKey }
  const at = (time: string) => send(settings, alert({ subject: time }), new Date(`2026-11-${time}:00Z`))
  await at('24T12:00')
  await at('24T23:59')
  await at('25T00:01')
  await at('24T12:00') // somebody repeats what he recorded
  await at('25T00:02')
  const traps = await until(() =>
    received().some((each) => each.includes('25T00:02')) ? received() : undefined,
  )
  assert.equal(traps.filter((each) => each.includes('24T12:00')).length, 1)
  assert.equal(traps.length, 4)
})

test('v3 with a wrong key is not taken', snmptrapd, async (t) => {
  const { port, received } = await startTrapReceiver(t, v3Settings('pbx-a', 'priv'))
  const settings = { port, version: 'v3', user: 'watch', ...keys }
  await send({ ...settings, authKey: 'another-passphrase' }, alert({ subject: 'forged' }))
  await send(settings, alert({ subject: 'true' }))
  const traps = await until(() => (received().length > 0 ? received() : undefined))
  assert.match(traps.join(''), /= true/)
  assert.doesNotMatch(traps.join(''), /forged/)
})

test('a long text with wide characters stays one packet', snmptrapd, async (t) => {
  const { port, received } = await startTrapReceiver(t, ['authCommunity log hush'])
  await send({ port, community: 'hush' }, alert({ text: '電話'.repeat(10_000), subject: 'x'.repeat(10_000) }))
  await until(() => (received().length > 0 ? true : undefined))
})

test('d114: a manager that is not there is noticed when its host says so', async () => {
  const port = await freePort()
  await assert.rejects(send({ port, community: 'hush' }), /^Error: 127\.0\.0\.1:\d+ \(udp\): .*ECONNREFUSED/)
})

for (const [settings, problem] of [
  [{ version: 'v2c' }, /alertTrap\.community is empty/],
  [{ version: 'v3' }, /alertTrap\.user is empty/],
  [{ version: 'v3', user: 'u', privKey: 'hush-hush' }, /alertTrap\.authKey is empty/],
  [{ version: 'v3', user: 'u', authKey: 'short' }, /alertTrap\.authKey is too short/],
] as const) {
  test(`${JSON.stringify(settings)} is refused, naming the setting and not the key`, () => {
    assert.throws(
      () => channel(settings),
      ({ message }: Error) => problem.test(message) && !/hush-hush|"short"/.test(message),
    )
  })
}

const noMibs = existsSync(mibFolders.split(':')[1] ?? '')
  ? withProgram('snmptranslate')
  : { skip: 'net-snmp has no MIBs' }

for (const [name, oid] of [
  ['twintoneFault', '.1.3.6.1.4.1.32473.1.0.1'],
  ['twintoneRecovery', '.1.3.6.1.4.1.32473.1.0.3'],
  ['twintoneTime', '.1.3.6.1.4.1.32473.1.1.7'],
] as const) {
  test(`the MIB has ${name} at ${oid}`, noMibs, () => {
    const args = ['-M', mibFolders, '-m', 'TWINTONE-MIB', '-On', `TWINTONE-MIB::${name}`]
    assert.equal(execFileSync('snmptranslate', args, { encoding: 'utf8' }).trim(), oid)
  })
}

test('the MIB is without fault', withProgram('smilint'), () => {
  const env = { PATH: process.env['PATH'], SMIPATH: mibFolders.split(':')[1] }
  assert.equal(
    execFileSync('smilint', ['-l', '3', `${mibFolders.split(':')[0]}/TWINTONE-MIB.txt`], {
      env,
      encoding: 'utf8',
    }),
    '',
  )
})
