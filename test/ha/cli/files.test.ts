import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { controlSocket, controlSocketPath } from '../../../lib/base/control-socket.ts'
import type { Command } from '../../../lib/base/command.ts'
import { progressText, publishCommand } from '../../../ha/cli/publish.ts'
import { rescueCommand } from '../../../ha/cli/rescue.ts'
import { resyncCommand, verifyCommand } from '../../../ha/cli/verify.ts'
import { fakeAgent, type Answers, type FakeAgent } from '../../support/fake-agent.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { wellPair } from '../../support/pair-status.ts'
import { run } from '../../support/run-command.ts'

/** A file server, with the agent of `node` beside it. */
async function fileserver(t: TestContext, answers: Answers, node = 'B'): Promise<FakeAgent> {
  const fake = await fakeAgent(t, answers, { program: 'fileserver' })
  const folder = join(fake.socketPath, '..')
  const agent = controlSocket(controlSocketPath(folder, 'agent'), (app) => {
    app.get('/status', () => wellPair({ node }))
  })
  await agent.start(() => {})
  t.after(() => agent.stop(AbortSignal.abort()))
  return fake
}

const go = (command: Command, { words }: FakeAgent, ...more: string[]) =>
  run(command, [...more, ...words], undefined, 'ha')

const same = { users: { damaged: 0, repaired: 0 }, files: { files: 12, differences: [] } }
const differing = {
  ...same,
  files: { files: 12, differences: [{ path: 'HTTPdata/fw.bin', why: 'only here' }] },
}

