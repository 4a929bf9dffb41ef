import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { statusCommand } from '../../../cmd/twintone/status.ts'
import { controlSocket, controlSocketPath } from '../../../lib/base/control-socket.ts'
import type { Snapshot } from '../../../lib/status/snapshot.ts'
import { Totals } from '../../../lib/status/totals.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { finished, quietNode } from '../../support/snapshot.ts'
import { run } from '../../support/run-command.ts'

/** What the command says of a node in that state. */
async function statusOf(t: TestContext, now: Snapshot): Promise<{ code: number; stdout: string }> {
  const folder = await temporaryFolder(t)
  const socket = controlSocket(controlSocketPath(folder, 'fileserver'), (app) => {
    app.get('/status', async () => now)
  })
  await socket.start(() => {})
  t.after(() => socket.stop(AbortSignal.abort()))
  const config = join(folder, 'twintone.toml')
  await writeFile(config, '[run]\nfolder = "."\n')
  return run(statusCommand, ['--config', config])
}

test('what was sent, stored and removed is counted for each protocol, and bytes in both directions', async (t) => {
  const totals = new Totals()
  totals.record(finished({ bytes: 3_000 }))
  totals.record(finished({ result: 'stored', bytes: 2_000 }))
  totals.record(finished({ result: 'removed', bytes: 0 }))
  const { code, stdout } = await statusOf(t, quietNode({ totals: totals.all() }))
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^since start +sent +unchanged +stored +removed +refused +broken +under way +bytes sent +received$/m,
  )
  assert.match(stdout, /^http +1 +0 +1 +1 +0 +0 +0 +3\.0 KB +2\.0 KB$/m)
})

test('a node of which nobody has asked anything says so', async (t) => {
  assert.match((await statusOf(t, quietNode())).stdout, /nothing asked for yet/)
})
