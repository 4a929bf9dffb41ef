import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { VipHook } from '../../../ha/vip/hook.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { TestClock } from '../../support/clock.ts'
import { isRunning } from '../../support/namespace.ts'
import { programFile } from '../../support/program-file.ts'
import { until } from '../../support/until.ts'
import { FakeHooks, settled, vipSettingsOfTests as settings } from '../../support/vip.ts'

function setUp() {
  const hooks = new FakeHooks()
  const clock = new TestClock()
  return { hooks, clock, hook: new VipHook(settings, { clock, run: hooks.run }) }
}

test('the hook is told what to do by one argument, and the data by the environment', async () => {
  const { hooks, hook } = setUp()
  void hook.acquire(12)
  await settled()
  const { program, act, env } = hooks.last('acquire')
  assert.deepEqual([program, act], ['/hook', 'acquire'])
  assert.deepEqual(env, {
    TWINTONE_VIP: '10.0.0.50 fd00::50',
    TWINTONE_INTERFACE: 'eth0',
    TWINTONE_LIFETIME_SECONDS: '1',
    TWINTONE_EPOCH: '12',
  })
})

test('a renewal tells when its hook was started, not when it was asked for or ended', async () => {
  const { hooks, clock, hook } = setUp()
  clock.advance(500)
  const renewal = hook.renew(1)
  await settled()
  clock.advance(30)
  hooks.last('renew').end({})
  assert.deepEqual(await renewal, { ok: true, startedMs: 500, output: '' })
})

test('renewals do not pile up: while one runs, its outcome is the answer', async () => {
  const { hooks, hook } = setUp()
  const renewals = [hook.renew(1), hook.renew(1), hook.renew(1)]
  await settled()
  assert.deepEqual(hooks.acts, ['renew'])
  hooks.last('renew').end({})
  const outcomes = await Promise.all(renewals)
  assert.ok(outcomes.every(({ ok }) => ok))
  void hook.renew(1)
  await settled()
  assert.deepEqual(hooks.acts, ['renew', 'renew'])
})

test('a release ends a running renewal, and begins only when that has ended', async () => {
  const { hooks, hook } = setUp()
  const renewal = hook.renew(1)
  await settled()
  const release = hook.release(1)
  assert.deepEqual(hooks.acts, ['renew'])
  assert.ok(hooks.last('renew').isKilled())
  await settled()
  assert.deepEqual(hooks.acts, ['renew', 'release'])
  hooks.last('release').end({})
  assert.equal((await renewal).ok, false)
  assert.equal((await release).ok, true)
})

test('a release takes the place of what waits before it', async () => {
  const { hooks, hook } = setUp()
  const first = hook.release(1)
  const acquire = hook.acquire(2)
  const last = hook.release(2)
  await settled()
  hooks.last('release').end({})
  await settled()
  hooks.last('release').end({})
  assert.deepEqual(hooks.acts, ['release', 'release'])
  assert.deepEqual(
    (await Promise.all([first, acquire, last])).map(({ ok }) => ok),
    [true, false, true],
  )
})

test('what comes after a release waits for its end, and a renewal is refused', async () => {
  const { hooks, hook } = setUp()
  void hook.release(1)
  await settled()
  assert.equal((await hook.renew(1)).ok, false)
  const acquire = hook.acquire(2)
  await settled()
  assert.deepEqual(hooks.acts, ['release'])
  assert.equal(hooks.last('release').isKilled(), false)
  hooks.last('release').end({})
  await settled()
  hooks.last('acquire').end({})
  assert.equal((await acquire).ok, true)
})

test('two releases at once are one', async () => {
  const { hooks, hook } = setUp()
  const releases = Promise.all([hook.release(1), hook.release(1)])
  await settled()
  hooks.last('release').end({})
  await releases
  assert.deepEqual(hooks.acts, ['release'])
})

test('a check answers by its exit code, whatever it prints, and stands in nobody’s way', async () => {
  const { hooks, hook } = setUp()
  for (const [exitCode, presence] of [
    [0, 'all'],
    [3, 'none'],
    [4, 'some'],
  ] as const) {
    const check = hook.check(1)
    void hook.renew(1)
    await settled()
    hooks.last('renew').end({})
    hooks.last('check').end({ exitCode, stdout: 'x\n' })
    assert.deepEqual(await check, { presence, output: 'x' })
  }
})

test('a failure names the program, how it ended and what it said', async () => {
  const { hooks, hook } = setUp()
  const acquire = hook.acquire(1)
  await settled()
  hooks.last('acquire').end({ exitCode: 1, stderr: 'Cannot find device "eth0"\nCommand failed -:1\n' })
  assert.deepEqual(await acquire, {
    ok: false,
    why: '/hook acquire: ended with 1 (Cannot find device "eth0"; Command failed -:1)',
  })
  const check = hook.check(1)
  hooks.last('check').end({ exitCode: 2 })
  assert.deepEqual(await check, { why: '/hook check: ended with 2' })
})

test('row 61: a hook that hangs for 60 s is ended at its limit, with what it started, and the next order runs', async (t) => {
  const { hook, pid } = await hangingHook(t)
  const acquire = await hook.acquire(1)
  assert.ok(!acquire.ok)
  assert.match(acquire.why, /acquire: no end after 300 ms$/)
  await until(() => (isRunning(Number(pid())) ? undefined : true))
  assert.equal((await hook.release(1)).ok, true)
})

test('row 61: a release does not wait for the limit of a renewal that hangs', async (t) => {
  const { hook, pid } = await hangingHook(t, 60_000)
  const renewal = hook.renew(1)
  await until(() => pid())
  assert.equal((await hook.release(1)).ok, true)
  assert.equal((await renewal).ok, false)
  await until(() => (isRunning(Number(pid())) ? undefined : true))
})

test('row 61: a hook that cannot even be killed is left behind, and the caller goes on', async () => {
  const { clock } = setUp()
  const never = () => new Promise<never>(() => {})
  const stuck = new VipHook(settings, { clock, run: never })
  const renewal = stuck.renew(1)
  const release = stuck.release(1)
  await settled()
  clock.advance(1_500)
  assert.equal((await renewal).ok, false)
  await settled()
  clock.advance(1_500)
  assert.deepEqual(await release, { ok: false, why: '/hook release: cannot be killed' })
})

/** Hangs for a minute unless it is told to release; `pid` is that of what it waits for. */
async function hangingHook(t: TestContext, timeoutMs = 300) {
  const program = await programFile(
    t,
    '[ "$1" = release ] && exit 0\nsleep 60 & echo $! >"$0.new"; mv "$0.new" "$0.pid"; wait',
  )
  const hook = new VipHook({ ...settings, program, timeoutMs }, { clock: systemClock })
  const file = `${program}.pid`
  return { hook, pid: () => (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined) }
}
