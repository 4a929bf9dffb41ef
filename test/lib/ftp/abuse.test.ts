import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { Refusal } from '../../../lib/files/refusal.ts'
import { collect, dialData, FakeLogins, FtpClient, MemoryView, openFtp } from '../../support/ftp.ts'
import { dial, everything, until } from '../../support/http.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { descriptors } from '../../support/resources.ts'

const files = () => new MemoryView('phone', { '/a.txt': 'content' })

test('d32: the door connects to nobody else, to no low port, and says so in the log', async (t) => {
  const { log, events } = recordingLog()
  const { port } = await openFtp(t, files(), { parts: { log } })
  const client = await FtpClient.login(t, port)
  for (const order of ['PORT 127,0,0,2,200,10', 'EPRT |1|127.0.0.2|51210|', 'PORT 127,0,0,1,0,80']) {
    assert.match(await client.ask(order), /^501/)
    assert.match(await client.ask('RETR a.txt'), /^425/)
  }
  assert.deepEqual(
    events('data connection to a stranger refused').map(({ detail }) => detail),
    ['asked for 127.0.0.2 port 51210', 'asked for 127.0.0.2 port 51210', 'asked for 127.0.0.1 port 80'],
  )
})

test('d33, d34: a stranger at the passive port is hung up on, and the wait for the client goes on', async (t) => {
  const { log, events } = recordingLog()
  const { port } = await openFtp(t, files(), { parts: { log } })
  const client = await FtpClient.login(t, port)
  const dataPort = await client.passivePort()
  const stranger = await dialData(dataPort, '127.0.0.2')
  assert.equal((await collect(stranger)).length, 0)
  const data = await dialData(dataPort)
  client.send('RETR a.txt\r\n')
  assert.equal((await collect(data)).toString(), 'content')
  assert.deepEqual(
    events('stranger at a data port').map(({ address, client: of }) => [address, of]),
    [['127.0.0.2', '127.0.0.1']],
  )
})

test('d34: a passive port takes one connection', async (t) => {
  const { port } = await openFtp(t, files())
  const client = await FtpClient.login(t, port)
  const dataPort = await client.passivePort()
  const first = await dialData(dataPort)
  const second = connect(dataPort, '127.0.0.1')
  await once(second, 'error').catch(() => {})
  assert.ok(second.destroyed)
  client.send('RETR a.txt\r\n')
  assert.equal((await collect(first)).toString(), 'content')
})

test('d34: a passive port nobody comes to closes after a while', async (t) => {
  const { port } = await openFtp(t, files(), { settings: { dataTimeoutMs: 100 } })
  const client = await FtpClient.login(t, port)
  const before = descriptors()
  await client.passivePort()
  await until(() => descriptors() <= before)
  assert.match(await client.ask('RETR a.txt'), /^150/)
  assert.match(await client.reply(), /^425/)
})

test('d35: a new PASV takes the place of the one before; a range of two ports is never used up', async (t) => {
  const { port } = await openFtp(t, files(), { settings: { passivePorts: '58311-58312' } })
  const client = await FtpClient.login(t, port)
  const before = descriptors()
  for (let times = 0; times < 3_000; times += 1) {
    assert.ok([58_311, 58_312].includes(await client.passivePort()))
  }
  assert.ok(descriptors() <= before + 2)
  assert.equal((await client.fetch('RETR a.txt')).bytes.toString(), 'content')
})

test('d35: when all ports of the range are taken, PASV is 425 and the session goes on', async (t) => {
  const { port } = await openFtp(t, files(), { settings: { passivePorts: '58313-58313' } })
  const one = await FtpClient.login(t, port)
  const other = await FtpClient.login(t, port)
  assert.equal(await one.passivePort(), 58_313)
  assert.match(await other.ask('PASV'), /^425/)
  await one.ask('QUIT')
  assert.equal(await one.ended(), '')
  await until(() => one.control.closed)
  assert.equal(await other.passivePort(), 58_313)
})

test('d39: HTTP and TLS on the FTP port are closed at once, without a word beyond the greeting', async (t) => {
  const { port } = await openFtp(t, files())
  for (const bytes of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00']) {
    const socket = await dial(t, port)
    socket.write(bytes, 'latin1')
    assert.equal(await everything(socket), '220 File server for desk phones, ready\r\n')
  }
})

