import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../../lib/base/log.ts'
import { Refusal } from '../../../lib/files/refusal.ts'
import { LoginDesk, type LoginResult } from '../../../lib/ftp/login-desk.ts'
import { TestClock } from '../../support/clock.ts'
import { FakeLogins, FtpClient, MemoryView, openFtp } from '../../support/ftp.ts'
import { Outcomes } from '../../support/http.ts'
import { recordingLog } from '../../support/recording-log.ts'

const caller = { address: '10.1.2.3', port: 21, localAddress: '10.1.2.1', encrypted: false }
const here = new AbortController().signal

function openDesk(refusal?: Refusal) {
  const logins = new FakeLogins(new MemoryView())
  logins.refusal = refusal
  const clock = new TestClock()
  const activity = new Outcomes()
  return { desk: new LoginDesk({ logins, activity, clock, log: silentLog }), clock, activity, logins }
}

/** Advances the clock until the login has been answered; returns how long that took. */
async function timed(clock: TestClock, login: Promise<LoginResult>): Promise<number> {
  let isOver = false
  void login.finally(() => (isOver = true))
  let ms = 0
  for (; ms < 20_000; ms += 50) {
    await new Promise((resolve) => setImmediate(resolve))
    if (isOver) break
    clock.advance(50)
  }
  return ms
}

test('who may come in does so at once', async () => {
  const { desk, clock } = openDesk()
  const login = desk.login(caller, 'anonymous', 'x', here)
  assert.equal(await timed(clock, login), 0)
  assert.deepEqual((await login).result, { type: 'loggedIn', as: 'phone', who: 'extension 4711 (4621)' })
})

test('d40: failed logins take as long for a name that exists as for one that does not, and longer each time', async () => {
  const { desk, clock } = openDesk(new Refusal('unidentified', 'no SNMP answer'))
  const waits = []
  for (const name of ['mvuser', 'nobody', 'mvuser', 'nobody']) {
    waits.push(await timed(clock, desk.login(caller, name, 'wrong', here)))
  }
  assert.deepEqual(waits, [250, 500, 1_000, 2_000])
})

test('a standby node refuses at once, and that is no failure of the phone', async () => {
  const { desk, clock } = openDesk(new Refusal('notActive', 'standby'))
  for (let times = 0; times < 30; times += 1) {
    assert.equal(await timed(clock, desk.login(caller, 'a', 'b', here)), 0)
  }
  assert.equal(desk.isBanned(caller.address), false)
})

test('d41: a refused login is told to activity with what would help', async () => {
  const { desk, clock, activity } = openDesk(new Refusal('unidentified', 'no SNMP answer'))
  await timed(clock, desk.login(caller, 'a', 'b', here))
  assert.deepEqual(activity.all, [
    {
      protocol: 'ftp',
      address: '10.1.2.3',
      port: 21,
      asked: 'login',
      result: 'refused',
      bytes: 0,
      reason: 'unidentified',
      detail: 'no SNMP answer',
      code: 530,
    },
  ])
})

test('a client that has gone is not waited for', async () => {
  const { desk } = openDesk(new Refusal('unidentified', 'no SNMP answer'))
  assert.equal((await desk.login(caller, 'a', 'b', AbortSignal.abort())).result.type, 'refused')
})

test('d40: an address that keeps failing is banned: it is not even greeted for a while', async (t) => {
  const clock = new TestClock()
  const { log, events } = recordingLog()
  const settings = { loginTimeoutMs: 10_000_000 }
  const { port, outcomes } = await openFtp(t, new MemoryView(), { parts: { clock, log }, settings })
  const isBanned = () => events('ftp address banned').length > 0
  for (let sessions = 0; sessions < 20 && !isBanned(); sessions += 1) {
    const client = await FtpClient.dial(t, port)
    assert.match(await client.reply(), /^220/)
    for (let tries = 0; tries < 3 && !isBanned(); tries += 1) {
      const before = outcomes.all.length
      await client.ask('USER mvuser')
      client.send('PASS wrong\r\n')
      await outcomes.ended(before + 1)
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(8_000)
      assert.match(await client.reply(), tries < 2 ? /^530/ : /^421/)
    }
    client.control.destroy()
  }
  assert.ok(isBanned())
  assert.match(await (await FtpClient.dial(t, port)).reply(), /^421 Too many failed logins from your address/)
  clock.advance(300_000)
  assert.match(await (await FtpClient.dial(t, port)).reply(), /^220/)
})
