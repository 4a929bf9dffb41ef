import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../../../lib/base/log.ts'
import { ProbeFiles } from '../../../lib/files/probe-files.ts'
import { ProbeKeeper } from '../../../lib/files/probe-keeper.ts'
import { temporaryFolder } from '../../support/folder.ts'

const [token, earlier] = ['0123456789abcdef', 'fedcba9876543210']

async function dataWith(t: TestContext, ...files: string[]) {
  const folder = await temporaryFolder(t)
  for (const root of ['HTTPdata', 'TFTPdata', 'FTPdata']) mkdirSync(join(folder, root))
  for (const file of files) writeFileSync(join(folder, file), 'x')
  return folder
}

function keeperOf(folder: string) {
  const probes = new ProbeFiles()
  return { probes, keeper: new ProbeKeeper(folder, { probes, log: silentLog }) }
}

test('d109: check files of earlier runs go at each hello, those of this run and all others stay', async (t) => {
  const folder = await dataWith(
    t,
    `TFTPdata/watchdog-${earlier}.txt`,
    `TFTPdata/watchdog-${token}.txt`,
    'TFTPdata/watchdog.txt',
    `HTTPdata/watchdog-${earlier}.txt`,
    'HTTPdata/46xxsettings.txt',
  )
  const { keeper } = keeperOf(folder)
  assert.equal(await keeper.hello(token), true)
  assert.deepEqual(readdirSync(join(folder, 'TFTPdata')), [`watchdog-${token}.txt`, 'watchdog.txt'])
  assert.deepEqual(readdirSync(join(folder, 'HTTPdata')), ['46xxsettings.txt'])
})

test('a restart of the file server knows the watchdog that went on meanwhile, and tidies up after the others', async (t) => {
  const folder = await dataWith(t)
  await keeperOf(folder).keeper.hello(token)
  for (const each of [token, earlier]) writeFileSync(join(folder, 'TFTPdata', `watchdog-${each}.txt`), 'x')
  const { keeper, probes } = keeperOf(folder)
  await keeper.start()
  assert.equal(probes.has(`watchdog-${token}.txt`), true)
  assert.deepEqual(readdirSync(join(folder, 'TFTPdata')), [`watchdog-${token}.txt`])
})

test('after a goodbye nothing of it is left', async (t) => {
  const folder = await dataWith(t, `TFTPdata/watchdog-${token}.txt`)
  const { keeper, probes } = keeperOf(folder)
  await keeper.hello(token)
  await keeper.bye()
  assert.equal(probes.has(`watchdog-${token}.txt`), false)
  assert.deepEqual(readdirSync(join(folder, 'TFTPdata')), [])
  assert.equal(existsSync(join(folder, '.state', 'watchdog', 'token')), false)
})

test('a token file that was damaged is no token', async (t) => {
  const folder = await dataWith(t)
  mkdirSync(join(folder, '.state', 'watchdog'), { recursive: true })
  writeFileSync(join(folder, '.state', 'watchdog', 'token'), '.*\n')
  const { keeper, probes } = keeperOf(folder)
  await keeper.start()
  assert.equal(probes.has('watchdog-.*.txt'), false)
})

test('d116: a token that cannot be written down is used all the same', async (t) => {
  const folder = await dataWith(t, '.state')
  const { keeper, probes } = keeperOf(folder)
  assert.equal(await keeper.hello(token), true)
  assert.equal(probes.isCurrent(token), true)
})
