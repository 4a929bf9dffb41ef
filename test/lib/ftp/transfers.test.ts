import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { FileChanged } from '../../../lib/files/stored-file.ts'
import { collect, dialData, FtpClient, MemoryView, openFtp } from '../../support/ftp.ts'
import { PiecewiseFile, until } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'

const large = seededBytes(1_000_001)

test('a phone stores a file and fetches it again, byte for byte, in type A as in type I', async (t) => {
  const bytes = Buffer.from('a\nb\r\nc\r\r\nÄ\0\xff', 'latin1')
  const { port, view, outcomes } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port)
  for (const type of ['A', 'I']) {
    await client.ask(`TYPE ${type}`)
    assert.equal(await client.store('STOR 4620data.txt', bytes), '226 Stored')
    assert.ok(view.files.get('/4620data.txt')?.equals(bytes))
    assert.ok((await client.fetch('RETR 4620data.txt')).bytes.equals(bytes))
  }
  const asked = { protocol: 'ftp', address: '127.0.0.1', port, asked: '/4620data.txt', file: '4620data.txt' }
  assert.deepEqual((await outcomes.ended(2)).slice(0, 2), [
    { ...asked, upload: true, result: 'stored', bytes: bytes.length, code: 226 },
    { ...asked, result: 'sent', bytes: bytes.length, etag: '0123abcd', code: 226 },
  ])
})

test('files of many pieces come whole, from memory and from disk, over active and passive connections', async (t) => {
  const view = new MemoryView('phone', { '/memory.bin': large })
  const file = new PiecewiseFile('disk.bin', large.length, async (at, length) =>
    large.subarray(at, at + length),
  )
  view.special.set('/disk.bin', file)
  const { port } = await openFtp(t, view)
  const client = await FtpClient.login(t, port)
  for (const name of ['memory.bin', 'disk.bin']) {
    assert.ok((await client.fetch(`RETR ${name}`)).bytes.equals(large))
    const server = await client.active()
    t.after(() => server.close())
    client.send(`RETR ${name}\r\n`)
    const [socket] = await once(server, 'connection')
    assert.ok((await collect(socket)).equals(large))
    assert.match(await client.reply(), /^150/)
    assert.match(await client.reply(), /^226/)
  }
  assert.deepEqual([file.opened, file.closed], [2, 2])
})

test('an upload of many pieces waits for the disk, and is stored whole', async (t) => {
  const { port, view } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port)
  assert.equal(await client.store('STOR large.bin', large), '226 Stored')
  assert.ok(view.files.get('/large.bin')?.equals(large))
  assert.equal(await client.store('STOR empty.txt', ''), '226 Stored')
  assert.equal(view.files.get('/empty.txt')?.length, 0)
})

test('the super user appends, renames, makes and removes folders, and lists them', async (t) => {
  const { port, logins } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port, 'mvuser', 'right')
  const view = logins.superUser as MemoryView
  assert.match(await client.ask('MKD data'), /^257 "\/data" made/)
  assert.match(await client.ask('CWD data'), /^250/)
  assert.equal(await client.store('STOR a.txt', 'one'), '226 Stored')
  assert.equal(await client.store('APPE a.txt', 'two'), '226 Stored')
  assert.match(await client.ask('RNFR a.txt'), /^350/)
  assert.match(await client.ask('RNTO b.txt'), /^250/)
  assert.equal(view.files.get('/data/b.txt')?.toString(), 'onetwo')
  assert.equal((await client.fetch('NLST')).bytes.toString(), 'b.txt\r\n')
  assert.equal((await client.fetch('NLST b.txt')).bytes.toString(), 'b.txt\r\n', 'a file by itself')
  assert.match((await client.fetch('LIST -la /')).bytes.toString(), /^drwx.* data\r\n$/)
  assert.deepEqual((await client.fetch('LIST /nowhere')).replies, ['550 File not found: no file /nowhere'])
  assert.match(await client.ask('DELE b.txt'), /^250/)
  assert.match(await client.ask('CDUP'), /^250/)
  assert.match(await client.ask('RMD data'), /^250/)
})

test('d51: REST gives the rest of a file, to its end and not beyond', async (t) => {
  const { port } = await openFtp(t, new MemoryView('phone', { '/a.txt': '0123456789' }))
  const client = await FtpClient.login(t, port)
  for (const [at, rest] of [
    [0, '0123456789'],
    [4, '456789'],
    [10, ''],
  ] as const) {
    assert.match(await client.ask(`REST ${at}`), /^350/)
    assert.equal((await client.fetch('RETR a.txt')).bytes.toString(), rest)
  }
  await client.ask('REST 11')
  assert.match((await client.fetch('RETR a.txt')).replies[0] ?? '', /^554/)
})

test('d12: a file that changes while it is sent breaks the transfer off with 451', async (t) => {
  const view = new MemoryView()
  const file = new PiecewiseFile('a.bin', large.length, async (at, length) => {
    if (at > 0) throw new FileChanged('a.bin')
    return large.subarray(0, length)
  })
  view.special.set('/a.bin', file)
  const { port, outcomes } = await openFtp(t, view)
  const client = await FtpClient.login(t, port)
  assert.match((await client.fetch('RETR a.bin')).replies[1] ?? '', /^451/)
  assert.deepEqual([file.opened, file.closed], [1, 1])
  assert.equal((await outcomes.ended(1))[0]?.reason, 'file changed')
})

