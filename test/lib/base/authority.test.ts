import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { issueCertificate, makeAuthority } from '../../../lib/base/authority.ts'
import type { CertificateAndKey } from '../../../lib/base/x509.ts'
import { temporaryFolder } from '../../support/folder.ts'

const daysOf = ({ validFromDate, validToDate }: X509Certificate) =>
  Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000)

const issued = (authority: CertificateAndKey, days = 10) =>
  issueCertificate(authority, { name: 'EY-FTP1', addresses: ['10.0.0.1', '2001:db8::1'], days })

test('an authority signs, and is nothing else', async () => {
  const x509 = new X509Certificate((await makeAuthority({ name: 'all of ours', days: 100 })).certificate)
  assert.equal(x509.subject, 'CN=all of ours')
  assert.equal(x509.ca, true)
  assert.equal(x509.keyUsage, undefined, 'no use of its own for TLS')
  assert.equal(x509.subjectAltName, undefined)
  assert.equal(x509.verify(x509.publicKey), true)
  assert.equal(daysOf(x509), 101)
})

test('what it issues names host and addresses, is for servers and clients, and cannot sign itself', async () => {
  const authority = await makeAuthority({ name: 'ours', days: 100 })
  const { certificate, key } = await issued(authority)
  const x509 = new X509Certificate(certificate)
  const ca = new X509Certificate(authority.certificate)
  assert.equal(x509.subject, 'CN=EY-FTP1')
  assert.equal(x509.issuer, 'CN=ours')
  assert.equal(x509.checkHost('EY-FTP1'), 'EY-FTP1')
  assert.equal(x509.checkIP('10.0.0.1'), '10.0.0.1')
  assert.equal(x509.checkIP('2001:db8::1'), '2001:db8::1')
  assert.equal(x509.ca, false)
  assert.deepEqual(x509.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  assert.equal(x509.checkIssued(ca), true)
  assert.equal(x509.verify(ca.publicKey), true)
  assert.equal(x509.checkPrivateKey(createPrivateKey(key)), true)
  assert.deepEqual(x509.publicKey.asymmetricKeyDetails, { namedCurve: 'prime256v1' })
})

test('nothing it issues outlives it', async () => {
  const authority = await makeAuthority({ name: 'ours', days: 100 })
  const { validTo } = new X509Certificate((await issued(authority, 1_000)).certificate)
  assert.equal(validTo, new X509Certificate(authority.certificate).validTo)
})

async function verify(t: TestContext, authority: CertificateAndKey, certificate: CertificateAndKey) {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'ca.pem'), authority.certificate)
  await writeFile(join(folder, 'node.pem'), certificate.certificate)
  const purposes = ['sslserver', 'sslclient'].map((purpose) =>
    execa(
      'openssl',
      ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.pem', '-no-CApath', 'node.pem'],
      { cwd: folder, reject: false, timeout: 10_000 },
    ),
  )
  return (await Promise.all(purposes)).map(({ stdout, stderr }) => stdout || stderr)
}

test('openssl accepts the chain for servers and clients, and none to another authority of the same name', async (t) => {
  const [ours, other] = [
    await makeAuthority({ name: 'ours', days: 100 }),
    await makeAuthority({ name: 'ours', days: 100 }),
  ]
  const node = await issued(ours)
  assert.deepEqual(await verify(t, ours, node), ['node.pem: OK', 'node.pem: OK'])
  for (const answer of await verify(t, other, node)) assert.match(answer, /verification failed|error/)
})
