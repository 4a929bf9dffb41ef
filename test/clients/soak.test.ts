import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { askControl, controlSocketPath } from '../../lib/base/control-socket.ts'
import type { Snapshot } from '../../lib/status/snapshot.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, startProgram } from '../support/program.ts'
import { SoakUser, waysToSave } from '../support/soak.ts'
import { until } from '../support/until.ts'

/**
 * 1,000 uploads a minute with every fifth one broken off at random, against a server in a process of its own.
 * The long form: SOAK_MINUTES=10 SOAK_SEED=2 node --test --test-timeout=1000000 test/clients/soak.test.ts
 */
const minutes = Number(process.env['SOAK_MINUTES'] ?? 1)
const seed = Number(process.env['SOAK_SEED'] ?? 1)
const perMinute = 1_000
const users = Array.from({ length: 200 }, (_, number) => new SoakUser(4_000 + number))

test(`${perMinute} uploads a minute for ${minutes} min with random breaks: what was acknowledged is there, and nothing leaks`, async (t) => {
  const folder = await temporaryFolder(t)
  const target = { http: await freePort(), ftp: await freePort() }
  const config = join(folder, 'twintone.toml')
  writeFileSync(
    config,
    `[run]\nfolder = "${folder}/run"\n[data]\nfolder = "${folder}/data"\n[log]\nfile = ""\nstdout = false\n
[http]\nports = [${target.http}]\naddresses = ["127.0.0.1"]\n[https]\nenabled = false\n[tftp]\nenabled = false\n[status]\nenabled = false\n
[ftp]\nport = ${target.ftp}\nimplicitTlsPorts = []\nexplicitTls = false\naddresses = ["127.0.0.1"]\n
[userData]\nftp = "open"\nhttp = "open"\n`,
  )
  const server = startProgram(t, ['cmd/fileserver.ts', '--config', config])
  const status = () => askControl<Snapshot>(controlSocketPath(`${folder}/run`, 'fileserver'), '/status')
  await until(() => status().catch(() => undefined), 60_000)

  const descriptors = () => readdirSync(`/proc/${server.child.pid}/fd`).length
  const before = descriptors()
  const nextWay = waysToSave(target, seed)
  const begun = performance.now()
  const running = new Set<Promise<unknown>>()
  let acknowledged = 0
  let warmBytes = 0
  for (let count = 0; count < perMinute * minutes; count++) {
    await delay(Math.max(0, begun + (count * 60_000) / perMinute - performance.now()))
    const user = await until(
      () =>
        users.find((each, at) => each.isFree && at >= count % users.length) ??
        users.find((each) => each.isFree),
    )
    const save = user
      .save(nextWay(), 500 + ((count * 7_919) % 30_000))
      .then((yes) => (acknowledged += Number(yes)))
    running.add(save)
    void save.finally(() => running.delete(save))
    if (count === Math.floor(perMinute / 3)) warmBytes = (await status()).process.memoryBytes
  }
  await Promise.all(running)

  const stored = (name: string) => {
    try {
      return readFileSync(join(folder, 'data/FTPdata', name), 'utf8')
    } catch {
      return undefined
    }
  }
  await until(
    () => (readdirSync(join(folder, 'data/.state/staging')).length === 0 ? true : undefined),
    60_000,
  )
  for (const user of users)
    assert.ok(user.mayHold(stored(user.name)), `${user.name} is not what was acknowledged`)
  assert.ok(acknowledged > perMinute * minutes * 0.7, `only ${acknowledged} were acknowledged`)

  await until(() => (descriptors() <= before ? true : undefined), 60_000)
  const { active, process: now } = await status()
  assert.deepEqual(active, [])
  const grownMb = (now.memoryBytes - warmBytes) / 1e6
  assert.ok(grownMb < 60, `memory has grown by ${grownMb.toFixed(1)} MB`)
  t.diagnostic(
    `${acknowledged} acknowledged, memory ${(warmBytes / 1e6).toFixed(0)} -> ${(now.memoryBytes / 1e6).toFixed(0)} MB`,
  )
})
