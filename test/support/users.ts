import type { TestContext } from 'node:test'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import { AddressLists } from '../../lib/files/address-lists.ts'
import type { FileName } from '../../lib/files/file-name.ts'
import { Unidentified, type Phone, type PhoneDirectory } from '../../lib/phones/phone.ts'
import { UserAccess } from '../../lib/users/access.ts'
import { UserNames } from '../../lib/users/names.ts'
import { UserStore } from '../../lib/users/store/user-store.ts'
import { UserData } from '../../lib/users/user-data.ts'
import { temporaryFolder } from './folder.ts'

/** Phones by address, as if each had answered. */
export class KnownPhones implements PhoneDirectory {
  readonly phones = new Map<string, Phone>()

  async identify(address: string): Promise<Phone> {
    const phone = this.phones.get(address)
    if (phone === undefined) throw new Unidentified(`the phone at ${address} did not answer`)
    return phone
  }
}

/** Users' data in a folder of the test's own, with phones that are known without being asked. */
export async function usersIn(t: TestContext, change: Partial<Config['userData']> = {}) {
  const dataFolder = await temporaryFolder(t)
  const settings = { ...defaultConfig().userData, ...change }
  const log = silentLog
  const alarms = new Alarms({ clock: systemClock, log })
  const directory = new KnownPhones()
  const credentials = {
    verify: async (extension: string, authorization: string | undefined) =>
      authorization === undefined ? 'missing' : authorization === `of ${extension}` ? 'yes' : 'no',
  } as const
  const lists = new AddressLists(dataFolder, { alarms })
  const access = new UserAccess(settings, { directory, lists, credentials })
  const names = new UserNames(settings)
  const store = new UserStore({ ...settings, dataFolder }, { clock: systemClock, log, alarms })
  await store.start(() => {})
  t.after(() => store.stop(AbortSignal.timeout(1_000)))
  const data = new UserData(settings, { names, access, store })
  const contentOf = async (name: string) => String((await store.read(name as FileName)).content)
  return { dataFolder, directory, access, names, store, data, contentOf }
}

export const phone = (extension: string, more: Partial<Phone> = {}): Phone => ({
  family: '96x0',
  model: '9630',
  extension,
  ...more,
})
