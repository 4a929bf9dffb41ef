import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import { Refusal } from '../../../lib/files/refusal.ts'
import { FileChanged } from '../../../lib/files/stored-file.ts'
import { filesOf, inMemory, PiecewiseFile, until } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'
import { ackPacket, readRequest, tftpFetch } from '../../support/tftp-client.ts'
import { openRaw, openTftp } from '../../support/tftp-door.ts'

const content = seededBytes(5_000)
const files = filesOf(inMemory('46xxsettings.txt', content))

/** A file that is read in pieces, as large ones are. */
const piecewise = (name: string, bytes: Buffer) =>
  new PiecewiseFile(name, bytes.length, async (at, length) => bytes.subarray(at, at + length))

test('a phone fetches a file, and it is written down once, with what was sent', async (t) => {
  const { port, outcomes } = await openTftp(t, files, { parts: { phoneAt: () => ({ model: '4610' }) } })
  const { bytes, granted } = await tftpFetch('46xxsettings.txt', { port })
  assert.deepEqual(bytes, content)
  assert.equal(granted, undefined)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual(
    { ...outcome, retries: 0 },
    {
      protocol: 'tftp',
      address: '127.0.0.1',
      port,
      asked: '46xxsettings.txt',
      phone: { model: '4610' },
      result: 'sent',
      bytes: 5_000,
      retries: 0,
      file: '46xxsettings.txt',
      etag: '0123abcd',
      kind: 'other',
    },
  )
  assert.deepEqual([outcomes.begun, outcomes.handles[0]?.size, outcomes.handles[0]?.sent], [1, 5_000, 5_000])
})

test('each transfer has a port of its own', async (t) => {
  const { port } = await openTftp(t, files)
  const fetched = await Promise.all([1, 2, 3].map(() => tftpFetch('46xxsettings.txt', { port })))
  const ports = fetched.map(({ server }) => server.port)
  assert.equal(new Set([port, ...ports]).size, 4)
})

for (const singlePort of [false, true]) {
  const mode = singlePort ? 'single-port mode' : 'ports of their own'

  test(`many phones at once get what each asked for, with ${mode}`, async (t) => {
    const stored = Array.from({ length: 60 }, (_, index) =>
      inMemory(`f${index}`, seededBytes(index * 700, index)),
    )
    const { port, outcomes } = await openTftp(t, filesOf(...stored), { settings: { singlePort } })
    await Promise.all(
      stored.map(async ({ name, content: expected }, index) => {
        const options =
          index % 2 === 0 ? {} : { options: { blksize: 100 + index, windowsize: 1 + (index % 9) } }
        const { bytes, server } = await tftpFetch(name, { port, ...options })
        assert.deepEqual(bytes, expected)
        assert.equal(server.port === port, singlePort)
      }),
    )
    assert.ok((await outcomes.ended(60)).every(({ result }) => result === 'sent'))
  })

  test(`a file that is read as it is sent arrives whole, with ${mode}`, async (t) => {
    const large = seededBytes(1_500_000)
    const file = piecewise('fw.bin', large)
    const { port, outcomes } = await openTftp(t, filesOf(file), { settings: { singlePort } })
    for (const options of [{ blksize: 1_428 }, { blksize: 1_428, windowsize: 32 }]) {
      const { bytes } = await tftpFetch('fw.bin', { port, options })
      assert.ok(bytes.equals(large))
    }
    await outcomes.ended(2)
    await until(() => file.closed === 2)
  })
}

test('all options are granted together, in the words of the phone', async (t) => {
  const { port } = await openTftp(t, files)
  const options = { BLKSIZE: 1_024, tsize: 0, timeout: 2, WindowSize: 4, multicast: '' }
  const { bytes, granted } = await tftpFetch('46xxsettings.txt', { port, options })
  assert.deepEqual(bytes, content)
  assert.deepEqual(granted, { BLKSIZE: '1024', tsize: '5000', timeout: '2', WindowSize: '4' })
})

test('exactly one leading slash stands for the root', async (t) => {
  const { port } = await openTftp(t, files)
  assert.deepEqual((await tftpFetch('/46xxsettings.txt', { port })).bytes, content)
  await assert.rejects(tftpFetch('//46xxsettings.txt', { port }), {
    code: 2,
    message: 'file name not allowed',
  })
})

