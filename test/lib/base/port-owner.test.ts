import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { test, type TestContext } from 'node:test'
import { explainBindError, portOwner } from '../../../lib/base/port-owner.ts'
import { startScript } from '../../support/script.ts'

const me = `node (pid ${process.pid})`

async function listenTcp(t: TestContext, host: string, port = 0): Promise<number> {
  const server = createServer()
  t.after(() => server.close())
  server.listen(port, host)
  await once(server, 'listening')
  return portOf(server)
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

async function bindUdp(t: TestContext, address: string): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  t.after(() => socket.close())
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket.address().port
}

for (const address of ['127.0.0.1', '127.9.8.7', '::1', '0.0.0.0', '::']) {
  test(`the holder of a port on ${address} is found, over TCP and UDP`, async (t) => {
    const tcp = await listenTcp(t, address)
    const udp = await bindUdp(t, address)
    assert.equal(await portOwner({ transport: 'tcp', address, port: tcp }), me)
    assert.equal(await portOwner({ transport: 'udp', address, port: udp }), me)
  })
}

test('another process that holds the port is found', async (t) => {
  const script = await startScript(
    t,
    `import { createServer } from 'node:net'
    const server = createServer().listen(0, '127.0.0.1', () => console.log('port', server.address().port, 'end'))`,
  )
  await script.says('end')
  const port = Number(/port (\d+)/.exec(script.said())?.[1])
  assert.equal(
    await portOwner({ transport: 'tcp', address: '127.0.0.1', port }),
    `node (pid ${script.child.pid})`,
  )
})

test('who has the port on another address is not blamed; who has it on all addresses is', async (t) => {
  const port = await listenTcp(t, '127.0.0.2')
  const owner = (address: string) => portOwner({ transport: 'tcp', address, port })
  assert.equal(await owner('127.0.0.1'), undefined)
  assert.equal(await owner('::1'), undefined)
  assert.equal(await owner('fe80::1%lo'), undefined)
  assert.equal(await owner('127.0.0.2'), me)
  assert.equal(await owner('::ffff:127.0.0.2'), me)
  assert.equal(await owner('0.0.0.0'), me)
  const everywhere = await listenTcp(t, '::')
  assert.equal(await portOwner({ transport: 'tcp', address: '127.0.0.1', port: everywhere }), me)
})

test('the port of the other transport, of a connection, and one nobody has, have no owner', async (t) => {
  const address = '127.66.0.1'
  const port = await listenTcp(t, address)
  assert.equal(await portOwner({ transport: 'udp', address, port }), undefined)
  const client = connect(port, address)
  t.after(() => client.destroy())
  await once(client, 'connect')
  const { localAddress = '', localPort = 0 } = client
  assert.equal(await portOwner({ transport: 'tcp', address: localAddress, port: localPort }), undefined)
  assert.equal(await portOwner({ transport: 'tcp', address, port: 1 }), undefined)
})

const place = { transport: 'tcp', address: '127.0.0.1', port: 81, setting: 'http.ports' } as const
const fault = (code: string) => Object.assign(new Error(`listen ${code}`), { code })

test('a port that is taken is told with setting, holder and what to do', async (t) => {
  const port = await listenTcp(t, '127.0.0.1')
  const cause = fault('EADDRINUSE')
  const told = await explainBindError(cause, { ...place, port })
  assert.ok(told instanceof Error)
  assert.equal(
    told.message,
    `http.ports: TCP port ${port} on 127.0.0.1 is held by ${me}; stop that program or choose another port in http.ports`,
  )
  assert.equal(told.cause, cause)
})

for (const [code, sentence] of [
  ['EADDRINUSE', 'is in use; stop that program or choose another port in tftp.port'],
  [
    'EACCES',
    'needs the right to use ports below 1024; grant CAP_NET_BIND_SERVICE (the systemd unit does) or choose a higher port',
  ],
] as const) {
  test(`${code} is told as: ${sentence}`, async () => {
    const told = await explainBindError(fault(code), {
      transport: 'udp',
      address: '127.77.0.1',
      port: 1,
      setting: 'tftp.port',
    })
    assert.ok(told instanceof Error)
    assert.equal(told.message, `tftp.port: UDP port 1 on 127.77.0.1 ${sentence}`)
  })
}

test('an address that is not here is told as such', async () => {
  const told = await explainBindError(fault('EADDRNOTAVAIL'), place)
  assert.ok(told instanceof Error)
  assert.equal(told.message, 'http.ports: TCP port 81 on 127.0.0.1: this machine does not have that address')
})

test('other errors come back as they are', async () => {
  const other = fault('EMFILE')
  assert.equal(await explainBindError(other, place), other)
  assert.equal(await explainBindError('no error', place), 'no error')
})
