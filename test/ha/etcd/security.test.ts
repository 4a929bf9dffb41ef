import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSecurity } from '../../../ha/etcd/security.ts'
import { temporaryFolder } from '../../support/folder.ts'

const none = { ca: '', certificate: '', key: '', user: '', password: '' }

test('without an authority there is no TLS, and without a user no login', async () => {
  assert.deepEqual(await readSecurity(none), { tls: undefined, login: undefined })
  const login = { user: 'pair', password: 'secret' }
  assert.deepEqual((await readSecurity({ ...none, ...login })).login, {
    username: 'pair',
    password: 'secret',
  })
})

test('settings that make no sense together are refused by name', async (t) => {
  const ca = join(await temporaryFolder(t), 'ca.pem')
  writeFileSync(ca, '-----BEGIN CERTIFICATE-----\n')
  await assert.rejects(
    readSecurity({ ...none, certificate: ca, key: ca }),
    /^Error: pairEtcd\.certificate.* need pairEtcd\.ca/,
  )
  await assert.rejects(readSecurity({ ...none, ca, certificate: ca }), /pairEtcd\.key go together/)
  await assert.rejects(readSecurity({ ...none, ca, key: ca }), /pairEtcd\.key go together/)
  assert.equal((await readSecurity({ ...none, ca })).tls?.certChain, undefined)
})

test('a file that is missing or no PEM is named with its setting', async (t) => {
  const folder = await temporaryFolder(t)
  const ca = join(folder, 'ca.pem')
  await assert.rejects(
    readSecurity({ ...none, ca }),
    /^Error: pairEtcd\.ca: .*ca\.pem cannot be used: ENOENT/,
  )
  writeFileSync(ca, 'something else')
  await assert.rejects(readSecurity({ ...none, ca }), /it is no PEM file/)
})