test('both nodes have the same: exit code 0; they do not: 1, with what differs', async (t) => {
  const well = await go(verifyCommand, await fileserver(t, { 'POST /pair/verify': () => same }))
  assert.equal(well.code, 0)
  assert.match(well.stdout, /users' data on this node is whole\n12 files are the same on both nodes/)
  const ill = await go(verifyCommand, await fileserver(t, { 'POST /pair/verify': () => differing }))
  assert.equal(ill.code, 1)
  assert.match(ill.stdout, /1 of 12 files differ:\n\nfile +why\nHTTPdata\/fw\.bin +only here\n/)
})

test("damaged users' data that was mended is no difference, but what was not is", async (t) => {
  const withDamage = (repaired: number) => ({ ...same, users: { damaged: 2, repaired } })
  const mended = await go(verifyCommand, await fileserver(t, { 'POST /pair/verify': () => withDamage(2) }))
  assert.deepEqual([mended.code, /2 damaged on this node, 2 of them mended/.test(mended.stdout)], [0, true])
  const open = await go(verifyCommand, await fileserver(t, { 'POST /pair/verify': () => withDamage(1) }))
  assert.equal(open.code, 1)
})

test('--repair on the standby takes the files of the active node, and compares again', async (t) => {
  let resynced = false
  const server = await fileserver(t, {
    'POST /pair/verify': () => (resynced ? same : differing),
    'POST /pair/resync': () => {
      resynced = true
      return { moved: ['HTTPdata/fw.bin'], folder: '/data/.state/rescue/drift-1' }
    },
  })
  const { code, stdout } = await go(verifyCommand, server, '--repair', '--yes')
  assert.equal(code, 0, stdout)
  assert.match(stdout, /set aside in \/data\/\.state\/rescue\/drift-1:\n {2}HTTPdata\/fw\.bin\n/)
})

const refusals: readonly [string, string, RegExp][] = [
  ['A', 'A', /A is active/],
  ['B', 'A', /this is A; run it on B/],
  ['C', 'A', /there is no node C/],
]
for (const [node, here, why] of refusals) {
  test(`ha resync ${node} on ${here} is refused with what to do`, async (t) => {
    const server = await fileserver(t, {}, here)
    const { code, stderr } = await go(resyncCommand, server, node, '--yes')
    assert.equal(code, 6)
    assert.match(stderr, why)
    assert.deepEqual(server.calls, [])
  })
}

const rescued = {
  rescued: [
    {
      id: '5/1',
      name: '4711_96xxdata.txt',
      why: 'was never acknowledged',
      rescuedAt: '2026-11-24T10:00:00.000Z',
      size: 812,
      hash: 'ab',
    },
    {
      id: '5/2',
      name: '4712_96xxdata.txt',
      why: 'a deletion',
      rescuedAt: '2026-11-24T10:00:00.000Z',
      op: 'delete',
    },
  ],
}

test('what is set aside is listed, and brought back by its id', async (t) => {
  const answers = { 'GET /pair/rescued': () => rescued, 'POST /pair/rescued/restore': () => ({}) }
  const server = await fileserver(t, answers)
  const list = await go(rescueCommand, server, 'list')
  assert.match(list.stdout, /^5\/1 +11-24 \d\d:00:00 +4711_96xxdata\.txt +812 +was never acknowledged$/m)
  assert.match(list.stdout, /^5\/2 .* none +a deletion$/m)
  const restored = await go(rescueCommand, server, 'restore', '5/1', '--by', 'alice', '--yes')
  assert.equal(restored.code, 0)
  assert.deepEqual(server.calls, [{ what: 'POST /pair/rescued/restore', body: { id: '5/1', by: 'alice' } }])
})

test('what has no content, or is not there, is not restored', async (t) => {
  const server = await fileserver(t, { 'GET /pair/rescued': () => rescued })
  for (const [id, why] of [
    ['5/2', /is no content/],
    ['9/9', /nothing is set aside as 9\/9/],
  ] as const) {
    const { code, stderr } = await go(rescueCommand, server, 'restore', id, '--yes')
    assert.equal(code, 6)
    assert.match(stderr, why)
  }
  assert.equal((await go(rescueCommand, server)).code, 2)
})

test('a file is published, and what happens on the way is told', async (t) => {
  const source = join(await temporaryFolder(t), 'fw.bin')
  await writeFile(source, 'firmware')
  const server = await fileserver(t, {
    'POST /pair/publish': () => ({ step: 'published', path: 'HTTPdata/fw2.bin' }),
  })
  const words = [source, '--to', 'HTTPdata', '--as', 'fw2.bin', '--by', 'alice', '--why', 'new', '--yes']
  const { code, stdout, stderr } = await go(publishCommand, server, ...words)
  assert.equal(code, 0, stderr)
  assert.match(stderr, /after {3}phones get HTTPdata\/fw2\.bin once both nodes have it/)
  assert.equal(stdout, 'phones get HTTPdata/fw2.bin\n')
  assert.deepEqual(server.calls[0]?.body, {
    source,
    root: 'HTTPdata',
    name: 'fw2.bin',
    wait: 'true',
    by: 'alice',
    why: 'new',
  })
  assert.match(progressText({ step: 'sending', sentBytes: 5, bytes: 8 }), /has 5 of 8 bytes/)
})

test('a publication that breaks off, is refused, or has no file, is none', async (t) => {
  const source = join(await temporaryFolder(t), 'fw.bin')
  await writeFile(source, 'firmware')
  const broken = await fileserver(t, { 'POST /pair/publish': () => ({ step: 'on the other node' }) })
  assert.equal((await go(publishCommand, broken, source, '--to', 'HTTPdata', '--yes')).code, 1)
  const refused = await fileserver(t, { 'POST /pair/publish': () => ({ message: 'B is not there' }) })
  const ran = await go(publishCommand, refused, source, '--to', 'HTTPdata', '--yes')
  assert.deepEqual([ran.code, /refused: B is not there/.test(ran.stderr)], [6, true])
  assert.equal((await go(publishCommand, refused, `${source}x`, '--to', 'HTTPdata', '--yes')).code, 1)
  assert.equal((await go(publishCommand, refused, source, '--to', 'elsewhere', '--yes')).code, 2)
})