test('d40: wrong passwords of known and unknown names get the same answer, and the third the last one', async (t) => {
  const logins = new FakeLogins(files())
  logins.refusal = new Refusal('unidentified', 'name or password is wrong')
  const { port, outcomes } = await openFtp(t, files(), { logins })
  const client = await FtpClient.dial(t, port)
  await client.reply()
  const answers = []
  for (const name of ['mvuser', 'nobody', 'mvuser']) {
    assert.equal(await client.ask(`USER ${name}`), '331 Password please; a phone may send any')
    answers.push(await client.ask('PASS wrong'))
  }
  assert.deepEqual(answers, [
    '530 The phone did not say who it is: name or password is wrong',
    '530 The phone did not say who it is: name or password is wrong',
    '421 Too many failed logins, goodbye',
  ])
  assert.equal(await client.ended(), '')
  assert.deepEqual(
    (await outcomes.ended(3)).map(({ asked, result, code }) => [asked, result, code]),
    [1, 2, 3].map(() => ['login', 'refused', 530]),
  )
})

test('a detailed log tells what a client says by its verbs, and what it is answered', async (t) => {
  const { log, events } = recordingLog()
  const { port } = await openFtp(t, files(), { parts: { log } })
  const client = await FtpClient.login(t, port)
  await client.ask('SITE x')
  await client.ask('nonsense')
  assert.deepEqual(
    events('ftp command').map(({ verb }) => verb),
    ['USER', 'PASS', 'SITE', undefined],
  )
  assert.deepEqual(
    events('ftp reply').map(({ code }) => code),
    [220, 331, 230, 502, 500],
  )
})

test('d40: passwords are in no log, whatever the level', async (t) => {
  const { log, text } = recordingLog()
  const { port } = await openFtp(t, files(), { parts: { log } })
  const client = await FtpClient.dial(t, port)
  await client.reply()
  await client.ask('USER mvuser')
  await client.ask('PASS hunter2')
  await client.ask('hunter2')
  await client.ask('STOR hunter2')
  assert.doesNotMatch(text(), /hunter2/)
})

test('d50: a megabyte without a line end is closed, and others are served meanwhile', async (t) => {
  const { port } = await openFtp(t, files())
  const flood = await dial(t, port)
  flood.write(Buffer.alloc(1_048_576, 'x'))
  const client = await FtpClient.login(t, port)
  assert.match(await client.ask('NOOP'), /^200/)
  await everything(flood)
  assert.ok(flood.closed)
})

test('d50: who sends commands and reads no answers is not read for long', async (t) => {
  const { port } = await openFtp(t, files())
  const greedy = await FtpClient.login(t, port)
  greedy.control.pause()
  const block = Buffer.from('HELP\r\n'.repeat(10_000))
  let taken = 0
  // Until neither the server nor the network between takes more.
  for (let still = 0; still < 20;) {
    const before = greedy.control.bytesWritten - greedy.control.writableLength
    if (greedy.control.writableLength < block.length) greedy.control.write(block)
    await new Promise((resolve) => setTimeout(resolve, 10))
    taken = greedy.control.bytesWritten - greedy.control.writableLength
    still = taken === before ? still + 1 : 0
    if (taken > 200_000_000) break
  }
  assert.ok(taken < 200_000_000, `${taken} bytes of commands were taken`)
  const client = await FtpClient.login(t, port)
  assert.match(await client.ask('NOOP'), /^200/)
})

test('who does not log in, and who says nothing, is cut off with 421', async (t) => {
  const { port } = await openFtp(t, files(), { settings: { loginTimeoutMs: 150, idleTimeoutMs: 150 } })
  const stranger = await FtpClient.dial(t, port)
  await stranger.reply()
  const phone = await FtpClient.login(t, port)
  assert.match(await stranger.reply(), /^421 No login/)
  assert.match(await phone.reply(), /^421 Nothing heard/)
  assert.deepEqual([await stranger.ended(), await phone.ended()], ['', ''])
})

test('a login that takes long is not a login that is late', async (t) => {
  const logins = new FakeLogins(files())
  const asked = Promise.withResolvers<void>()
  logins.before = () => asked.promise
  const { port } = await openFtp(t, files(), { logins, settings: { idleTimeoutMs: 60 } })
  const client = await FtpClient.dial(t, port)
  await client.reply()
  await client.ask('USER a')
  client.send('PASS b\r\n')
  await new Promise((resolve) => setTimeout(resolve, 200))
  asked.resolve()
  assert.match(await client.reply(), /^230/)
})

