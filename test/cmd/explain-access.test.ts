import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainAccess } from '../../cmd/explain-access.ts'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { silentLog } from '../../lib/base/log.ts'
import { AddressLists } from '../../lib/files/address-lists.ts'
import { writeFiles } from '../support/file-store.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusedAs } from '../support/refused.ts'

test('an explanation says what would become of a request, and by which line', async (t) => {
  const folder = await temporaryFolder(t)
  const list = 'HTTPdata/allow_IP.txt'
  await writeFiles(folder, { [list]: '# hall\n10.0.0.1' })
  const lists = new AddressLists(folder, { alarms: new Alarms({ clock: systemClock, log: silentLog }) })
  const explain = (address: string, name: string) =>
    explainAccess(lists, { protocol: 'http', address, port: 80 }, name)
  assert.deepEqual(explain('10.0.0.1', 'missing.bin'), {
    protocol: 'http',
    allowed: true,
    list,
    line: 2,
    why: `line 2 of ${list}: 10.0.0.1`,
    instead: null,
  })
  assert.deepEqual(explain('10.0.0.9', '46xxsettings.txt'), {
    protocol: 'http',
    allowed: false,
    list,
    line: null,
    why: `no line of ${list} holds 10.0.0.9`,
    instead: 'fxd_settings.txt',
  })
  assert.throws(() => explain('10.0.0.1', '../x'), refusedAs('badName'))
})
