import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Agreed } from '../../../ha/mirror/agreed.ts'
import { parseMirrorPath } from '../../../ha/mirror/layout.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { recordingLog } from '../../support/recording-log.ts'

const path = parseMirrorPath('HTTPdata/a.txt')
const [old, next] = ['a'.repeat(64), 'b'.repeat(64)]

test('until a content is known to be in place, the one before it is ours too, over a restart', async (t) => {
  const file = join(await temporaryFolder(t), 'mirror/agreed.json')
  const agreed = await Agreed.open(file, silentLog)
  agreed.set({ path, sha256: old })
  agreed.intend({ path, sha256: next })
  await agreed.save()
  const again = await Agreed.open(file, silentLog)
  assert.deepEqual(again.ours.get(path), { agreed: old, intended: [next] })
  again.set({ path, sha256: next })
  await again.save()
  assert.deepEqual((await Agreed.open(file, silentLog)).ours.get(path), { agreed: next, intended: [] })
  assert.deepEqual(await readdir(join(file, '..')), ['agreed.json'])
})

test('what the standby excepts keeps what was agreed on before, and what is gone on both is forgotten', async (t) => {
  const agreed = await Agreed.open(join(await temporaryFolder(t), 'agreed.json'), silentLog)
  for (const name of ['a', 'gone', 'drifted', 'unknown'])
    agreed.set({ path: parseMirrorPath(`HTTPdata/${name}.txt`), sha256: old })
  const rest = { size: 1, mtimeMs: 1, mode: 0o644, sha256: next }
  await agreed.take(
    {
      entries: [
        { path, ...rest },
        { path: parseMirrorPath('HTTPdata/new.txt'), ...rest },
      ],
      unsure: ['HTTPdata/unknown.txt'],
    },
    { except: [path], drift: [{ path: 'HTTPdata/drifted.txt', why: '' }] },
  )
  assert.deepEqual([...agreed.ours].map(([each, { agreed: content }]) => [each, content]).toSorted(), [
    [path, old],
    ['HTTPdata/drifted.txt', old],
    ['HTTPdata/new.txt', next],
    ['HTTPdata/unknown.txt', old],
  ])
})

for (const text of ['', 'null', '{"format":2,"ours":[]}', '{"format":1,"ours":[["x",["y"]]]}', '[]']) {
  test(`a state of ${text === '' ? 'nothing' : text} means that nothing is ours`, async (t) => {
    const file = join(await temporaryFolder(t), 'agreed.json')
    await writeFile(file, text)
    const { log, events } = recordingLog()
    assert.equal((await Agreed.open(file, log)).ours.size, 0)
    assert.equal(events('mirror state unusable').length, 1)
  })
}
