import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cases, type FtpLoad } from '../../../ops/bench/cases.ts'
import { countWronglyStored } from '../../../ops/bench/load-ftp.ts'
import { shortened } from '../../../ops/bench/load.ts'
import { roots } from '../../../ops/bench/site.ts'
import { temporaryFolder } from '../../support/folder.ts'

const load: FtpLoad = {
  door: 'ftp',
  does: 'store',
  file: '20k.bin',
  clients: 1,
  sessions: 100,
  unit: 'sessions/s',
}

test('a stored file that is missing, is an older one or differs in a byte is counted as wrong', async (t) => {
  const place = await temporaryFolder(t)
  const [data, folder] = [join(place, 'data'), join(place, 'stored')]
  for (const each of [join(data, roots.tftp), folder]) await mkdir(each, { recursive: true })
  const copy = Buffer.alloc(20_480, 'x')
  await writeFile(join(data, roots.tftp, load.file), copy)
  const names = [1, 2, 3, 4].map((n) => `100${n}_4620data.txt`)
  await writeFile(`${folder}.stamps`, names.map((name) => `${name} 0000000000000042\n`).join(''))
  const stored = (stamp: string, rest: Buffer) => Buffer.concat([Buffer.from(stamp), rest])
  const rest = copy.subarray(16)
  await writeFile(join(folder, '1001_4620data.txt'), stored('0000000000000042', rest))
  await writeFile(join(folder, '1002_4620data.txt'), stored('0000000000000041', rest))
  await writeFile(join(folder, '1003_4620data.txt'), stored('0000000000000042', rest.subarray(1)))
  const site = { folder: place, data, certificate: '', key: '', remove: async () => {} }
  const server = { at: {}, ftpFolder: { prefix: '', folder } }
  const at = { site, server, generators: { tftp: '', ftp: '' } }
  assert.equal(await countWronglyStored(load, at), 3)
  assert.equal(await countWronglyStored({ ...load, does: 'fetch' }, at), 0)
})

test('a load cut short does the same less often', () => {
  assert.deepEqual(shortened(load, { parts: 3, seconds: 1 }), { ...load, sessions: 34 })
})

test('FTP is compared with vsftpd, each case with an aim', () => {
  const aims = cases.filter(({ group }) => group === 'ftp').map(({ peers }) => peers.vsftpd)
  assert.deepEqual(aims, [1.5, 1, 1, 0.7])
})
