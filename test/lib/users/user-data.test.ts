import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from '../../../lib/files/caller.ts'
import { parseFileName } from '../../../lib/files/file-name.ts'
import type { Presented } from '../../../lib/files/service.ts'
import type { UserData } from '../../../lib/users/user-data.ts'
import { refusedAs, refusedBecause } from '../../support/refused.ts'
import { phone, usersIn } from '../../support/users.ts'

const from = (address: string, protocol: Caller['protocol'] = 'http'): Caller => ({
  protocol,
  address,
  port: 80,
})

async function save(
  data: UserData,
  caller: Caller,
  name: string,
  content: string,
  presented: Presented = {},
) {
  const upload = await data.save(caller, parseFileName(name), presented, content.length)
  await upload.write(Buffer.from(content))
  return upload.commit()
}

const read = async (data: UserData, caller: Caller, name: string, presented: Presented = {}) =>
  String((await data.read(caller, parseFileName(name), presented)).content)

test('a phone saves, replaces, reads and deletes its own backup, at any backup path and over any door', async (t) => {
  const { data, directory, contentOf } = await usersIn(t)
  directory.phones.set('127.0.1.1', phone('4711'))
  assert.equal(await save(data, from('127.0.1.1'), '4711_96xxdata.txt', 'one'), 'created')
  assert.equal(await save(data, from('127.0.1.1'), 'backup/4711_96XXdata.txt', 'two'), 'replaced')
  assert.equal(await read(data, from('127.0.1.1', 'https'), '4711_96xxdata.txt'), 'two')
  assert.equal(await contentOf('4711_96xxdata.txt'), 'two')
  await data.remove(from('127.0.1.1'), parseFileName('4711_96xxdata.txt'), {})
  await assert.rejects(read(data, from('127.0.1.1'), '4711_96xxdata.txt'), refusedAs('notFound'))
})

test("d42, d60: a phone neither reads, writes nor deletes another user's backup", async (t) => {
  const { data, directory, contentOf } = await usersIn(t)
  directory.phones.set('127.0.1.1', phone('4711'))
  directory.phones.set('127.0.1.2', phone('4712'))
  await save(data, from('127.0.1.1'), '4711_96xxdata.txt', 'of 4711')
  const other = from('127.0.1.2')
  const why = refusedBecause('forbidden', /the phone is 4712, and the file is of 4711/)
  await assert.rejects(read(data, other, '4711_96xxdata.txt'), why)
  await assert.rejects(save(data, other, '4711_96xxdata.txt', 'x'), why)
  await assert.rejects(data.remove(other, parseFileName('4711_96xxdata.txt'), {}), why)
  assert.equal(await contentOf('4711_96xxdata.txt'), 'of 4711')
})

test('extensions that differ in case do not share a file', async (t) => {
  const { data, directory } = await usersIn(t)
  directory.phones.set('127.0.1.1', phone('ABC'))
  directory.phones.set('127.0.1.2', phone('abc'))
  await save(data, from('127.0.1.1'), 'ABC_96xxdata.txt', 'of ABC')
  await assert.rejects(read(data, from('127.0.1.2'), 'abc_96xxdata.txt'), refusedAs('notFound'))
})

test('what is named like a backup is to be had nowhere outside of the backup paths and over TFTP', async (t) => {
  const { data, directory } = await usersIn(t, { httpPaths: ['/users/'] })
  directory.phones.set('127.0.1.1', phone('4711'))
  assert.equal(data.owns(parseFileName('firmware/4711_96xxdata.txt')), true)
  for (const name of ['4711_96xxdata.txt', 'firmware/4711_96xxdata.txt', 'users/deep/4711_96xxdata.txt'])
    await assert.rejects(read(data, from('127.0.1.1'), name), refusedAs('forbidden'), name)
  await assert.rejects(
    read(data, from('127.0.1.1', 'tftp'), 'users/4711_96xxdata.txt'),
    refusedAs('forbidden'),
  )
  assert.equal(await save(data, from('127.0.1.1'), 'users/4711_96xxdata.txt', 'x'), 'created')
})

test('common files without an extension and everything else are not owned', async (t) => {
  const { data } = await usersIn(t)
  for (const name of ['9610data.txt', '46xxsettings.txt', '4711_unknown.txt', '0004f2abcdef-boot.log'])
    assert.equal(data.owns(parseFileName(name)), false, name)
})

test('d58: a backup larger than allowed is refused before anything of it is read', async (t) => {
  const { data, directory } = await usersIn(t, { maxBytes: 2_000 })
  directory.phones.set('127.0.1.1', phone('4711'))
  await assert.rejects(
    data.save(from('127.0.1.1'), parseFileName('4711_96xxdata.txt'), {}, 2_001),
    refusedAs('tooLarge'),
  )
})

test('a J100 without a backup gets an empty file, known by SNMP or by what it says of itself; a 9630 gets 404', async (t) => {
  const { data, directory } = await usersIn(t, { https: 'open' })
  directory.phones.set('127.0.1.1', phone('4711', { model: 'J179D02A' }))
  assert.equal(await read(data, from('127.0.1.1'), '4711_96xxdata.txt'), '')
  const sayingJ139 = { phone: { model: 'J139' } }
  assert.equal(await read(data, from('127.0.1.9', 'https'), '4712_96xxdata.txt', sayingJ139), '')
  directory.phones.set('127.0.1.2', phone('4713'))
  await assert.rejects(read(data, from('127.0.1.2'), '4713_96xxdata.txt'), refusedAs('notFound'))
})

test('d61: credentials open the backup of their extension only', async (t) => {
  const { data } = await usersIn(t, { https: 'credentials' })
  const phoneAt = from('127.0.1.1', 'https')
  await assert.rejects(save(data, phoneAt, '4711_96xxdata.txt', 'x'), refusedAs('unauthorized'))
  await assert.rejects(
    save(data, phoneAt, '4711_96xxdata.txt', 'x', { authorization: 'of 4712' }),
    refusedAs('unauthorized'),
  )
  assert.equal(await save(data, phoneAt, '4711_96xxdata.txt', 'x', { authorization: 'of 4711' }), 'created')
})

test('uploads of other vendors are off until the settings name them, and go into a folder for each phone', async (t) => {
  const { data, directory, contentOf } = await usersIn(t, { uploads: ['-boot.log'] })
  directory.phones.set('127.0.1.1', phone('4711', { mac: '0004f2abcdef' }))
  assert.equal(await save(data, from('127.0.1.1'), '0004F2ABCDEF-boot.log', 'booted'), 'created')
  assert.equal(await contentOf('0004f2abcdef/0004f2abcdef-boot.log'), 'booted')
  await assert.rejects(
    save(data, from('127.0.1.1'), '0004f2000000-boot.log', 'x'),
    refusedBecause('forbidden', /the phone is 0004f2abcdef/),
  )
})
