import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Client, Refused } from '../../../../ha/mirror/wire/client.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { certificatesFor, lay, startMirrors, type TestMirror } from '../../../support/mirrors.ts'
import { until } from '../../../support/until.ts'

const never = new AbortController().signal

/** Asks `to` as the other node does, with the means of `by`. */
function clientOf(
  t: TestContext,
  by: TestMirror,
  to: TestMirror,
  changes: Partial<TestMirror['settings']> = {},
): Client {
  const client = new Client({ ...by.settings, other: to.settings.node, ...changes })
  t.after(() => client.close())
  return client
}

async function received(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

test('whoever has no certificate of the other node gets nothing, not even another node of the same authority', async (t) => {
  const { a, b } = await startMirrors(t)
  const [foreign] = await certificatesFor('node-b')
  assert.ok(foreign)
  const { ca } = a.settings.tls
  const ask = (client: Client) => client.manifest({}, AbortSignal.timeout(5_000))
  await until(() => (a.mirror.status().files === 0 ? true : undefined))
  const itself = clientOf(t, a, a) // node-a's own: of the pair's authority, but not the other node
  await assert.rejects(ask(itself), { code: 'ECONNRESET' })
  await assert.rejects(ask(clientOf(t, b, a, { tls: { ...foreign, ca } })))
  await assert.rejects(ask(clientOf(t, b, a, { tls: { ca, certificate: '', key: '' } })))
  assert.ok(await ask(clientOf(t, b, a)))
})

test('a node with another name than was asked for is not believed', async (t) => {
  const { a, b } = await startMirrors(t)
  const client = clientOf(t, b, a, { other: { ...a.settings.node, name: 'node-c' } })
  await assert.rejects(client.manifest({}, AbortSignal.timeout(5_000)), /is not that of node-c/)
})

test('a content is sent from any byte on while the node is active, and not when it is not', async (t) => {
  const { a, b } = await startMirrors(t)
  const content = randomBytes(400_000)
  await lay(a.path('HTTPdata/fw.bin'), content)
  await until(() => (a.mirror.status().files === 1 ? true : undefined))
  const client = clientOf(t, b, a)
  assert.deepEqual(await received(client.blob(sha256Of(content), 0, never)), content)
  assert.deepEqual(await received(client.blob(sha256Of(content), 399_990, never)), content.subarray(399_990))
  await assert.rejects(
    received(client.blob(sha256Of(content), 400_000, never)),
    (error) => error instanceof Refused && error.status === 416,
  )
  await assert.rejects(
    received(client.blob('0'.repeat(64), 0, never)),
    (error) => error instanceof Refused && error.status === 410,
  )
  a.mirror.setRole('standby', true)
  await assert.rejects(
    received(client.blob(sha256Of(content), 0, never)),
    (error) => error instanceof Refused && error.status === 410,
  )
})

test('whoever waits for another manifest hears of a change at once, and else that there is none', async (t) => {
  const { a, b } = await startMirrors(t)
  await lay(a.path('HTTPdata/a.txt'), 'one')
  await until(() => (a.mirror.status().files === 1 ? true : undefined))
  const client = clientOf(t, b, a)
  const first = await client.manifest({}, never)
  assert.ok(first)
  assert.equal(await client.manifest({ etag: first.etag, waitMs: 50 }, never), undefined)
  const waiting = client.manifest({ etag: first.etag, waitMs: 30_000 }, never)
  await lay(a.path('HTTPdata/b.txt'), 'two')
  const second = await waiting
  assert.ok(second)
  const { entries, unsure } = second.manifest
  assert.ok(entries.length === 2 || unsure.includes('HTTPdata/b.txt'), 'it is there, or known to be written')
})

test('a report is only taken by the active node', async (t) => {
  const { a, b } = await startMirrors(t)
  const report = { etag: 'x', have: [], except: [], drift: [{ path: 'x', why: 'y' }] }
  await assert.rejects(
    clientOf(t, a, b).report(report, never),
    /node-b answered 503: this node is not active/,
  )
  await clientOf(t, b, a).report(report, never)
})

test('what is no report, and what is not known, is refused', async (t) => {
  const { a, b } = await startMirrors(t)
  const client = clientOf(t, b, a)
  for (const broken of [null, {}, { etag: 'x', have: ['../x'], except: [], drift: [] }])
    await assert.rejects(client.report(broken as never, never), /node-a answered 400/)
  await assert.rejects(received(client.blob('../../etc/passwd', 0, never)), /node-a answered 404/)
})
