import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Alarms } from '../../../../lib/base/alarms.ts'
import { silentLog } from '../../../../lib/base/log.ts'
import { Archive } from '../../../../lib/users/archive/archive.ts'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { UserStore } from '../../../../lib/users/store/user-store.ts'
import { TestClock } from '../../../support/clock.ts'
import { temporaryFolder } from '../../../support/folder.ts'

test('what the real store held at the end of a month comes back, deleted files too, as new versions', async (t) => {
  const dataFolder = await temporaryFolder(t)
  const clock = new TestClock(0, new Date('2026-11-20T00:00:00Z'))
  const alarms = new Alarms({ clock, log: silentLog })
  const settings = { dataFolder, maxBytes: 1_000_000, versions: 10, binDays: 90, shrinkPercent: 50 }
  const store = new UserStore(settings, { clock, log: silentLog, alarms })
  t.after(() => store.stop(AbortSignal.abort()))
  await store.start(() => {})
  const archive = new Archive(join(dataFolder, 'archive'), { store, alarms, clock, log: silentLog })
  const by = { protocol: 'local', address: '' } as const
  const [kept, deleted] = ['4711_96xxdata.txt', '4712_96xxdata.txt'].map(parseFileName)
  assert.ok(kept && deleted)
  await store.putContent(kept, Buffer.from('November'), by)
  await store.putContent(deleted, Buffer.from('also November'), by)
  clock.setWall(new Date('2026-12-01T12:00:00Z'))
  await store.putContent(kept, Buffer.from('December'), by)
  await store.remove(deleted, by)
  assert.partialDeepStrictEqual(await archive.run(), { outcome: 'written', month: '2026-11', files: 2 })
  assert.deepEqual(await archive.restore('2026-11'), {
    restored: [kept, deleted],
    unchanged: [],
    refused: [],
  })
  const contents = [kept, deleted].map(async (name) => {
    const [newest] = store.versions(name)
    assert.equal(newest?.by.why, 'restored from the archive of 2026-11')
    return (await store.readVersion(name, newest.seq)).toString()
  })
  assert.deepEqual(await Promise.all(contents), ['November', 'also November'])
})
