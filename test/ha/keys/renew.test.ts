import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadPairKeys } from '../../../ha/keys/load.ts'
import { makePair } from '../../../ha/keys/make.ts'
import { renewPair } from '../../../ha/keys/renew.ts'
import { temporaryFolder } from '../../support/folder.ts'

const nodes = [
  { name: 'A', address: '10.0.0.1' },
  { name: 'B', address: '10.0.0.2' },
]

async function made(t: TestContext) {
  const folder = join(await temporaryFolder(t), 'pair')
  await makePair(folder, { cluster: 'voip1', nodes, days: 30 })
  return { folder, text: (...path: string[]) => readFile(join(folder, ...path), 'utf8') }
}

const renewal = { days: 60, moved: [], now: new Date(), oldSuffix: '.old-1' }

test('renewed nodes have new keys from the same authority, and the same secret and uuid', async (t) => {
  const { folder, text } = await made(t)
  const before = loadPairKeys(join(folder, 'A'), 'A', new Date())
  assert.deepEqual(await renewPair(folder, renewal), nodes)
  const after = loadPairKeys(join(folder, 'A'), 'A', new Date())
  assert.notEqual(after.key, before.key)
  assert.equal(after.authority, before.authority)
  assert.equal(after.uuid, before.uuid)
  assert.ok(after.secret.equals(before.secret))
  assert.ok(after.validTo > before.validTo)
  assert.equal(await text('A.old-1', 'node.key'), before.key)
  assert.deepEqual((await readdir(folder)).toSorted(), ['A', 'A.old-1', 'B', 'B.old-1', 'ca.key', 'ca.pem'])
})

test('it can be done again and again: what was kept from earlier is no node', async (t) => {
  const { folder } = await made(t)
  await renewPair(folder, renewal)
  assert.deepEqual(await renewPair(folder, { ...renewal, oldSuffix: '.old-2' }), nodes)
})

test('a node that has moved gets its new address; the other keeps its own', async (t) => {
  const { folder, text } = await made(t)
  const moved = [{ name: 'B', address: '10.0.9.2' }]
  assert.deepEqual(await renewPair(folder, { ...renewal, moved }), [nodes[0], moved[0]])
  assert.equal(new X509Certificate(await text('B', 'node.pem')).checkIP('10.0.9.2'), '10.0.9.2')
  const stranger = [{ name: 'C', address: '10.0.9.3' }]
  await assert.rejects(renewPair(folder, { ...renewal, moved: stranger }), /has no node C, only A, B/)
})

test('nothing is renewed with an authority that has ended, is not whole or is that of another pair', async (t) => {
  const { folder, text } = await made(t)
  const inElevenYears = new Date(Date.now() + 11 * 365 * 86_400_000)
  await assert.rejects(renewPair(folder, { ...renewal, now: inElevenYears }), /has ended on .* --force/)
  const other = await made(t)
  await writeFile(join(folder, 'ca.key'), await other.text('ca.key'))
  await assert.rejects(renewPair(folder, renewal), /ca\.key does not belong to ca\.pem/)
  await writeFile(join(folder, 'ca.key'), 'nonsense')
  await assert.rejects(renewPair(folder, renewal), /no certificate or key in PEM/)
  await rm(join(folder, 'ca.key'))
  await assert.rejects(renewPair(folder, renewal), /ca\.key cannot be read: .*; --folder names/)
  assert.match(await text('A', 'node.key'), /PRIVATE KEY/)
  assert.equal((await readdir(folder)).includes('A.old-1'), false)
})
