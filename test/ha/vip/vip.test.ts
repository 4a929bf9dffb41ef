import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { VipSettings } from '../../../ha/vip/settings.ts'
import { vipSettings } from '../../../ha/vip/settings.ts'
import { Vip } from '../../../ha/vip/vip.ts'
import { Alarms } from '../../../lib/base/alarms.ts'
import { defaultConfig } from '../../../lib/base/config.ts'
import { TestClock } from '../../support/clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { FakeHooks, settled, vipSettingsOfTests } from '../../support/vip.ts'

const foreign = '02:00:00:00:00:99'

/** Programs do what they should at once, unless the test says otherwise. */
function setUp(t: TestContext, settings: Partial<VipSettings> = {}) {
  const hooks = new FakeHooks()
  const presence = { exitCode: 3, stdout: '' }
  hooks.answer = (act) => (act === 'check' ? presence : {})
  const clock = new TestClock()
  const { log, events } = recordingLog()
  const alarms = new Alarms({ clock, log })
  const duplicates: string[] = []
  const arp = { table: '' }
  const vip = new Vip(
    { ...vipSettingsOfTests, ...settings },
    {
      clock,
      log,
      alarms,
      onDuplicate: (address, mac) => duplicates.push(`${address} ${mac}`),
      run: hooks.run,
      readArpTable: () => Promise.resolve(arp.table),
      chance: () => 0.5,
    },
  )
  t.after(() => vip.stop())
  const advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50)
      await settled()
    }
  }
  const subjects = () => alarms.list().map(({ subject, text }) => `${subject}: ${text}`)
  return { vip, hooks, clock, events, duplicates, arp, presence, advance, subjects }
}

const claim = (mac: string) => `10.0.0.50 0x1 0x2 ${mac} * eth0\n`

test('row 32: what a former life has left is removed before anything else, and said', async (t) => {
  const { vip, hooks, events } = setUp(t)
  hooks.answer = () => ({ stdout: '10.0.0.50 eth0\nfd00::50 eth1\n' })
  await vip.start()
  assert.deepEqual(hooks.acts, ['release'])
  const [event] = events('leftover floating address removed')
  assert.deepEqual(event?.['removed'], ['10.0.0.50 eth0', 'fd00::50 eth1'])
})

test('an address that was taken is no leftover', async (t) => {
  const { vip, hooks } = setUp(t)
  await vip.acquire(1)
  await vip.removeLeftovers()
  assert.ok(!hooks.acts.includes('release'))
})

test('an address that is taken is announced at once, and no more when it is given up', async (t) => {
  const { vip, hooks, advance } = setUp(t)
  await vip.acquire(1)
  assert.deepEqual(hooks.acts, ['acquire', 'announce'])
  await advance(200)
  assert.equal(hooks.acts.filter((act) => act === 'announce').length, 3)
  await vip.release()
  await advance(60_000)
  assert.equal(hooks.acts.filter((act) => act === 'announce').length, 3)
})

test('an address that could not be taken is not announced', async (t) => {
  const { vip, hooks, advance, subjects } = setUp(t)
  hooks.answer = () => ({ exitCode: 1, stderr: 'no' })
  assert.equal((await vip.acquire(1)).ok, false)
  await advance(1_000)
  assert.deepEqual(hooks.acts, ['acquire'])
  assert.deepEqual(subjects(), ['floating address: moving it: /hook acquire: ended with 1 (no)'])
})

test('a renewal after the address was given up runs nothing', async (t) => {
  const { vip, hooks } = setUp(t)
  await vip.acquire(1)
  await vip.release()
  assert.equal((await vip.renew()).ok, false)
  assert.ok(!hooks.acts.includes('renew'))
})

test('an acquisition that a release overtook announces nothing, and is no alarm', async (t) => {
  const { vip, hooks, advance, events } = setUp(t)
  hooks.answer = (act) => (act === 'acquire' ? undefined : {})
  const acquire = vip.acquire(1)
  await settled()
  await vip.release()
  assert.equal((await acquire).ok, false)
  await advance(1_000)
  assert.ok(!hooks.acts.includes('announce'))
  assert.deepEqual(events('alarm raised'), [])
})

test('row 61: a renewal that hangs is an alarm until one succeeds again', async (t) => {
  const { vip, hooks, subjects } = setUp(t)
  await vip.acquire(1)
  hooks.answer = () => ({ outcome: 'timed out', why: 'no end after 1000 ms' })
  await vip.renew()
  assert.deepEqual(subjects(), ['floating address: moving it: /hook renew: no end after 1000 ms'])
  hooks.answer = () => ({})
  await vip.renew()
  assert.deepEqual(subjects(), [])
})

test('an address that somebody adds to the standby is removed within ten seconds, and the alarm ends', async (t) => {
  const { vip, hooks, presence, advance, subjects } = setUp(t)
  await vip.start()
  Object.assign(presence, { exitCode: 4, stdout: '10.0.0.50\n' })
  await advance(10_000)
  assert.deepEqual(hooks.acts, ['release', 'check', 'release'])
  assert.match(subjects().join(''), /10\.0\.0\.50 is on this node, which is not active/)
  Object.assign(presence, { exitCode: 3, stdout: '' })
  await advance(1_000)
  assert.deepEqual(subjects(), [])
})

