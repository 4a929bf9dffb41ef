import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOf, processFacts } from '../../watchdog/process-facts.ts'

for (const [target, kind] of [
  ['socket:[4711]', 'socket'],
  ['pipe:[12]', 'pipe'],
  ['anon_inode:[eventpoll]', 'anon_inode:[eventpoll]'],
  ['/dev/null', 'device'],
  ['/var/lib/twintone/FTPdata/4711_96xxdata.txt', 'file'],
  ['/var/lib/twintone/old (deleted)', 'deleted file'],
] as const)
  test(`a descriptor that is ${target} counts as ${kind}`, () => assert.equal(kindOf(target), kind))

test('a process that is not there says so, part by part', async () => {
  const { descriptors, threads, status } = await processFacts(4_194_305)
  for (const part of [descriptors, threads, status]) {
    assert.ok(typeof part === 'string')
    assert.match(part, /^not readable: ENOENT/)
  }
})

test('each thread tells its name and what it does', async () => {
  const { threads } = await processFacts(process.pid)
  assert.ok(Array.isArray(threads))
  assert.equal(threads[0]?.tid, process.pid)
  assert.match(threads[0]?.state ?? '', /^[RSD] /)
})
