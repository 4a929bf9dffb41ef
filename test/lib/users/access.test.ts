import assert from 'node:assert/strict'
import { writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { defaultConfig } from '../../../lib/base/config.ts'
import { silentLog } from '../../../lib/base/log.ts'
import type { Protocol } from '../../../lib/base/protocol.ts'
import type { UserPolicyRow } from '../../../lib/base/settings/user-data.ts'
import { AddressLists } from '../../../lib/files/address-lists.ts'
import { Unidentified, type Phone, type PhoneDirectory } from '../../../lib/phones/phone.ts'
import { UserAccess, type AccessRules, type Credentials } from '../../../lib/users/access.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { refusedBecause } from '../../support/refused.ts'

const phone: Phone = { family: '96x0', model: '9630', extension: '4711' }

/** Knows one phone, and from which local address it was asked. */
class OnePhone implements PhoneDirectory {
  readonly asked: string[] = []

  async identify(address: string, from: string): Promise<Phone> {
    this.asked.push(`${address} from ${from}`)
    if (address !== '127.0.1.1') throw new Unidentified(`${address} did not answer`)
    return phone
  }
}

const credentials: Credentials = {
  verify: async (extension, authorization) =>
    authorization === undefined ? 'missing' : authorization === `secret of ${extension}` ? 'yes' : 'no',
}

async function accessWith(
  t: TestContext,
  rules: Partial<AccessRules> = {},
  lists: Record<string, string> = {},
) {
  const folder = await temporaryFolder(t)
  for (const [path, text] of Object.entries(lists)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const directory = new OnePhone()
  const parts = {
    directory,
    credentials,
    lists: new AddressLists(folder, { alarms: new Alarms({ clock: systemClock, log: silentLog }) }),
  }
  return { directory, access: new UserAccess({ ...defaultConfig().userData, ...rules }, parts) }
}

const caller = (protocol: Protocol, address: string) => ({ protocol, address, port: 0 })
const evidence = { localAddress: '127.0.0.9', extension: '4711' }

test('a phone proves by SNMP who it is; it is asked from the address it came to', async (t) => {
  const { access, directory } = await accessWith(t)
  assert.deepEqual(await access.prove(caller('ftp', '127.0.1.1'), evidence), { by: 'snmp', phone })
  assert.deepEqual(directory.asked, ['127.0.1.1 from 127.0.0.9'])
})

test('d41: a phone that does not answer is refused, with the sentence that says so', async (t) => {
  const { access } = await accessWith(t)
  await assert.rejects(
    access.prove(caller('ftp', '127.0.1.2'), evidence),
    refusedBecause('unidentified', /127\.0\.1\.2 did not answer/),
  )
})

const rows: UserPolicyRow[] = [
  { network: '127.0.2.0/24', protocols: ['ftp'], policy: 'open' },
  { network: '127.0.0.0/8', protocols: ['https'], policy: 'credentials' },
  { network: '127.0.2', protocols: ['http', 'ftp', 'https'], policy: 'address-list' },
]

test('the first row of the policies that fits network and protocol counts, then the policy of the protocol', async (t) => {
  const { access } = await accessWith(t, { policies: rows, http: 'open' })
  assert.equal(access.policyFor('ftp', '127.0.2.5'), 'open')
  assert.equal(access.policyFor('https', '127.0.2.5'), 'credentials')
  assert.equal(access.policyFor('http', '127.0.2.5'), 'address-list')
  assert.equal(access.policyFor('http', '127.0.3.5'), 'open')
  assert.equal(access.policyFor('ftp', '127.0.3.5'), 'snmp')
})

test('d45: behind one address a policy of its own tells users apart by name, without asking any phone', async (t) => {
  const { access, directory } = await accessWith(t, { policies: rows })
  assert.deepEqual(await access.prove(caller('ftp', '127.0.2.5'), evidence), { by: 'open' })
  assert.deepEqual(directory.asked, [])
})

test('the policy address-list needs a list, and an address in it', async (t) => {
  const without = await accessWith(t, { ftp: 'address-list' })
  await assert.rejects(
    without.access.prove(caller('ftp', '127.0.1.1'), evidence),
    refusedBecause('unidentified', /there is none for ftp/),
  )
  const { access } = await accessWith(
    t,
    { ftp: 'address-list' },
    { 'FTPdata/FTP_allow_IP.txt': '127.0.1.1\n' },
  )
  assert.deepEqual(await access.prove(caller('ftp', '127.0.1.1'), evidence), { by: 'address-list' })
  await assert.rejects(
    access.prove(caller('ftp', '127.0.1.2'), evidence),
    refusedBecause('forbidden', /no line/),
  )
})

test('an address list keeps out whom SNMP would let in', async (t) => {
  const { access, directory } = await accessWith(t, {}, { 'FTPdata/allow_IP.txt': '10.0.0.0/8\n' })
  await assert.rejects(
    access.prove(caller('ftp', '127.0.1.1'), evidence),
    refusedBecause('forbidden', /no line/),
  )
  assert.deepEqual(directory.asked, [])
})

test('d61: credentials must be there, and be those of the extension', async (t) => {
  const { access } = await accessWith(t, { https: 'credentials' })
  const prove = (authorization?: string) =>
    access.prove(caller('https', '127.0.1.1'), { ...evidence, authorization })
  await assert.rejects(prove(), refusedBecause('unauthorized', /no credentials came/))
  await assert.rejects(prove('secret of 4712'), refusedBecause('unauthorized', /not those of extension 4711/))
  assert.deepEqual(await prove('secret of 4711'), { by: 'credentials' })
})

test('there is no user data over TFTP', async (t) => {
  const { access } = await accessWith(t)
  await assert.rejects(
    access.prove(caller('tftp', '127.0.1.1'), evidence),
    refusedBecause('forbidden', /TFTP/),
  )
})
