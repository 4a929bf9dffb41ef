import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { EvidenceFolder } from '../../watchdog/evidence-folder.ts'
import { temporaryFolder } from '../support/folder.ts'

async function evidenceIn(t: TestContext, bytes = 1_000_000) {
  const root = join(await temporaryFolder(t), 'evidence')
  const evidence = new EvidenceFolder(root, { folders: 3, bytes, fileBytes: 100 })
  let second = 1_000_000_000
  /** Each a second later than the one before. */
  const keep = async (incident: string, text = 'x') => {
    const folder = await evidence.begin(incident)
    await evidence.write(folder, 'log.txt', text)
    utimesSync(folder, ++second, second)
    await evidence.prune(folder)
    return folder
  }
  return { root, keep, kept: () => readdirSync(root).toSorted() }
}

test('the newest folders stay', async (t) => {
  const { keep, kept } = await evidenceIn(t)
  for (const incident of ['z', 'y', 'x', 'w']) await keep(incident)
  assert.deepEqual(kept(), ['w', 'x', 'y'])
})

test('a second restart of one incident has a folder of its own', async (t) => {
  const { keep, kept } = await evidenceIn(t)
  await keep('a', 'first')
  const second = await keep('a', 'second')
  assert.deepEqual(kept(), ['a', 'a-2'])
  assert.equal(readFileSync(join(second, 'log.txt'), 'utf8'), 'second')
})

test('an incident that is restarted without end keeps its last ones', async (t) => {
  const { keep, kept } = await evidenceIn(t)
  for (let time = 0; time < 20; time++) await keep('a')
  assert.equal(kept().length, 3)
})

test('all together are bounded, and the newest stays however large', async (t) => {
  const { keep, kept } = await evidenceIn(t, 150)
  await keep('a', 'x'.repeat(100))
  await keep('b', 'x'.repeat(100))
  assert.deepEqual(kept(), ['b'])
  await keep('c', 'x'.repeat(40))
  assert.deepEqual(kept(), ['b', 'c'])
})

test('one file is bounded, and others than the service and its group cannot read it', async (t) => {
  const { keep } = await evidenceIn(t)
  const folder = await keep('a', 'y'.repeat(1_000))
  const { size, mode } = statSync(join(folder, 'log.txt'))
  assert.deepEqual([size, mode & 0o007, statSync(folder).mode & 0o007], [100, 0, 0])
})
