import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { KnownFile } from '../../../ha/agent/known.ts'
import { temporaryFolder } from '../../support/folder.ts'

test('what a node knows of its pair outlives a restart; a new node is somebody', async (t) => {
  const path = join(await temporaryFolder(t), 'pair', 'known.json')
  const fresh = await new KnownFile(path).load()
  assert.match(fresh.machine, /^[\da-f-]{36}$/)
  assert.deepEqual({ ...fresh, machine: '' }, { machine: '', uuid: '', clusterId: '', revision: 0 })
  await new KnownFile(path).save({ ...fresh, uuid: 'u', clusterId: 'c', revision: 9 })
  assert.deepEqual(await new KnownFile(path).load(), { ...fresh, uuid: 'u', clusterId: 'c', revision: 9 })
})

test('one that cannot be read is not taken for a new node', async (t) => {
  const path = join(await temporaryFolder(t), 'known.json')
  await writeFile(path, '{ "machine": ')
  await assert.rejects(
    new KnownFile(path).load(),
    /cannot be read; move it away if this node may join as a new one/,
  )
})
