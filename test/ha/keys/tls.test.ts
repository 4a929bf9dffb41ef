import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { loadPairKeys, type PairKeys } from '../../../ha/keys/load.ts'
import { makePair } from '../../../ha/keys/make.ts'
import { clientOptions, isNode, serverOptions } from '../../../ha/keys/tls.ts'

let folder: string
/** Two nodes of one pair, and one of the same name of another pair. */
let a: PairKeys
let b: PairKeys
let foreign: PairKeys

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
  const nodes = [
    { name: 'EY-FTP1', address: '127.8.1.1' },
    { name: 'ey_ftp2', address: '127.8.1.2' },
  ]
  for (const pair of ['ours', 'other'])
    await makePair(join(folder, pair), { cluster: 'voip1', nodes, days: 2 })
  const load = (pair: string, node: string) => loadPairKeys(join(folder, pair, node), node, new Date())
  a = load('ours', 'EY-FTP1')
  b = load('ours', 'ey_ftp2')
  foreign = load('other', 'ey_ftp2')
})
after(() => rm(folder, { recursive: true, force: true }))

interface Met {
  /** What the server said, or the error of the client. */
  client: string
  /** Whom the server met, or that it refused. */
  server: string
}

/** EY-FTP1 listens, and somebody connects. */
async function meet(t: TestContext, { client }: { client: object }): Promise<Met> {
  const saw = Promise.withResolvers<string>()
  const listener = createServer(serverOptions(a), (socket) => {
    saw.resolve(isNode(socket, 'ey_ftp2') ? 'ey_ftp2' : 'not ey_ftp2')
    socket.on('error', () => {})
    socket.end('welcome')
  })
  listener.on('tlsClientError', (error) => saw.resolve(`refused: ${error.message}`))
  listener.listen(0, '127.8.1.1')
  t.after(() => listener.close())
  await once(listener, 'listening')
  const bound = listener.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const socket = connect({ host: '127.8.1.1', port, ...client })
  const said = await answerOf(socket)
  socket.destroy()
  return { client: said, server: await saw.promise }
}

function answerOf(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('end', () => resolve(text))
    socket.on('error', (error) => resolve(error.message))
    socket.on('close', () => resolve(text))
  })
}

test('the nodes of a pair talk to each other, and know who they talk to', async (t) => {
  assert.deepEqual(await meet(t, { client: clientOptions(b, 'EY-FTP1') }), {
    client: 'welcome',
    server: 'ey_ftp2',
  })
})

test("a node's own certificate is not taken for that of the other", async (t) => {
  assert.equal((await meet(t, { client: clientOptions(a, 'EY-FTP1') })).server, 'not ey_ftp2')
})

test('a client of another pair is refused, though it has the right name', async (t) => {
  const client = { ...clientOptions(foreign, 'EY-FTP1'), ca: a.authority }
  const met = await meet(t, { client })
  assert.notEqual(met.client, 'welcome')
  assert.match(met.server, /^refused: /)
})

test('a client without a certificate is refused', async (t) => {
  const met = await meet(t, { client: { ca: a.authority, servername: 'EY-FTP1' } })
  assert.notEqual(met.client, 'welcome')
  assert.match(met.server, /did not return a certificate/)
})

test('a server of another pair is refused by the client, and so is the wrong node', async (t) => {
  const strange = await meet(t, { client: clientOptions(foreign, 'EY-FTP1') })
  assert.match(strange.client, /self-signed|unable to (?:get|verify)|certificate/i)
  const wrong = await meet(t, { client: clientOptions(b, 'ey_ftp2') })
  assert.match(wrong.client, /does not match certificate's altnames/)
})

test('nothing older than TLS 1.3 is spoken', async (t) => {
  const met = await meet(t, {
    client: { ...clientOptions(b, 'EY-FTP1'), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
  })
  assert.notEqual(met.client, 'welcome')
})