test('d52: ABOR in the middle of an upload stores nothing, and the session goes on', async (t) => {
  const { port, view, outcomes } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'old' }))
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  assert.match(await client.ask('STOR a.txt'), /^150/)
  data.write('new')
  await until(() => outcomes.handles[0]?.sent === 3)
  client.send(Buffer.from([0xff, 0xf4, 0xff, 0xf2]))
  assert.match(await client.ask('ABOR'), /^426 .*nothing was stored/)
  assert.match(await client.reply(), /^226/)
  assert.equal(view.files.get('/a.txt')?.toString(), 'old')
  assert.equal(view.openUploads, 0)
  assert.match(await client.ask('NOOP'), /^200/)
  assert.equal((await outcomes.ended(1))[0]?.reason, 'aborted')
})

test('d52: ABOR while the data connection is awaited ends the wait', async (t) => {
  const { port, view } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port)
  await client.passivePort()
  assert.match(await client.ask('STOR a.txt'), /^150/)
  assert.match(await client.ask('ABOR'), /^426/)
  assert.match(await client.reply(), /^226/)
  assert.equal(view.openUploads, 0)
})

test('d52: an upload whose data connection is reset is not stored', async (t) => {
  const { port, view } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'old' }))
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  assert.match(await client.ask('STOR a.txt'), /^150/)
  data.write('new')
  data.resetAndDestroy()
  assert.match(await client.reply(), /^426/)
  assert.equal(view.files.get('/a.txt')?.toString(), 'old')
  assert.equal(view.openUploads, 0)
})

for (const how of ['reset', 'ended'] as const) {
  test(`d52: an upload whose control connection is ${how} is not stored`, async (t) => {
    const { port, view, outcomes } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'old' }))
    const client = await FtpClient.login(t, port)
    const data = await client.passive()
    assert.match(await client.ask('STOR a.txt'), /^150/)
    data.write('new')
    await until(() => outcomes.handles[0]?.sent === 3)
    if (how === 'reset') client.control.resetAndDestroy()
    else client.control.destroy()
    await once(data, 'close')
    const [outcome] = await outcomes.ended(1)
    assert.deepEqual([outcome?.reason, outcome?.upload], ['session ended', true])
    assert.equal(view.files.get('/a.txt')?.toString(), 'old')
    assert.equal(view.openUploads, 0)
  })
}

test('d53: an upload that is too large is 552, and nothing of it stays', async (t) => {
  const view = new MemoryView()
  view.maxBytes = 100_000
  const { port, outcomes } = await openFtp(t, view)
  const client = await FtpClient.login(t, port)
  assert.match(await client.store('STOR a.bin', large), /^552 File too large/)
  assert.deepEqual([view.files.size, view.openUploads], [0, 0])
  assert.equal((await outcomes.ended(1))[0]?.reason, 'tooLarge')
  assert.match(await client.ask('NOOP'), /^200/)
})

test('what the view refuses is refused before any data connection, and told to activity', async (t) => {
  const { port, outcomes } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port)
  assert.equal(await client.store('STOR forbidden.txt', 'x'), '550 Not allowed')
  assert.deepEqual((await client.fetch('RETR absent.txt')).replies, ['550 File not found'])
  assert.deepEqual(
    (await outcomes.ended(2)).map(({ result, reason, code }) => [result, reason, code]),
    [
      ['refused', 'forbidden', 550],
      ['refused', 'notFound', 550],
    ],
  )
})

test('a file that is deleted is told to activity, and so is one that could not be', async (t) => {
  const { port, outcomes } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'x' }))
  const client = await FtpClient.login(t, port)
  assert.match(await client.ask('DELE a.txt'), /^250/)
  assert.match(await client.ask('DELE a.txt'), /^550/)
  assert.deepEqual(
    outcomes.all.map(({ asked, result, code }) => [asked, result, code]),
    [
      ['/a.txt', 'removed', 250],
      ['/a.txt', 'refused', 550],
    ],
  )
})

test('commands that come in one packet are answered in order', async (t) => {
  const { port } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'x' }))
  const client = await FtpClient.dial(t, port)
  client.send('USER a\r\nPASS b\r\nPWD\r\nSIZE a.txt\r\nQUIT\r\n')
  const codes = []
  for (let reply = await client.reply(); reply !== ''; reply = await client.reply())
    codes.push(reply.slice(0, 3))
  assert.deepEqual(codes, ['220', '331', '230', '257', '213', '221'])
})

test('QUIT during a transfer waits for its end', async (t) => {
  const { port } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  client.send('STOR a.txt\r\nQUIT\r\n')
  assert.match(await client.reply(), /^150/)
  data.end('x')
  assert.match(await client.reply(), /^226/)
  assert.match(await client.reply(), /^221/)
  assert.equal(await client.ended(), '')
})

test('a client may connect for data after it has read 150', async (t) => {
  const { port } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'x' }))
  const client = await FtpClient.login(t, port)
  const dataPort = await client.passivePort()
  assert.match(await client.ask('RETR a.txt'), /^150/)
  assert.equal((await collect(await dialData(dataPort))).toString(), 'x')
  assert.match(await client.reply(), /^226/)
})

test('a client that half-closes its data connection at once gets its whole file', async (t) => {
  const { port } = await openFtp(t, new MemoryView('phone', { '/a.bin': large }))
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  data.end()
  client.send('RETR a.bin\r\n')
  assert.ok((await collect(data)).equals(large))
})

test('an active client that is not there gets 425', async (t) => {
  const { port } = await openFtp(t, new MemoryView('phone', { '/a.txt': 'x' }))
  const client = await FtpClient.login(t, port)
  const server = await client.active()
  server.close()
  await once(server, 'close')
  assert.match(await client.ask('RETR a.txt'), /^150/)
  assert.match(await client.reply(), /^425/)
})
