import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import tls from 'node:tls'
import { FtpClient, MemoryView, openFtp, withTls } from '../../support/ftp.ts'
import { PiecewiseFile, until } from '../../support/http.ts'
import { descriptors, resources } from '../../support/resources.ts'

const size = 20_000_000

/** What a client does before it vanishes, from its login on. */
type Scene = (client: FtpClient) => Promise<Socket[]>

const scenes: Record<string, Scene> = {
  'with a port open': async (client) => {
    await client.passivePort()
    return []
  },
  'with a data connection nobody used': async (client) => [await client.passive()],
  'in the middle of an upload': async (client) => {
    const data = await client.passive()
    await client.ask('STOR a.txt')
    data.write('x')
    return [data]
  },
  'in the middle of a download from memory': async (client) => {
    const data = await client.passive()
    await client.ask('RETR memory.bin')
    return [data]
  },
  'in the middle of a download from disk': async (client) => {
    const data = await client.passive()
    await client.ask('RETR disk.bin')
    return [data]
  },
  'while a wrong password is being answered': async (client) => {
    await client.ask('USER mvuser')
    client.send('PASS wrong\r\n')
    return []
  },
}

async function vanish(t: TestContext, port: number, scene: Scene, from: string): Promise<void> {
  const client = await FtpClient.enter(await FtpClient.dial(t, port, from))
  for (const data of await scene(client)) data.resetAndDestroy()
  client.control.resetAndDestroy()
}

test('500 sessions that vanished leave no descriptor, socket, timer or upload behind', async (t) => {
  const view = new MemoryView('phone', { '/memory.bin': Buffer.alloc(size) })
  const file = new PiecewiseFile('disk.bin', size, async (_at, length) => Buffer.alloc(length))
  view.special.set('/disk.bin', file)
  const { port } = await openFtp(t, view)
  const before = { descriptors: descriptors(), resources: resources() }
  const all = Object.values(scenes)
  for (let batch = 0; batch < 25; batch += 1) {
    const some = Array.from({ length: 20 }, (_, index) => all[(batch + index) % all.length])
    // Many addresses: who tries wrong passwords too often is banned.
    const from = (index: number) => `127.0.${batch + 1}.${index + 1}`
    await Promise.all(some.map(async (scene, index) => scene && vanish(t, port, scene, from(index))))
  }
  await until(() => descriptors() <= before.descriptors && resources() <= before.resources)
  assert.equal(view.openUploads, 0)
  assert.equal(file.opened, file.closed)
  assert.ok(file.opened > 50)
})

test('a client that never ends its data connections is not kept them all', async (t) => {
  const { port } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'x' }))
  const client = await FtpClient.login(t, port)
  const before = descriptors()
  const kept: Socket[] = []
  t.after(() => kept.forEach((socket) => socket.destroy()))
  for (let times = 0; times < 50; times += 1) {
    const data = await client.passive()
    data.pause()
    kept.push(data)
    assert.match(await client.ask('RETR a.txt'), /^150/)
    assert.match(await client.reply(), /^226/)
  }
  await until(() => descriptors() - before <= kept.length + 5)
})

test('100 TLS handshakes that were broken off leave nothing behind', async (t) => {
  const { port, tlsPort } = await openFtp(t, new MemoryView(), { settings: withTls })
  const before = { descriptors: descriptors(), resources: resources() }
  for (let round = 0; round < 50; round += 1) {
    const client = await FtpClient.dial(t, port)
    await client.reply()
    await client.ask('AUTH TLS')
    client.control.resetAndDestroy()
    const raw = connect(tlsPort, '127.0.0.1')
    const secure = tls.connect({ socket: raw, rejectUnauthorized: false })
    for (const socket of [raw, secure]) socket.on('error', () => {})
    raw.once('connect', () => setImmediate(() => raw.resetAndDestroy()))
  }
  await until(() => descriptors() <= before.descriptors && resources() <= before.resources)
})