test('refusals are said in the protocol’s words, and written down with their detail', async (t) => {
  const { port, outcomes } = await openTftp(t, files)
  await assert.rejects(tftpFetch('absent', { port }), { code: 1, message: 'file not found' })
  await assert.rejects(tftpFetch('../etc/passwd', { port }), { code: 2, message: 'file name not allowed' })
  await assert.rejects(tftpFetch(Buffer.from([0xff, 0x41]), { port }), {
    code: 2,
    message: 'file name not allowed',
  })
  const ended = await outcomes.ended(3)
  assert.deepEqual(
    ended.map(({ result, reason, code, asked, bytes }) => [result, reason, code, asked, bytes]),
    [
      ['refused', 'notFound', 1, 'absent', 0],
      ['refused', 'badName', 2, '../etc/passwd', 0],
      ['refused', 'badName', 2, '\ufffdA', 0],
    ],
  )
  assert.equal(ended[2]?.detail, 'the name is not UTF-8')
})

test('every refusal has its code', async (t) => {
  for (const [reason, code, text] of [
    ['forbidden', 2, 'not allowed'],
    ['busy', 0, 'too many clients'],
    ['notActive', 0, 'this node is on standby'],
  ] as const) {
    const { port } = await openTftp(t, { read: () => Promise.reject(new Refusal(reason, 'test')) })
    await assert.rejects(tftpFetch('f', { port }), { code, message: text })
  }
})

test('a fallback file is marked', async (t) => {
  const file = inMemory('fxd_settings.txt', 'calm')
  const { port, outcomes } = await openTftp(t, {
    read: async () => ({ file, kind: 'settings', fallback: true }),
  })
  assert.equal((await tftpFetch('46xxsettings.txt', { port })).bytes.toString(), 'calm')
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.fallback, outcome?.file, outcome?.kind], [true, 'fxd_settings.txt', 'settings'])
})

test('a fault is told in two words, and logged with its cause', async (t) => {
  const logged: unknown[] = []
  const { silentLog } = await import('../../../lib/base/log.ts')
  const log = Object.create(silentLog, { error: { value: (...line: unknown[]) => logged.push(line) } })
  const { port, outcomes } = await openTftp(
    t,
    { read: () => Promise.reject(new Error('EIO')) },
    { parts: { log } },
  )
  await assert.rejects(tftpFetch('f', { port }), { code: 0, message: 'server error' })
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason], ['broken', 'server error'])
  assert.equal(logged.length, 1)
  assert.match(JSON.stringify(logged), /tftp transfer failed/)
})

test('d12: a file that changes while it is sent breaks off with an error, and is closed', async (t) => {
  const file = new PiecewiseFile('fw.bin', 1_000_000, async (at, length) => {
    if (at > 0) throw new FileChanged('fw.bin')
    return Buffer.alloc(length)
  })
  const { port, outcomes } = await openTftp(t, filesOf(file))
  await assert.rejects(tftpFetch('fw.bin', { port }), { code: 0, message: 'file changed, ask again' })
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason], ['broken', 'file changed'])
  await until(() => file.closed === 1)
})

test('a phone that only wanted the size and cancels is no fault', async (t) => {
  const { port, outcomes } = await openTftp(t, files)
  const phone = await openRaw(t)
  phone.send(readRequest('46xxsettings.txt', 'octet', { tsize: 0 }), port)
  const { port: transferPort } = await phone.next()
  phone.send(Buffer.from('\0\x05\0\x08option\x1b[0m refused\0'), transferPort)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason, outcome?.code], ['broken', 'phone cancelled', 8])
  assert.equal(outcome?.detail, 'the phone said: option\\x1b[0m refused')
})

test('an error of the phone ends the transfer at once', async (t) => {
  const { port, outcomes } = await openTftp(t, files)
  const phone = await openRaw(t)
  phone.send(readRequest('46xxsettings.txt'), port)
  const { port: transferPort } = await phone.next()
  phone.send(ackPacket(1), transferPort)
  phone.send(Buffer.from('\0\x05\0\x03flash is full\0'), transferPort)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual(
    [outcome?.result, outcome?.reason, outcome?.code, outcome?.bytes],
    ['broken', 'phone error', 3, 512],
  )
})

