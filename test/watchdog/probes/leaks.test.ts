import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startProbedNode } from '../../support/probed-node.ts'
import { descriptors, resources } from '../../support/resources.ts'
import { until } from '../../support/until.ts'
import { whyOf } from '../../support/lone-probe.ts'

const rounds = 100

test('a hundred rounds leave no descriptor, timer or file behind', async (t) => {
  const { probes, config } = await startProbedNode(t, (settings) => {
    settings.log.file = join(settings.data.folder, 'x.log')
  })
  const round = () =>
    Promise.all(
      probes.all.map(async (probe) => ({
        name: probe.name,
        // How this machine is, the test cannot choose.
        isMachine: probe.about.kind === 'machine',
        finding: await probe.run(new AbortController().signal),
      })),
    )
  await round()
  const before = await settled()
  for (let count = 0; count < rounds; count += 1)
    for (const { name, isMachine, finding } of await round())
      assert.ok(isMachine || finding.outcome === 'ok', `round ${count}, ${name}: ${whyOf(finding)}`)
  await until(() =>
    descriptors() <= before.descriptors && resources() <= before.resources ? true : undefined,
  )
  assertNoFiles(config.data.folder)
})

test('nor do rounds that are broken off in the middle', async (t) => {
  const { probes, config } = await startProbedNode(t, (settings) => {
    // The file server is in this process too, and waits that long for those that have gone.
    settings.tftp.giveUpMs = settings.ftp.dataTimeoutMs = settings.http.idleTimeoutMs = 1_000
  })
  const doors = probes.all.filter(({ about }) => about.kind === 'door')
  await Promise.all(doors.map((probe) => probe.run(new AbortController().signal)))
  const before = await settled()
  for (let count = 0; count < rounds; count += 1) {
    const controller = new AbortController()
    const running = Promise.all(doors.map((probe) => probe.run(controller.signal)))
    setTimeout(() => controller.abort(), count % 25)
    await running
  }
  await until(() =>
    descriptors() <= before.descriptors && resources() <= before.resources ? true : undefined,
  )
  await until(() => (checkFiles(config.data.folder).length === 0 ? true : undefined))
  const finished = await Promise.all(doors.map((probe) => probe.run(new AbortController().signal)))
  for (const finding of finished) assert.equal(finding.outcome, 'ok', whyOf(finding))
  assertNoFiles(config.data.folder)
})

/** The server closes its side of the last connections a moment later. */
async function settled(): Promise<{ descriptors: number; resources: number }> {
  let last = -1
  await until(() => {
    const now = descriptors() * 1_000 + resources()
    const same = now === last
    last = now
    return same ? true : undefined
  })
  return { descriptors: descriptors(), resources: resources() }
}

const checkFiles = (folder: string) =>
  ['HTTPdata', 'HTTPSdata', 'TFTPdata'].flatMap((data) => readdirSync(join(folder, data)))

function assertNoFiles(folder: string): void {
  assert.deepEqual(checkFiles(folder), [])
  assert.deepEqual(readdirSync(join(folder, 'FTPdata')), [])
  assert.deepEqual(
    readdirSync(join(folder, '.state')).filter((name) => name.startsWith('.watchdog')),
    [],
  )
}
