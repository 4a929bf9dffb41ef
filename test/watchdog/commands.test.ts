import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startMailServer } from '../support/mail-server.ts'
import { runProgram } from '../support/program.ts'
import { until } from '../support/until.ts'
import { startWatchedNode, type WatchedNode } from '../support/watched-node.ts'

/** `twintone watchdog` as an administrator types it, and the status page, of a watchdog that watches a real file server. */

const typing =
  (t: TestContext, { folder }: WatchedNode) =>
  (...words: string[]) =>
    runProgram(t, ['cmd/twintone.ts', 'watchdog', ...words, '--config', join(folder, 'twintone.toml')])

test('what is well is said on the command line, as JSON and with exit code 0', async (t) => {
  const node = await startWatchedNode(t)
  const twintone = typing(t, node)
  await node.well()
  const status = await twintone('status')
  assert.match(status.output, /^all \d+ probes are well/)
  assert.match(status.output, new RegExp(`tftp ${node.ports.tftp} +ok`))
  assert.equal(status.code, 0)
  const { probes, open } = JSON.parse((await twintone('status', '--json')).output) as {
    probes: { name: string; state: string }[]
    open: unknown[]
  }
  assert.deepEqual(open, [])
  assert.ok(probes.some(({ name, state }) => name === `ftp ${node.ports.ftp}` && state === 'ok'))
  const probe = await twintone('probe', `http ${node.ports.http}`)
  assert.equal(probe.code, 0, probe.output)
  const unknown = await twintone('probe', 'telnet 23')
  assert.notEqual(unknown.code, 0)
  assert.match(unknown.output, /there is no probe telnet 23; there are file server/)
  assert.notEqual((await twintone('maintenance', 'on', '--for', 'ever', '--why', 'x')).code, 0)
  assert.match((await twintone('acknowledge', 'nothing')).output, /there is no open incident nothing/)
})

test('in maintenance nothing is mended, until it is over', async (t) => {
  const node = await startWatchedNode(t)
  const twintone = typing(t, node)
  await node.well()
  const on = await twintone('maintenance', 'on', '--for', '30m', '--why', 'new firmware')
  assert.equal(on.output, 'in maintenance for 30 min 0 s\n')
  process.kill((await node.snapshot()).process.pid, 'SIGUSR1')
  await delay(6_000) // twice as long as it takes to be down
  assert.match((await twintone('status')).output, /^in maintenance/)
  assert.deepEqual(node.cures(), [])
  assert.equal((await twintone('maintenance', 'off')).code, 0)
  await until(() => (node.cures().length > 0 ? true : undefined), 30_000)
  await node.well()
})

test('an incident is shown, acknowledged and put to sleep, and a test alert arrives', async (t) => {
  const smtp = await startMailServer(t)
  const node = await startWatchedNode(t, {
    settings: `[alertMail]\nhost = "127.0.0.1"\nport = ${smtp.port}\ntls = "none"\nto = ["operator@example.com"]\n`,
    httpsDays: -0.5,
  })
  const twintone = typing(t, node)
  const { id } = await until(
    () => node.view().open.find(({ probe, told }) => probe.startsWith('certificate') && told !== undefined),
    90_000,
  )
  assert.equal((await twintone('status')).code, 1)
  assert.match((await twintone('incidents')).output, new RegExp(id))
  assert.match((await twintone('incident', id)).output, /pbx-a\.example\.com ended on/)
  assert.equal((await twintone('incident', 'none')).code, 1)
  assert.equal((await twintone('acknowledge', id)).output, `${id} is acknowledged\n`)
  assert.notEqual(node.view().open[0]?.acknowledgedBy, undefined)
  assert.equal((await twintone('snooze', id, '--for', '2h')).output, `${id} sleeps for 2 h 0 min\n`)
  const sent = smtp.mails.length
  const alert = await twintone('test-alert')
  assert.equal(alert.code, 0, alert.output)
  assert.ok(smtp.mails.length > sent)
})

test('the status page says what the command says, for people, programs and Prometheus', async (t) => {
  const node = await startWatchedNode(t)
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${node.ports.status}${path}`)
    return { code: answer.status, headers: answer.headers, text: await answer.text() }
  }
  await node.well()
  const page = await get('/')
  assert.match(page.text, /<h1>pbx-a: all \d+ probes are well<\/h1>/)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.match((await get('/style.css')).text, /\.down, \.critical \{ color/)
  assert.equal((JSON.parse((await get('/status.json')).text) as { node: string }).node, 'pbx-a')
  assert.match(
    (await get('/metrics')).text,
    new RegExp(`twintone_probe_up\\{probe="tftp ${node.ports.tftp}"\\} 1`),
  )
  assert.equal((await get('/healthz')).code, 200)
  process.kill((await node.snapshot()).process.pid, 'SIGSTOP')
  await until(async () => ((await get('/healthz')).code === 503 ? true : undefined), 30_000)
  assert.match((await get('/metrics')).text, /twintone_incidents_open\{severity="critical"\} 1/)
  await node.well()
})
