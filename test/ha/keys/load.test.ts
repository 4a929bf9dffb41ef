import assert from 'node:assert/strict'
import { chmod, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { loadPairKeys } from '../../../ha/keys/load.ts'
import { makePair } from '../../../ha/keys/make.ts'
import { ConfigError } from '../../../lib/base/complaint.ts'
import { temporaryFolder } from '../../support/folder.ts'

const nodes = [
  { name: 'A', address: '10.0.0.1' },
  { name: 'B', address: '10.0.0.2' },
]

/** The folder of node A, and that of node B of the same pair. */
async function folders(t: TestContext): Promise<{ a: string; b: string; uuid: string }> {
  const folder = join(await temporaryFolder(t), 'pair')
  const uuid = await makePair(folder, { cluster: 'voip1', nodes, days: 30 })
  return { a: join(folder, 'A'), b: join(folder, 'B'), uuid }
}

function complaintsOf(folder: string, node = 'A', now = new Date()): string[] {
  try {
    loadPairKeys(folder, node, now)
  } catch (error) {
    assert.ok(error instanceof ConfigError, inspect(error))
    return error.message.replaceAll(`${folder}/`, '').split('\n')
  }
  return []
}

const copyAnew = "copy this node's folder anew from what `ha init` has made"

test('a node reads what was made for it; the secret does not show when it is printed', async (t) => {
  const { a, uuid } = await folders(t)
  const keys = loadPairKeys(a, 'A', new Date())
  assert.equal(keys.uuid, uuid)
  const secret = (await readFile(join(a, 'secret'), 'utf8')).trim()
  assert.equal(keys.secret.export().toString('hex'), secret)
  assert.doesNotMatch(inspect(keys, { depth: 9 }) + JSON.stringify(keys), new RegExp(secret))
  assert.match(keys.certificate, /BEGIN CERTIFICATE/)
  const days = (keys.validTo.getTime() - Date.now()) / 86_400_000
  assert.equal(Math.round(days), 30)
})

test('a key or secret that other users may read is refused; the group may', async (t) => {
  const { a } = await folders(t)
  for (const name of ['node.key', 'secret']) await chmod(join(a, name), 0o640)
  assert.deepEqual(complaintsOf(a), [])
  for (const name of ['node.key', 'secret']) await chmod(join(a, name), 0o604)
  assert.deepEqual(
    complaintsOf(a),
    ['node.key', 'secret'].map((name) =>
      `${name}: pair.folder: can be read by every user of this machine; run: chmod 600 ${join(a, name)}`.replace(
        `${a}/`,
        '',
      ),
    ),
  )
})

test('each file that is missing is told of', async (t) => {
  const { a } = await folders(t)
  for (const name of ['uuid', 'node.pem', 'ca.pem']) await rm(join(a, name))
  assert.deepEqual(
    complaintsOf(a),
    ['ca.pem', 'node.pem', 'uuid'].map((name) => `${name}: pair.folder: there is no such file; ${copyAnew}`),
  )
})

test('the folder of the other node is refused, and so is the key of the other node', async (t) => {
  const { a, b } = await folders(t)
  assert.deepEqual(complaintsOf(b), [
    'node.pem: pair.folder: is that of node "B", and this node is "A"; copy the folder of this node, or set node.name',
  ])
  await cp(join(b, 'node.key'), join(a, 'node.key'))
  assert.deepEqual(complaintsOf(a), [`node.key: pair.folder: does not belong to node.pem; ${copyAnew}`])
})

test('a certificate of another pair is refused, whatever its names', async (t) => {
  const [ours, others] = [await folders(t), await folders(t)]
  await cp(join(others.a, 'ca.pem'), join(ours.a, 'ca.pem'))
  assert.deepEqual(complaintsOf(ours.a), [
    `node.pem: pair.folder: is not from the authority in ca.pem; ${copyAnew}`,
  ])
})

test('a certificate that has ended, or is not valid yet, is refused with its date', async (t) => {
  const { a } = await folders(t)
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
  assert.deepEqual(complaintsOf(a, 'A', inDays(29)), [])
  assert.match(
    complaintsOf(a, 'A', inDays(31))[0] ?? '',
    /has ended on .* GMT; make a new one with `ha init --renew`/,
  )
  assert.match(
    complaintsOf(a, 'A', inDays(-2))[0] ?? '',
    /is valid from .* only; set this machine's clock right/,
  )
})

test('files with anything else in them are told of, all at once', async (t) => {
  const { a } = await folders(t)
  for (const name of ['uuid', 'secret', 'ca.pem', 'node.pem', 'node.key'])
    await writeFile(join(a, name), 'what?\n')
  assert.deepEqual(complaintsOf(a), [
    `uuid: pair.folder: is no uuid; ${copyAnew}`,
    `secret: pair.folder: is not 32 bytes in hexadecimal; ${copyAnew}`,
    `ca.pem: pair.folder: is no certificate in PEM; ${copyAnew}`,
    `node.pem: pair.folder: is no certificate in PEM; ${copyAnew}`,
    `node.key: pair.folder: is no private key in PEM; ${copyAnew}`,
  ])
})
