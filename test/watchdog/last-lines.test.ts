import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { lastLines } from '../../watchdog/last-lines.ts'
import { temporaryFolder } from '../support/folder.ts'

async function lastOf(t: TestContext, text: string, count: number) {
  const path = join(await temporaryFolder(t), 'log')
  writeFileSync(path, text)
  return lastLines(path, count)
}

test('the last lines of a file, in order', async (t) => {
  assert.deepEqual(await lastOf(t, 'a\nb\nc\n', 2), ['b', 'c'])
  assert.deepEqual(await lastOf(t, 'a\nb', 9), ['a', 'b'])
  assert.deepEqual(await lastOf(t, '', 2), [''])
})

test('of a long file only the end is read', async (t) => {
  const lines = await lastOf(t, `${'x'.repeat(10_000_000)}\nend\n`, 200)
  assert.equal(lines.at(-1), 'end')
  assert.equal(lines.length, 2)
  assert.ok((lines[0]?.length ?? 0) < 300_000)
})

test('a file that is not there says so', async () => {
  await assert.rejects(lastLines('/no/such/log', 2), /ENOENT/)
})
