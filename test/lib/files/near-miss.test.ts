import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Protocol } from '../../../lib/base/protocol.ts'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { FolderIndex } from '../../../lib/files/folder-index.ts'
import { NearMiss } from '../../../lib/files/near-miss.ts'
import { TestClock } from '../../support/clock.ts'
import { writeFiles } from '../../support/file-store.ts'
import { temporaryFolder } from '../../support/folder.ts'

async function searchIn(t: TestContext, names: readonly string[]) {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'HTTPdata'))
  await writeFiles(folder, Object.fromEntries(names.map((name) => [name, ''])))
  const clock = new TestClock()
  const nearMiss = new NearMiss(folder, { index: new FolderIndex(), clock })
  const hint = (protocol: Protocol, name: string) => nearMiss.hint(protocol, parseFileName(name))
  return { folder, clock, hint }
}

test('.scr for .txt and the other way round', async (t) => {
  const { hint } = await searchIn(t, ['HTTPdata/46xxUpgrade.txt', 'HTTPdata/in/settings.scr'])
  assert.equal(await hint('http', '46xxupgrade.scr'), 'there is a 46xxUpgrade.txt')
  assert.equal(await hint('http', '46XXUPGRADE.SCR'), 'there is a 46xxUpgrade.txt')
  assert.equal(await hint('http', 'in/settings.TXT'), 'there is a in/settings.scr')
})

test('the same name behind another door', async (t) => {
  const { hint } = await searchIn(t, ['HTTPSdata/46xxSettings.txt', 'TFTPdata/fw/a.bin'])
  assert.equal(
    await hint('http', '46xxsettings.txt'),
    'it lies in HTTPSdata, which is served over HTTPS on another port',
  )
  assert.equal(
    await hint('https', 'fw/A.BIN'),
    'it lies in TFTPdata, which is served over TFTP on another port',
  )
})

test('the same name in another folder', async (t) => {
  const { hint } = await searchIn(t, [
    'HTTPdata/firmware/J100/FW_S.bin',
    'HTTPdata/a.txt',
    'HTTPdata/.hidden/b.txt',
  ])
  assert.equal(await hint('http', 'fw_s.bin'), 'it lies at firmware/J100/FW_S.bin')
  assert.equal(await hint('http', 'J100/fw_s.bin'), 'it lies at firmware/J100/FW_S.bin')
  assert.equal(await hint('http', 'firmware/A.txt'), 'it lies at a.txt')
  assert.equal(await hint('http', 'b.txt'), undefined, 'not in what is never served')
})

test('the nearest comes first: ending, door, folder', async (t) => {
  const { hint } = await searchIn(t, [
    'HTTPdata/a.scr',
    'TFTPdata/a.txt',
    'HTTPdata/in/a.txt',
    'TFTPdata/b.txt',
    'HTTPdata/in/b.txt',
  ])
  assert.equal(await hint('http', 'a.txt'), 'there is a a.scr')
  assert.equal(await hint('http', 'b.txt'), 'it lies in TFTPdata, which is served over TFTP on another port')
})

test('no hint when there is nothing near, and none in folders that are missing', async (t) => {
  const { hint } = await searchIn(t, ['HTTPdata/folder.txt/x'])
  assert.equal(await hint('http', 'a.txt'), undefined)
  assert.equal(await hint('tftp', 'a.txt'), undefined)
})

test('d89: a phone that walks through names causes twenty searches a second and no more', async (t) => {
  const { hint, clock } = await searchIn(t, ['HTTPdata/a.txt'])
  const hints = async (count: number) => {
    const found = await Promise.all(Array.from({ length: count }, () => hint('http', 'a.scr')))
    return found.filter((text) => text !== undefined).length
  }
  assert.equal(await hints(100), 20)
  clock.advance(999)
  assert.equal(await hints(100), 0)
  clock.advance(1)
  assert.equal(await hints(5), 5)
  clock.setWall(new Date('2030-01-01'))
  assert.equal(await hints(100), 15)
})

test('d89: one search looks into 200 folders and no more', async (t) => {
  const { folder, hint } = await searchIn(t, ['HTTPdata/zz/a.txt'])
  for (let number = 0; number < 198; number++) await mkdir(join(folder, 'HTTPdata', `f${number}`))
  assert.equal(await hint('http', 'a.txt'), 'it lies at zz/a.txt')
  await mkdir(join(folder, 'HTTPdata', 'f198', 'in'), { recursive: true })
  await mkdir(join(folder, 'HTTPdata', 'f199', 'in'), { recursive: true })
  await writeFiles(folder, { 'HTTPdata/f199/in/b.txt': '' })
  assert.equal(await hint('http', 'b.txt'), undefined)
})

test("d109: nothing leads to the watchdog's check files", async (t) => {
  const check = 'watchdog-0123456789abcdef'
  const { hint } = await searchIn(t, [`TFTPdata/${check}.txt`, `HTTPdata/in/${check}.txt`])
  assert.equal(await hint('http', `${check}.txt`), undefined)
  assert.equal(await hint('tftp', `${check.toUpperCase()}.TXT`), undefined)
})
