import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Agreed } from '../../../../ha/mirror/agreed.ts'
import { Placer } from '../../../../ha/mirror/disk/placer.ts'
import { Scanner } from '../../../../ha/mirror/disk/scanner.ts'
import { parseMirrorPath } from '../../../../ha/mirror/layout.ts'
import { Places } from '../../../../ha/mirror/places.ts'
import { makePlan } from '../../../../ha/mirror/plan.ts'
import { Applier } from '../../../../ha/mirror/pull/applier.ts'
import { Blobs } from '../../../../ha/mirror/pull/blobs.ts'
import { silentLog } from '../../../../lib/base/log.ts'
import { systemClock } from '../../../../lib/base/clock.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { lay, placesBelow } from '../../../support/mirrors.ts'

const never = new AbortController().signal

test('once this node is not the standby any more nothing further is changed', async (t) => {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'TFTPdata'))
  await lay(join(folder, 'HTTPdata/a.txt'), 'content')
  const places = new Places(placesBelow(folder))
  const scanner = new Scanner(places, { settledMs: 0, clock: systemClock })
  const agreed = await Agreed.open(join(folder, 'agreed.json'), silentLog)
  const blobs = new Blobs(join(folder, 'blobs'), { reserveBytes: 0 })
  const placer = new Placer(places, { log: silentLog })
  const applier = new Applier({ places, scanner, placer, blobs, agreed, log: silentLog })
  const scan = await scanner.scan(never)
  const same = { sha256: sha256Of('content'), size: 7, mtimeMs: 1_000, mode: 0o644 }
  const entries = ['HTTPdata/a.txt', 'TFTPdata/a.txt'].map((path) => ({
    path: parseMirrorPath(path),
    ...same,
  }))
  const plan = makePlan({ wanted: { entries, unsure: [] }, scan, ours: agreed.ours })
  assert.deepEqual(await applier.apply(plan, scan, AbortSignal.abort()), [])
  assert.deepEqual(await readdir(join(folder, 'TFTPdata')), [])
  assert.deepEqual((await applier.apply(plan, scan, never)).toSorted(), ['HTTPdata/a.txt', 'TFTPdata/a.txt'])
})