test('an address that somebody removes from the active node is told and announced anew; only a renewal brings it back', async (t) => {
  const { vip, hooks, presence, advance, subjects } = setUp(t)
  await vip.start()
  await vip.acquire(1)
  presence.exitCode = 0
  await advance(10_000)
  assert.deepEqual(subjects(), [])
  presence.exitCode = 3
  const before = hooks.runs.length
  await advance(10_000)
  const since = hooks.acts.slice(before)
  assert.ok(since.includes('announce'))
  assert.ok(!since.includes('acquire') && !since.includes('renew'))
  assert.match(subjects().join(''), /is gone from this node, which is active/)
  presence.exitCode = 0
  await advance(1_000)
  assert.deepEqual(subjects(), [])
})

test('a comparison that a move overtook says nothing', async (t) => {
  const { vip, hooks, advance, subjects } = setUp(t)
  await vip.start()
  hooks.answer = (act) => (act === 'check' ? undefined : {})
  await advance(10_000)
  await vip.acquire(1)
  hooks.last('check').end({ exitCode: 3 })
  await settled()
  assert.deepEqual(subjects(), [])
})

test('a check that fails is an alarm, and changes nothing', async (t) => {
  const { vip, hooks, presence, advance, subjects } = setUp(t)
  await vip.start()
  presence.exitCode = 2
  await advance(10_000)
  assert.deepEqual(hooks.acts, ['release', 'check'])
  assert.deepEqual(subjects(), ['floating address: where it is: cannot be told: /hook check: ended with 2'])
})

test('row 33: a machine that claims the address is told and answered at once', async (t) => {
  const { vip, hooks, arp, advance, duplicates, subjects } = setUp(t)
  await vip.acquire(1)
  await advance(6_000) // the burst is over
  const before = hooks.runs.length
  arp.table = claim(foreign)
  await advance(500)
  assert.deepEqual(duplicates, [`10.0.0.50 ${foreign}`])
  assert.deepEqual(hooks.acts.slice(before), ['announce', 'watch'])
  assert.match(subjects().join(''), new RegExp(`10\\.0\\.0\\.50: on another machine, too: ${foreign}`))
})

test('row 33: however often it is claimed, it is answered at most once a second, and once more after each', async (t) => {
  const { vip, hooks, arp, advance, duplicates } = setUp(t)
  await vip.acquire(1)
  await advance(6_000)
  const announcements = () => hooks.acts.filter((act) => act === 'announce').length
  const before = announcements()
  arp.table = claim(foreign)
  await advance(10_000)
  assert.equal(duplicates.length, 10)
  assert.ok(announcements() - before <= 20)
})

test('row 33: the alarm is over when nobody has claimed the address for a minute', async (t) => {
  const { vip, presence, arp, advance, subjects } = setUp(t)
  await vip.start()
  await vip.acquire(1)
  presence.exitCode = 0
  await advance(2_000)
  arp.table = claim(foreign)
  await advance(500)
  arp.table = ''
  await advance(50_000)
  assert.equal(subjects().length, 1)
  await advance(20_000)
  assert.deepEqual(subjects(), [])
})

test('who keeps silent is found by asking, every ten seconds', async (t) => {
  const { vip, hooks, advance, duplicates } = setUp(t)
  await vip.acquire(1)
  await advance(5_000)
  hooks.answer = (act) => (act === 'probe' ? { stdout: `fd00::50 ${foreign.toUpperCase()}\n` } : {})
  await advance(10_000)
  assert.deepEqual(duplicates, [`fd00::50 ${foreign}`])
})

test('once it is given up, nobody is watched any more and the kernel’s notes are removed', async (t) => {
  const { vip, hooks, arp, advance, duplicates } = setUp(t)
  await vip.acquire(1)
  await advance(2_000)
  await vip.release()
  await settled()
  assert.equal(hooks.acts.at(-1), 'forget')
  arp.table = claim(foreign)
  const before = hooks.runs.length
  await advance(20_000)
  assert.equal(hooks.runs.length, before)
  assert.deepEqual(duplicates, [])
})

test('announcements that fail are said once, and once when they work again', async (t) => {
  const { vip, hooks, events, advance } = setUp(t)
  hooks.answer = (act) => (act === 'announce' ? { exitCode: 1, stderr: 'arping is not installed' } : {})
  await vip.acquire(1)
  await advance(6_000)
  assert.deepEqual(
    events('floating address not announced').map(({ why }) => why),
    ['arping is not installed'],
  )
  hooks.answer = () => ({})
  await advance(60_000)
  assert.equal(events('floating address announced again').length, 1)
})

test('without an interface there are no neighbours to tell or to watch', async (t) => {
  const { vip, hooks, advance } = setUp(t, { interface: '' })
  await vip.acquire(1)
  await advance(20_000)
  assert.deepEqual(hooks.acts, ['acquire'])
})

test('a stop gives up what is held, and is harmless twice', async (t) => {
  const { vip, hooks } = setUp(t)
  await vip.start()
  await vip.acquire(1)
  await vip.stop()
  await vip.stop()
  assert.deepEqual(
    hooks.acts.filter((act) => act === 'release').length,
    2, // leftovers, and this one
  )
})

test('addresses are spelled as the kernel spells them, each once, and the hook of the package is the default', () => {
  const config = defaultConfig()
  config.pair.vip = ['FD00:0:0::0050', '10.0.0.50', 'fd00::50']
  const { addresses, program } = vipSettings(config)
  assert.deepEqual(addresses, ['fd00::50', '10.0.0.50'])
  assert.match(program, /\/ops\/deploy\/vip-linux$/)
})
