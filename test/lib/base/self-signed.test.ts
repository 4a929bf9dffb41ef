import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'

test('a self-signed certificate names hosts and addresses, fits its key and vouches for itself', async () => {
  const names = ['files.example', '*.phones.example', '10.1.2.3', '2001:db8::1']
  const { certificate, key } = await makeSelfSigned({ names, days: 30 })
  const x509 = new X509Certificate(certificate)
  assert.equal(x509.checkHost('files.example'), 'files.example')
  assert.equal(x509.checkHost('a.phones.example'), '*.phones.example')
  assert.equal(x509.checkIP('10.1.2.3'), '10.1.2.3')
  assert.equal(x509.checkIP('2001:db8::1'), '2001:db8::1')
  assert.equal(x509.checkHost('other.example'), undefined)
  assert.equal(x509.checkPrivateKey(createPrivateKey(key)), true)
  assert.equal(x509.verify(x509.publicKey), true)
  assert.equal(x509.ca, true)
  assert.deepEqual(x509.publicKey.asymmetricKeyDetails?.modulusLength, 2_048)
  createSecureContext({ cert: certificate, key })
})

test('it is valid from a day ago, for as many days as asked', async () => {
  const { certificate } = await makeSelfSigned({ names: ['a'], days: 30 })
  const { validFromDate, validToDate } = new X509Certificate(certificate)
  const days = (validToDate.getTime() - validFromDate.getTime()) / 86_400_000
  assert.equal(Math.round(days), 31)
  assert.equal(validFromDate < new Date(), true)
})

test('a name with characters that mean something to LDAP stays one name', async () => {
  const { certificate } = await makeSelfSigned({ names: ['a, CN=b+c'], days: 1 })
  assert.equal(new X509Certificate(certificate).subject, 'CN=a\\, CN=b\\+c')
})

test('two certificates have different numbers and keys', async () => {
  const [one, other] = await Promise.all(
    [1, 2].map(() => makeSelfSigned({ names: ['a'], days: 1, rsaBits: 1_024 })),
  )
  assert.notEqual(one?.key, other?.key)
  const numbers = [one, other].map((each) => new X509Certificate(each?.certificate ?? '').serialNumber)
  assert.notEqual(numbers[0], numbers[1])
})
