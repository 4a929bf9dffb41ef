import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultConfig } from '../../../lib/base/config.ts'
import {
  checkFileName,
  newToken,
  randomContent,
  sweepCheckFiles,
  userFileName,
} from '../../../watchdog/probes/names.ts'
import { temporaryFolder } from '../../support/folder.ts'

const token = '0123456789abcdef'

test('d109: names have a token of 16 hex digits that is another each time', () => {
  assert.match(newToken(), /^[0-9a-f]{16}$/)
  assert.notEqual(newToken(), newToken())
  assert.equal(checkFileName(token), 'watchdog-0123456789abcdef.txt')
  assert.ok(!randomContent().equals(randomContent()))
})

test('a user file has the kind that is wanted, or else one that the settings know', () => {
  const { userData } = defaultConfig()
  assert.equal(userFileName(userData, '96xxdata.txt', token), 'watchdog0123456789abcdef_96xxdata.txt')
  const only = [{ family: 'x', models: ['x'], data: ['xdata.txt'], missing: 'notFound' as const }]
  assert.equal(
    userFileName({ ...userData, families: only }, '96xxdata.txt', token),
    'watchdog0123456789abcdef_xdata.txt',
  )
  assert.equal(userFileName({ ...userData, longestExtension: 23 }, '96xxdata.txt', token), undefined)
  assert.equal(userFileName({ ...userData, families: [] }, '96xxdata.txt', token), undefined)
})

test('d109: check files of earlier runs are swept, and nothing else', async (t) => {
  const folder = await temporaryFolder(t)
  for (const data of ['HTTPdata', 'TFTPdata']) await mkdir(join(folder, data)) // HTTPSdata is not there
  const put = (name: string) => writeFileSync(join(folder, name), 'x')
  put('HTTPdata/watchdog-aaaaaaaaaaaaaaaa.txt')
  put(`HTTPdata/${checkFileName(token)}`)
  put('TFTPdata/watchdog-bbbbbbbbbbbbbbbb.txt')
  put('TFTPdata/watchdog-notes.txt')
  put('TFTPdata/46xxsettings.txt')
  assert.deepEqual(await sweepCheckFiles(folder, token), [
    'HTTPdata/watchdog-aaaaaaaaaaaaaaaa.txt',
    'TFTPdata/watchdog-bbbbbbbbbbbbbbbb.txt',
  ])
  assert.deepEqual(readdirSync(join(folder, 'HTTPdata')), [checkFileName(token)])
  assert.deepEqual(readdirSync(join(folder, 'TFTPdata')).toSorted(), [
    '46xxsettings.txt',
    'watchdog-notes.txt',
  ])
})
