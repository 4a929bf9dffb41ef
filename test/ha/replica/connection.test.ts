import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { clientOptions } from '../../../ha/keys/tls.ts'
import { frameOf, FrameReader } from '../../../ha/replica/frames.ts'
import { makeReplicas, startReplicas, untilSynced, keysFor, type TestPair } from '../../support/replicas.ts'
import { seededBytes } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import { contentOf, dataOf, save } from '../../support/user-store.ts'

const name = dataOf('4711')
const zeros = '0'.repeat(64)
const hello = {
  type: 'hello',
  version: 1,
  uuid: '11111111-2222-3333-4444-555555555555',
  node: 'node-b',
  epoch: 0,
  tip: { seq: 0, hash: zeros },
  reseed: false,
}

test('a connection that breaks in the middle of saves costs none of them', async (t) => {
  const { a, b, relay, agents } = await startReplicas(t, { b: { relayed: true } })
  const extensions = Array.from({ length: 60 }, (_, index) => String(5_000 + index))
  const saves = extensions.map((extension) => save(a.store, dataOf(extension), extension))
  await until(() => (b.store.twin.tip.seq > 0 ? true : undefined))
  await relay.cut()
  await relay.mend()
  await Promise.all(saves)
  assert.deepEqual(agents.asked, [])
  assert.equal(b.store.files().length, 60)
})

test('a cable that is cut, which says nothing, is noticed, and the standby comes back when it is mended', async (t) => {
  const { a, b, relay, agents } = await startReplicas(t, {
    pair: { replicateMs: 300 },
    b: { relayed: true },
  })
  relay.swallow()
  await save(a.store, name, 'alone')
  assert.deepEqual(agents.asked, ['node-a remove node-b'])
  await until(() => a.recorded.events('the standby does not follow')[0])
  const [told] = await until(() => {
    const events = b.recorded.events('does not follow the active node')
    return events.length > 0 ? events : undefined
  })
  assert.match(String(told?.['why']), /nothing was heard for/)
  await untilSynced(a)
  assert.equal(await contentOf(b.store, name), 'alone')
})

test('a standby of another pair, or one that has heard of a later epoch, is told why, and says so once', async (t) => {
  const uuid = '99999999-2222-3333-4444-555555555555'
  const other = await makeReplicas(t, { b: { relayed: true, keys: { uuid } } })
  await begin(other)
  await until(() => other.a.recorded.events('the standby does not follow')[0])
  const before = other.relay.connections
  await until(() => (other.relay.connections > before + 2 ? true : undefined))
  const isAboutIt = ({ why }: Record<string, unknown>) => String(why).includes(`of another pair (${uuid})`)
  assert.equal(other.b.recorded.events('does not follow the active node').filter(isAboutIt).length, 1)
  assert.equal(other.a.recorded.events('the standby does not follow').filter(isAboutIt).length, 1)
  const late = await makeReplicas(t)
  await begin(late)
  late.b.replica.setRole({ role: 'standby', epoch: 77, active: 'node-a', insync: [] })
  await until(
    () => /epoch 10 is over: node-b knows of 77/.exec(late.b.replica.status().other.why ?? '') ?? undefined,
  )
})

async function begin({ a, b, tell }: TestPair): Promise<void> {
  await a.start()
  await b.start()
  tell()
}

test('nobody is let in with a certificate that is not the other node’s', async (t) => {
  const pair = await startReplicas(t)
  await pair.b.stop()
  for (const who of ['node-a', 'stranger'] as const) {
    const socket = await dial(t, pair, who)
    socket.write(frameOf(hello))
    assert.deepEqual(await heardUntilClosed(socket), [], who)
  }
})

const hostile: Record<string, (socket: TLSSocket) => void> = {
  'bytes that are no frame': (socket) => socket.write(seededBytes(100_000)),
  'a frame that never ends': (socket) => socket.write(Buffer.from('ffffffffffffffff', 'hex')),
  'a header that is no JSON': (socket) => socket.write(Buffer.from('0000000300000000616263', 'hex')),
  'no message': (socket) => socket.write(frameOf({ type: 'please' })),
  'a message without its fields': (socket) => socket.write(frameOf({ type: 'hello' })),
  'something before hello': (socket) => socket.write(frameOf({ type: 'ack', seq: 1 })),
  'another version': (socket) => socket.write(frameOf({ ...hello, version: 2 })),
  'another name': (socket) => socket.write(frameOf({ ...hello, node: 'node-a' })),
  'two hellos': (socket) => socket.write(Buffer.concat([frameOf(hello), frameOf(hello)])),
  'what only the active node says': (socket) =>
    socket.write(Buffer.concat([frameOf(hello), frameOf({ type: 'batch', entries: [], bodies: [] })])),
  'an answer to no question': (socket) =>
    socket.write(
      Buffer.concat([frameOf(hello), frameOf({ type: 'content', id: 3, size: 1 }, Buffer.alloc(1))]),
    ),
  '__proto__ as a type': (socket) => socket.write(frameOf({ type: '__proto__' })),
}

for (const [what, say] of Object.entries(hostile)) {
  test(`${what} from the other node ends the connection, and nothing else`, async (t) => {
    const pair = await startReplicas(t)
    await pair.b.stop()
    const socket = await dial(t, pair, 'node-b')
    say(socket)
    await heardUntilClosed(socket)
    await pair.restart('node-b')
    await untilSynced(pair.a)
    await save(pair.a.store, name, 'still works')
  })
}

async function dial(
  t: TestContext,
  { a }: TestPair,
  who: 'node-a' | 'node-b' | 'stranger',
): Promise<TLSSocket> {
  const { address, port } = a.listensAt
  const socket = connect({ host: address, port, ...clientOptions(await keysFor(who), 'node-a') })
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')])
  return socket
}

/** @returns what the other side said until it ended the connection */
async function heardUntilClosed(socket: TLSSocket): Promise<unknown[]> {
  const [reader, heard] = [new FrameReader(), [] as unknown[]]
  socket.on('data', (chunk: Buffer) => heard.push(...reader.read(chunk)))
  await until(() => (socket.destroyed || socket.readableEnded ? true : undefined))
  return heard
}
