import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'
import { Certificates, type CertificateSettings } from '../../../lib/tls/certificates.ts'
import { readKeyPair, readKeyPairs } from '../../../lib/tls/key-pair.ts'
import { certificateFiles, writePair } from '../../support/http.ts'

const settingsOf = (paths: { certificate: string; key: string }): CertificateSettings => ({
  ...paths,
  certsFolder: '',
  clientAuth: 'none',
  clientCa: '',
})

test('d79: a key that every user can read is refused, and the message says what to do', async (t) => {
  const { certificate, key } = await certificateFiles(t)
  await chmod(key, 0o604)
  assert.throws(() => readKeyPair(certificate, key), new RegExp(`chmod 600 ${key}`))
})

test('d79: a key that its group can read is taken and marked', async (t) => {
  const { certificate, key } = await certificateFiles(t)
  assert.equal(readKeyPair(certificate, key).keyReadableByGroup, false)
  await chmod(key, 0o640)
  assert.equal(readKeyPair(certificate, key).keyReadableByGroup, true)
})

test('a key that does not belong to its certificate is refused', async (t) => {
  const { certificate } = await certificateFiles(t)
  const other = await certificateFiles(t)
  assert.throws(() => readKeyPair(certificate, other.key), /does not belong to the certificate/)
})

test('what is missing or damaged is named', async (t) => {
  const { folder, certificate, key } = await certificateFiles(t)
  const damaged = join(folder, 'damaged.pem')
  await writeFile(damaged, '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n')
  assert.throws(() => readKeyPair(join(folder, 'none.pem'), key), /certificate .*none\.pem cannot be read/)
  assert.throws(
    () => readKeyPair(certificate, join(folder, 'none.key')),
    /private key .*none\.key cannot be read/,
  )
  assert.throws(() => readKeyPair(damaged, key), /damaged\.pem is no certificate in PEM/)
  await chmod(damaged, 0o600)
  assert.throws(() => readKeyPair(certificate, damaged), /damaged\.pem is no private key in PEM/)
})

test('a folder gives its pairs, and no heed to what has no partner', async (t) => {
  const { folder } = await certificateFiles(t)
  await writePair({ certificate: join(folder, 'b.crt'), key: join(folder, 'b.key') }, ['b.example'])
  await writeFile(join(folder, 'ca.pem'), 'anything')
  await writeFile(join(folder, 'lonely.key'), 'anything')
  assert.deepEqual(
    readKeyPairs(folder).map(({ file }) => file),
    [join(folder, 'b.crt'), join(folder, 'server.pem')],
  )
  assert.deepEqual(readKeyPairs(join(folder, 'none')), [])
})

test('the certificates in use are listed, the default one once and first', async (t) => {
  const { folder, certificate, key } = await certificateFiles(t, ['a.example', '10.1.2.3'])
  const more = join(folder, 'more')
  await mkdir(more)
  await copyFile(certificate, join(folder, 'z.pem'))
  await writePair({ certificate: join(folder, 'b.pem'), key: join(folder, 'b.key') }, ['b.example'], 10)
  const certificates = new Certificates({ ...settingsOf({ certificate, key }), certsFolder: folder }, [
    'modern',
  ])
  const list = certificates.list(new Date())
  assert.deepEqual(
    list.map(({ file, subject, names, daysLeft, ...rest }) => [file, subject, names, daysLeft, rest.default]),
    [
      [certificate, 'CN=a.example', ['a.example', '10.1.2.3'], 89, true],
      [join(folder, 'b.pem'), 'CN=b.example', ['b.example'], 9, false],
    ],
  )
  assert.match(list[0]?.validTo ?? '', /^\d{4}-\d\d-\d\dT/)
})

test('a certificate too weak for the profile is refused before it is used', async (t) => {
  const { certificate, key } = await certificateFiles(t)
  const weak = await makeSelfSigned({ names: ['a'], days: 1, rsaBits: 1_024 })
  await writeFile(certificate, weak.certificate)
  await writeFile(key, weak.key)
  const settings = settingsOf({ certificate, key })
  assert.throws(() => new Certificates(settings, ['modern']), /cannot be used with the TLS profile modern/)
  assert.equal(new Certificates(settings, ['legacy']).pairs.length, 1)
})

test('authorities for client certificates that cannot be read are named', async (t) => {
  const paths = await certificateFiles(t)
  const settings = { ...settingsOf(paths), clientAuth: 'require', clientCa: '/none/ca.pem' } as const
  assert.throws(
    () => new Certificates(settings, ['modern']),
    /https\.clientCa: \/none\/ca\.pem cannot be read/,
  )
  assert.equal((await readFile(paths.certificate, 'utf8')).startsWith('-----BEGIN CERTIFICATE-----'), true)
})