test('IPv6 phones are served like others', async (t) => {
  const { port, outcomes } = await openTftp(t, files, { settings: { addresses: ['::1'] } })
  const { bytes, server } = await tftpFetch('46xxsettings.txt', {
    port,
    address: '::1',
    options: { blksize: 65_464 },
  })
  assert.deepEqual(bytes, content)
  assert.equal(server.address, '::1')
  assert.equal((await outcomes.ended(1))[0]?.address, '::1')
})

test('transfers leave from the ports that are set, and when all are taken phones hear that we are busy', async (t) => {
  const first = await freeRange(3)
  const settings = { transferPorts: `${first}-${first + 2}` }
  const { port, outcomes } = await openTftp(t, files, { settings })
  const phones = await Promise.all([1, 2, 3].map(() => openRaw(t)))
  const ports = await Promise.all(
    phones.map(async (phone) => {
      phone.send(readRequest('46xxsettings.txt'), port)
      return (await phone.next()).port
    }),
  )
  assert.deepEqual(ports.toSorted(), [first, first + 1, first + 2])
  await assert.rejects(tftpFetch('46xxsettings.txt', { port }), { code: 0, message: 'too many clients' })
  assert.equal((await outcomes.ended(1))[0]?.reason, 'busy')
})

test('an option can be kept from phones of a network', async (t) => {
  const quirks = [{ network: '127.0.0.0/8', refuse: ['windowsize' as const], maxBlockSize: 600 }]
  const { port } = await openTftp(t, files, { settings: { quirks } })
  const options = { blksize: 1_428, windowsize: 8 }
  const { bytes, granted } = await tftpFetch('46xxsettings.txt', { port, options })
  assert.deepEqual(bytes, content)
  assert.deepEqual(granted, { blksize: '600' })
})

test('a port that is taken is named, with the setting and who has it', async (t) => {
  const taken = createSocket('udp4')
  t.after(() => new Promise<void>((resolve) => taken.close(() => resolve())))
  await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve))
  const { port } = taken.address()
  await assert.rejects(openTftp(t, files, { settings: { port } }), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`^tftp.port: UDP port ${port} on 127.0.0.1 is held by .*pid ${process.pid}`),
    )
    return error.cause instanceof Error
  })
})

test('a chosen address that the machine does not have is no reason not to start', async (t) => {
  const { server } = await openTftp(t, files, { settings: { addresses: ['192.0.2.77', '127.0.0.1'] } })
  assert.deepEqual(
    server.status().map(({ address }) => address),
    ['127.0.0.1'],
  )
})

test('when one address cannot be used at the start, the others are let go', async (t) => {
  const taken = await openRaw(t, '127.0.0.2')
  const { port } = taken
  const addresses = ['127.0.0.1', '127.0.0.2']
  await assert.rejects(openTftp(t, files, { settings: { addresses, port } }), /on 127\.0\.0\.2 is held by/)
  await openRaw(t, '127.0.0.1', port)
})

test('an address is listened on once, however often and in whatever spelling it is chosen', async (t) => {
  for (const [chosen, expected] of [
    [['0:0:0:0:0:0:0:1', '::1'], ['::1']],
    [
      ['127.0.0.1', '127.0.0.2', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.2'],
    ],
  ] as const) {
    const { server } = await openTftp(t, files, { settings: { addresses: [...chosen] } })
    assert.deepEqual(
      server.status().map(({ address }) => address),
      expected,
    )
  }
})

/** The first of `count` ports in a row that are free just now. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const sockets = Array.from({ length: count }, () => createSocket('udp4'))
    const bind = (socket: (typeof sockets)[0], port: number) =>
      new Promise<number>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind(port, '127.0.0.1', () => resolve(socket.address().port))
      })
    try {
      const [head, ...rest] = sockets
      if (head === undefined) throw new Error('a range has at least one port')
      const first = await bind(head, 0)
      await Promise.all(rest.map((socket, index) => bind(socket, first + index + 1)))
      return first
    } catch {
      // A neighbour is taken: try elsewhere.
    } finally {
      for (const socket of sockets) socket.close()
    }
  }
}