test('d64: a data connection that stands still is given up: 426 for it, and the session goes on', async (t) => {
  const view = new MemoryView('phone', { '/large.bin': Buffer.alloc(30_000_000) })
  const { port } = await openFtp(t, view, { settings: { dataTimeoutMs: 200 } })
  const client = await FtpClient.login(t, port)
  const upload = await client.passive()
  t.after(() => upload.destroy())
  assert.match(await client.ask('STOR a.txt'), /^150/)
  assert.match(await client.reply(), /^426 .*stood still/)
  assert.equal(view.openUploads, 0)
  const download = await client.passive()
  t.after(() => download.destroy())
  assert.match(await client.ask('RETR large.bin'), /^150/)
  assert.match(await client.reply(), /^426 .*stood still/)
  assert.match(await client.ask('NOOP'), /^200/)
})

test('a transfer that moves slowly is no idle session', async (t) => {
  const { port, view } = await openFtp(t, files(), { settings: { idleTimeoutMs: 100 } })
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  assert.match(await client.ask('STOR slow.txt'), /^150/)
  for (let times = 0; times < 4; times += 1) {
    data.write('x')
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  data.end()
  assert.match(await client.reply(), /^226/)
  assert.equal(view.files.get('/slow.txt')?.toString(), 'xxxx')
})

test('sessions of one address and of all together are limited, and those turned away are counted', async (t) => {
  const { log, events } = recordingLog()
  const { port } = await openFtp(t, files(), {
    settings: { connectionsPerAddress: 2, maxConnections: 3, idleTimeoutMs: 400 },
    parts: { log },
  })
  const open = async (from: string) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from })
    t.after(() => socket.destroy())
    const [first] = await once(socket, 'data')
    return String(first).trim()
  }
  assert.match(await open('127.0.0.2'), /^220/)
  assert.match(await open('127.0.0.2'), /^220/)
  assert.match(await open('127.0.0.2'), /^421 Too many connections from your address/)
  assert.match(await open('127.0.0.3'), /^220/)
  assert.match(await open('127.0.0.4'), /^421 Too many clients/)
  await until(
    () => events('connections refused').reduce((sum, { refused }) => sum + Number(refused), 0) === 2,
  )
})

test('clients of some networks are told another address for passive data', async (t) => {
  const passiveAddresses = [
    { network: '127.0.0.2', address: '192.0.2.7' },
    { network: '127.0.0.0/8', address: '192.0.2.8' },
  ]
  const { port } = await openFtp(t, files(), { settings: { passiveAddresses } })
  const client = await FtpClient.login(t, port)
  assert.match(await client.ask('PASV'), /\(192,0,2,8,/)
})

test('an IPv6 address that PASV would have to tell is refused at the start', async (t) => {
  const passiveAddresses = [{ network: '10.0.0.0/8', address: '2001:db8::1' }]
  await assert.rejects(
    openFtp(t, files(), { settings: { passiveAddresses } }),
    /^Error: ftp\.passiveAddresses: 2001:db8::1 is IPv6/,
  )
})

test('a data port that cannot be used is said once, and any port is used instead', async (t) => {
  const { log, events } = recordingLog()
  const taken = await FtpClient.dial(t, (await openFtp(t, files())).port)
  const dataPort = taken.control.remotePort ?? 0 // somebody listens there
  const { port } = await openFtp(t, files(), { settings: { dataPort }, parts: { log } })
  const client = await FtpClient.login(t, port)
  for (let times = 0; times < 2; times += 1) {
    const server = await client.active()
    t.after(() => server.close())
    client.send('RETR a.txt\r\n')
    const [socket] = await once(server, 'connection')
    assert.notEqual(socket.remotePort, dataPort)
    assert.equal((await collect(socket)).toString(), 'content')
    await client.reply()
    await client.reply()
  }
  assert.equal(events('ftp data port not usable').length, 1)
})

test('active data come from the port of the settings', async (t) => {
  const free = await FtpClient.dial(t, (await openFtp(t, files())).port)
  const dataPort = free.control.localPort ?? 0
  free.control.resetAndDestroy()
  await until(() => free.control.closed)
  const { port } = await openFtp(t, files(), { settings: { dataPort } })
  const client = await FtpClient.login(t, port)
  const server = await client.active()
  t.after(() => server.close())
  client.send('RETR a.txt\r\n')
  const [socket] = await once(server, 'connection')
  assert.equal(socket.remotePort, dataPort)
})
