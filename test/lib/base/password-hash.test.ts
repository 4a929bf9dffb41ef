import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { test } from 'node:test'
import { hashPassword, isPasswordHash, nobodysHash, verifyPassword } from '../../../lib/base/password-hash.ts'

const hashOf = (password: string, N = 16, r = 1, p = 1) => {
  const salt = Buffer.from('12345678')
  const hash = scryptSync(password, salt, 32, { N, r, p })
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

test('a password fits its own hash and no other', async () => {
  const hash = await hashPassword('tom&jerry')
  assert.match(hash, /^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
  assert.equal(await verifyPassword(hash, 'tom&jerry'), true)
  for (const wrong of ['', 'tom&jerr', 'tom&jerryy', 'Tom&jerry'])
    assert.equal(await verifyPassword(hash, wrong), false, wrong)
})

test('the same password has another hash each time', async () => {
  assert.notEqual(await hashPassword('1234'), await hashPassword('1234'))
})

test('a hash made with other parameters, as by another release, still counts', async () => {
  assert.equal(await verifyPassword(hashOf('1234', 1_024, 8, 2), '1234'), true)
  assert.equal(await verifyPassword(hashOf('1234', 1_024, 8, 2), '1235'), false)
})

test('the vector of RFC 7914 fits', async () => {
  const hash =
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887'
  const salt = Buffer.from('SodiumChloride').toString('base64url')
  const text = `scrypt$16384$8$1$${salt}$${Buffer.from(hash, 'hex').toString('base64url')}`
  assert.equal(await verifyPassword(text, 'pleaseletmein'), true)
})

test('a letter typed as one character is the one typed as two', async () => {
  assert.equal(await verifyPassword(await hashPassword('Z\u00fcrich'), 'Zu\u0308rich'), true)
})

test('what is no hash fits nothing, not even itself', async () => {
  const good = hashOf('1234')
  for (const text of ['', 'jerry', 'scrypt', good.replace('scrypt', 'bcrypt'), `${good}\n`, `${good}=`]) {
    assert.equal(isPasswordHash(text), false, text)
    assert.equal(await verifyPassword(text, text), false, text)
    assert.equal(await verifyPassword(text, ''), false, text)
  }
  assert.equal(isPasswordHash(good), true)
})

test('a hash that would cost gigabytes or minutes is not looked at', async () => {
  const [, , , , salt, hash] = hashOf('1234').split('$')
  for (const parameters of ['1073741824$8$1', '2097152$8$1', '131072$16$1', '131072$8$9', '131072$8$99']) {
    const text = `scrypt$${parameters}$${salt}$${hash}`
    assert.equal(isPasswordHash(text), false, parameters)
    assert.equal(await verifyPassword(text, '1234'), false)
  }
  for (const parameters of ['0$8$1', '1$8$1', '1000$8$1', '16$0$1', '16$1$0', '-16$1$1', '1e3$1$1'])
    assert.equal(isPasswordHash(`scrypt$${parameters}$${salt}$${hash}`), false, parameters)
})

test('a password of a kilobyte is the longest there is', async () => {
  assert.equal(await verifyPassword(hashOf('a'.repeat(1_024)), 'a'.repeat(1_024)), true)
  assert.equal(await verifyPassword(hashOf('a'.repeat(1_025)), 'a'.repeat(1_025)), false)
})

test("nobody's hash costs what a real one costs, and is another each time", async () => {
  const hash = nobodysHash()
  const parametersOf = (text: string) => text.split('$').slice(0, 4)
  assert.deepEqual(parametersOf(hash), parametersOf(await hashPassword('1234')))
  assert.equal(await verifyPassword(hash, ''), false)
  assert.notEqual(hash, nobodysHash())
})
