import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import { ChildRestarter, type ChildSettings } from '../../watchdog/restart-child.ts'
import type { RestartReason } from '../../watchdog/restart.ts'
import { temporaryFolder } from '../support/folder.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

const reason: RestartReason = {
  incident: 'i',
  probe: 'file server',
  reason: 'no answer',
  rung: 'graceful restart',
}

/** The child is lines of shell; it is up once it has written `up` to the file $UP. */
async function childOf(t: TestContext, lines: string, change: Partial<ChildSettings> = {}) {
  const folder = await temporaryFolder(t)
  const up = join(folder, 'up')
  const deaths: string[] = []
  const { log, events } = recordingLog()
  const child = new ChildRestarter(
    {
      program: '/bin/sh',
      args: ['-c', lines],
      env: { UP: up, NOTIFY_SOCKET: '/run/systemd/notify', PATH: process.env['PATH'] },
      showOutput: false,
      stopMs: 20_000,
      readyMs: 20_000,
      ...change,
    },
    {
      clock: systemClock,
      log,
      isReady: async () => existsSync(up) && readFileSync(up, 'utf8').includes(`up ${child.pid}\n`),
      onDied: (why) => deaths.push(why),
    },
  )
  t.after(async () => {
    if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
    await until(() => (child.pid === undefined ? true : undefined))
  })
  return { child, deaths, events, lines: () => readFileSync(up, 'utf8') }
}

/** The last sleep keeps a wait that a trap interrupts from leaving anything behind. */
const server = 'trap "exit 0" TERM; echo "up $$" >> $UP; while :; do sleep 0.05; done'
const stateOf = (pid: number) => /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]

test('it is started, and runs once it answers', async (t) => {
  const { child } = await childOf(t, server)
  assert.equal(child.pid, undefined)
  const { ok, why } = await child.start()
  assert.deepEqual([ok, why], [true, `it runs with pid ${child.pid}`])
  assert.deepEqual(await child.start(), { ok: true, why: `it runs with pid ${child.pid}` })
})

test('a graceful restart lets it end by itself, a hard one does not; neither is a death', async (t) => {
  const { child, deaths } = await childOf(t, server)
  await child.start()
  for (const [how, words] of [
    ['graceful', 'it ended with code 0'],
    ['hard', 'it was killed'],
  ] as const) {
    const before = child.pid
    const { ok, why } = await child.restart(how, reason)
    assert.equal(ok, true)
    assert.notEqual(child.pid, before)
    assert.equal(why, `${words}; it runs with pid ${child.pid}`)
    assert.equal(existsSync(`/proc/${before}`), false)
  }
  assert.deepEqual(deaths, [])
})

test('one that was stopped with SIGSTOP hears a graceful restart', async (t) => {
  const { child } = await childOf(t, server)
  await child.start()
  const pid = child.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  await until(() => (stateOf(pid) === 'T' ? true : undefined))
  assert.match((await child.restart('graceful', reason)).why, /^it ended with code 0; /)
})

test('one that is deaf to SIGTERM is killed when its time is over', async (t) => {
  const deaf = server.replace('"exit 0"', '""')
  const { child } = await childOf(t, deaf, { stopMs: 300 })
  await child.start()
  const { ok, why } = await child.restart('graceful', reason)
  assert.equal(ok, true)
  assert.match(why, /^it had not ended after 300 ms, and was killed; it runs/)
})

test('one that dies by itself is told, and not started again until that is asked for', async (t) => {
  const { child, deaths, events } = await childOf(t, server)
  await child.start()
  const pid = child.pid ?? 0
  process.kill(pid, 'SIGKILL')
  await until(() => deaths[0])
  assert.deepEqual(deaths, [`the file server (pid ${pid}) ended with SIGKILL`])
  assert.equal(events('file server died').length, 1)
  assert.equal(child.pid, undefined)
  assert.match((await child.restart('graceful', reason)).why, /^it did not run; it runs with pid/)
})

test('one that ends at its start is no success, and says how it ended', async (t) => {
  const { child } = await childOf(t, 'exit 1')
  const { ok, why } = await child.start()
  assert.equal(ok, false)
  assert.match(why, /ended with code 1/)
})

test('one that never answers is no success, and one that cannot be started is none either', async (t) => {
  const slow = await childOf(t, 'exec sleep 60', { readyMs: 300 })
  assert.match((await slow.child.start()).why, /does not answer 300 ms after its start/)
  const missing = await childOf(t, '', { program: '/no/such/node' })
  const { ok, why } = await missing.child.start()
  assert.equal(ok, false)
  assert.match(why, /\/no\/such\/node cannot be started/)
})

test('two restarts at once are one', async (t) => {
  const { child } = await childOf(t, server)
  await child.start()
  const [first, second] = await Promise.all([
    child.restart('graceful', reason),
    child.restart('hard', reason),
  ])
  assert.deepEqual([first.ok, second], [true, { ok: false, why: 'it is being started or restarted already' }])
})

test('what systemd told us stays with us', async (t) => {
  const { child, lines } = await childOf(
    t,
    'echo "socket [$NOTIFY_SOCKET]" >> $UP; echo "up $$" >> $UP; exec sleep 60',
  )
  await child.start()
  assert.match(lines(), /^socket \[\]$/m)
})

test('when we stop it, it ends and nobody mourns', async (t) => {
  const { child, deaths } = await childOf(t, server)
  await child.start()
  assert.deepEqual(await child.stop(), { ok: true, why: 'it ended with code 0' })
  assert.deepEqual([child.pid, deaths], [undefined, []])
  assert.deepEqual(await child.stop(), { ok: true, why: 'it did not run' })
})
