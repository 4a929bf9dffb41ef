import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { ProbeFiles } from '../../../../lib/files/probe-files.ts'
import { refusedAs } from '../../../support/refused.ts'
import { contentOf, dataOf, everything, openUserStore, phone, save } from '../../../support/user-store.ts'

const token = '0123456789abcdef'
const ours = parseFileName(`watchdog${token}_96xxdata.txt`)
const earlier = parseFileName('watchdogfedcba9876543210_96xxdata.txt')

async function probed(t: TestContext) {
  const probes = new ProbeFiles()
  probes.begin(token)
  return { probes, ...(await openUserStore(t, { probes })) }
}

test('d109: what the watchdog saves is stored, replaced and read like any file', async (t) => {
  const { store } = await probed(t)
  assert.equal(await save(store, ours, 'one'), 'created')
  assert.equal(await contentOf(store, ours), 'one')
  assert.equal(await save(store, ours, 'two'), 'replaced')
  assert.equal(await contentOf(store, ours), 'two')
  assert.equal(await save(store, ours, '+', 'append'), 'replaced')
  assert.equal(await contentOf(store, ours), 'two+')
})

test('d109: it is not listed, and once it is deleted nothing is left: no version, no bin entry, no record', async (t) => {
  const { store, folder } = await probed(t)
  await save(store, dataOf('4711'), 'mine')
  const before = everything(folder)
  for (let round = 0; round < 20; round++) {
    await save(store, ours, `round ${round}`)
    assert.deepEqual(
      store.files().map(({ name }) => name),
      [dataOf('4711')],
    )
    await store.remove(ours, phone)
  }
  assert.deepEqual(everything(folder), before)
  assert.deepEqual([store.deleted(), store.versions(ours)], [[], []])
  await assert.rejects(store.read(ours), refusedAs('notFound'))
  await assert.rejects(store.remove(ours, phone), refusedAs('notFound'))
})

test('d109: a name of another token is a file as any other', async (t) => {
  const { store } = await probed(t)
  await save(store, earlier, 'of a user with an odd extension')
  await store.sweepProbes()
  assert.equal(await contentOf(store, earlier), 'of a user with an odd extension')
  assert.equal(store.versions(earlier).length, 1)
})

test('d109: what a killed run left behind goes at the next hello, and at the start, without a record', async (t) => {
  const { probes, store, folder, stop } = await probed(t)
  const root = join(folder, 'FTPdata')
  await save(store, ours, 'left')
  probes.begin('00000000000000aa')
  await store.sweepProbes()
  assert.deepEqual(readdirSync(root), [])
  writeFileSync(join(root, earlier), 'left')
  writeFileSync(join(root, dataOf('4711')), 'laid there by hand')
  await stop()
  const again = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual(readdirSync(root), [dataOf('4711')])
  assert.deepEqual(again.store.versions(earlier), [])
  assert.equal(again.store.versions(dataOf('4711')).length, 1)
})

test('a file that breaks off leaves the old one and nothing else', async (t) => {
  const { store, folder } = await probed(t)
  await save(store, ours, 'old')
  const upload = await store.begin(ours, phone)
  await upload.write(Buffer.from('new'))
  await upload.abort()
  assert.equal(await contentOf(store, ours), 'old')
  assert.equal(existsSync(join(folder, '.state', 'staging')), true)
  assert.deepEqual(readdirSync(join(folder, '.state', 'staging')), [])
})
