import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { filesOf, inMemory, until } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'
import {
  ackPacket,
  readRequest,
  requestPacket,
  tftpFetch,
  type RawClient,
} from '../../support/tftp-client.ts'
import { openRaw, openTftp } from '../../support/tftp-door.ts'

const content = seededBytes(3_000)
const files = filesOf(inMemory('f', content))
const data = (packet: Buffer) => ({ opcode: packet.readUInt16BE(0), block: packet.readUInt16BE(2) })
const error = (packet: Buffer) => ({ ...data(packet), text: packet.subarray(4, -1).toString() })

/** A request of a phone that takes its time: nothing is sent again while a test thinks. */
const patientRequest = (name: string) => readRequest(name, 'octet', { timeout: 60 })

/**
 * Silence is shown without waiting for it: the same socket sends a request after the packets in question, packets on
 * loopback keep their order, and the first thing heard is the answer to that request.
 */
async function assertSilence(client: RawClient, port: number): Promise<void> {
  client.send(requestPacket(2, 'sentinel'), port)
  assert.deepEqual(error((await client.next()).packet), { opcode: 5, block: 2, text: 'not allowed' })
}

test('d14: nobody may write; it is refused, counted, and nothing is opened', async (t) => {
  let asked = 0
  const read = async () => {
    asked += 1
    throw new Error('must not be asked')
  }
  const { port, outcomes } = await openTftp(t, { read })
  const client = await openRaw(t)
  client.send(requestPacket(2, 'f', 'octet', { tsize: 10_000_000 }), port) // d20, too
  assert.deepEqual(error((await client.next()).packet), { opcode: 5, block: 2, text: 'not allowed' })
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason, outcome?.code], ['refused', 'forbidden', 2])
  assert.equal(asked, 0)
})

for (const [what, packet] of [
  ['without final NUL', Buffer.from('\0\x01f\0octet')],
  ['without a mode', Buffer.from('\0\x01f\0')],
  ['with an odd number of option words', Buffer.from('\0\x01f\0octet\0blksize\0')],
  ['with a repeated option', Buffer.from('\0\x01f\0octet\0tsize\x000\0tsize\x000\0')],
  ['with a huge option', Buffer.from(`\0\x01f\0octet\0blksize\0${'9'.repeat(60_000)}\0`)],
  ['in mail mode', Buffer.from('\0\x01f\0mail\0')],
  ['of 65,507 bytes without a NUL', Buffer.concat([Buffer.from('\0\x01'), Buffer.alloc(65_505, 0x41)])],
  ['to write, without a mode', Buffer.from('\0\x02f\0')],
] as const) {
  test(`d15: a request ${what} gets error 4, and others are served on`, async (t) => {
    const { port, outcomes } = await openTftp(t, files)
    const client = await openRaw(t)
    client.send(packet, port)
    assert.deepEqual(data((await client.next()).packet), { opcode: 5, block: 4 })
    assert.deepEqual((await tftpFetch('f', { port })).bytes, content)
    assert.equal((await outcomes.ended(1)).length, 1)
  })
}

test('d4: names of 4,096 and 65,000 bytes are refused like any bad name', async (t) => {
  const { port } = await openTftp(t, files)
  for (const length of [256, 4_096, 65_000]) {
    await assert.rejects(tftpFetch('x'.repeat(length), { port }), {
      code: 2,
      message: 'file name not allowed',
    })
  }
})

for (const singlePort of [false, true]) {
  test(`d16: packets that are no request are not answered (${singlePort ? 'single port' : 'own ports'})`, async (t) => {
    const { port } = await openTftp(t, files, { settings: { singlePort } })
    const client = await openRaw(t)
    const noise = [
      '',
      '\0',
      '\x01',
      '\0\0',
      '\0\0f\0octet\0',
      '\0\x03\0\x01data',
      '\0\x05\0\0text\0',
      '\0\x06a\0b\0',
      '\0\x07f\0octet\0',
      '\x01\0f\0octet\0',
      '\xff\xff',
    ]
    for (const text of noise) client.send(Buffer.from(text, 'latin1'), port)
    client.send(Buffer.alloc(65_507), port)
    client.send(Buffer.alloc(65_507, 0xff), port)
    await assertSilence(client, port)
  })
}

test('an acknowledgement of a transfer that is not known: error 5 in single-port mode, silence otherwise', async (t) => {
  const single = await openTftp(t, files, { settings: { singlePort: true } })
  const client = await openRaw(t)
  client.send(ackPacket(7), single.port)
  assert.deepEqual(data((await client.next()).packet), { opcode: 5, block: 5 })
  const own = await openTftp(t, files)
  client.send(ackPacket(7), own.port)
  await assertSilence(client, own.port)
})

test('a late copy of the last acknowledgement is not answered, lest the phone takes its file for broken', async (t) => {
  for (const singlePort of [false, true]) {
    const { port, outcomes } = await openTftp(t, filesOf(inMemory('f', 'short')), {
      settings: { singlePort },
    })
    const phone = await openRaw(t)
    phone.send(readRequest('f'), port)
    const { port: transferPort } = await phone.next()
    phone.send(ackPacket(1), transferPort)
    phone.send(ackPacket(1), transferPort)
    await outcomes.ended(1)
    phone.send(ackPacket(1), transferPort)
    await assertSilence(phone, port)
  }
})

test('d17: a block as large as asked for, and never larger than the interface takes', async (t) => {
  const { port } = await openTftp(t, files)
  for (const [asked, granted] of [
    ['8', '8'],
    ['512', '512'],
    ['65464', '65464'],
    ['65465', '65464'],
    ['7', undefined],
    ['-1', undefined],
    ['0x10', undefined],
    [' 512', undefined],
  ] as const) {
    const fetched = await tftpFetch('f', { port, options: { blksize: asked } })
    assert.deepEqual(fetched.bytes, content)
    assert.equal(fetched.granted?.['blksize'], granted)
  }
})

test('d18: a window as large as asked for, if it is not too large', async (t) => {
  const { port } = await openTftp(t, files)
  for (const [asked, granted] of [
    ['1', '1'],
    ['64', '64'],
    ['0', undefined],
    ['65535', undefined],
  ] as const) {
    const fetched = await tftpFetch('f', { port, options: { windowsize: asked, blksize: 8 } })
    assert.deepEqual(fetched.bytes, content)
    assert.equal(fetched.granted?.['windowsize'], granted)
  }
})

test('d19: a timeout of 1 to 255 seconds is granted', async (t) => {
  const { port } = await openTftp(t, files)
  for (const [asked, granted] of [
    ['0', undefined],
    ['1', '1'],
    ['255', '255'],
    ['256', undefined],
  ] as const) {
    const fetched = await tftpFetch('f', { port, options: { timeout: asked, tsize: 0 } })
    assert.equal(fetched.granted?.['timeout'], granted)
  }
})

test('d20: the size that is told is the size that comes', async (t) => {
  const { port } = await openTftp(t, filesOf(inMemory('f', content), inMemory('text', 'a\nb\r\n')))
  assert.equal((await tftpFetch('f', { port, options: { tsize: 0 } })).granted?.['tsize'], '3000')
  const text = await tftpFetch('text', { port, mode: 'netascii', options: { tsize: 0 } })
  assert.equal(text.granted?.['tsize'], String(text.bytes.length))
  assert.equal(text.bytes.toString(), 'a\r\nb\r\0\r\n')
})

for (const singlePort of [false, true]) {
  test(`d21: a stranger's packets get error 5 and harm nobody (${singlePort ? 'single port' : 'own ports'})`, async (t) => {
    const { port, outcomes } = await openTftp(t, files, { settings: { singlePort } })
    const phone = await openRaw(t)
    const [stranger, otherAddress] = [await openRaw(t), await openRaw(t, '127.0.0.9', phone.port)]
    phone.send(patientRequest('f'), port)
    phone.send(ackPacket(0), (await phone.next()).port)
    for (let block = 1; block <= 6; block += 1) {
      const { packet, port: from } = await phone.next()
      assert.deepEqual(data(packet), { opcode: 3, block })
      for (const foreign of [stranger, otherAddress]) {
        foreign.send(Buffer.from('\0\x05\0\0die\0'), from, '127.0.0.1') // an ERROR is never answered
        foreign.send(ackPacket(block), from, '127.0.0.1')
        assert.deepEqual(data((await foreign.next()).packet), { opcode: 5, block: 5 })
      }
      phone.send(ackPacket(block), from)
    }
    assert.equal((await outcomes.ended(1))[0]?.result, 'sent')
    assert.equal(stranger.unread + otherAddress.unread + phone.unread, 0)
  })

  test(`phones that use the same port are told apart by their address (${singlePort ? 'single port' : 'own ports'})`, async (t) => {
    const stored = filesOf(inMemory('one', seededBytes(600, 1)), inMemory('two', seededBytes(600, 2)))
    const { port, outcomes } = await openTftp(t, stored, { settings: { singlePort } })
    const one = await openRaw(t)
    const two = await openRaw(t, '127.0.0.9', one.port)
    one.send(readRequest('one'), port)
    two.send(readRequest('two'), port, '127.0.0.1')
    const from = [await one.next(), await two.next()].map((heard) => heard.port)
    one.send(ackPacket(1), from[0] ?? 0)
    two.send(ackPacket(1), from[1] ?? 0, '127.0.0.1')
    assert.deepEqual((await one.next()).packet.subarray(4), seededBytes(600, 1).subarray(512))
    assert.deepEqual((await two.next()).packet.subarray(4), seededBytes(600, 2).subarray(512))
    assert.equal(outcomes.all.length, 0)
  })
}

test('d22: acknowledging everything twice, too early and too late brings no surplus data', async (t) => {
  const long = seededBytes(200_000)
  const { port, outcomes } = await openTftp(t, filesOf(inMemory('f', long)))
  const { bytes, packets } = await tftpFetch('f', { port, ackTwice: true })
  assert.deepEqual(bytes, long)
  const { retries = 0 } = (await outcomes.ended(1))[0] ?? {}
  assert.ok(packets <= 391 + retries, `${packets} packets for 391 blocks`)
  assert.ok(retries < 150, `${retries} blocks sent again`) // a busy machine may be late now and then
})

test('d25: exact multiples end with an empty block, and an empty file is one', async (t) => {
  const stored = [
    inMemory('none', ''),
    inMemory('one', seededBytes(512)),
    inMemory('two', seededBytes(1_024)),
  ]
  const { port } = await openTftp(t, filesOf(...stored))
  for (const [index, file] of stored.entries()) {
    const { bytes, packets } = await tftpFetch(file.name, { port })
    assert.deepEqual(bytes, file.content)
    assert.equal(packets, index + 1)
  }
})

test('d26: who never answers gets at most three packets, none larger than a block', async (t) => {
  const { port, outcomes } = await openTftp(t, files, { settings: { timeoutMs: 20, giveUpMs: 600 } })
  const client = await openRaw(t)
  client.send(readRequest('f', 'octet', { windowsize: 64, blksize: 1_428 }), port)
  assert.equal((await outcomes.ended(1))[0]?.reason, 'phone silent')
  const packets = [await client.next(), await client.next(), await client.next()]
  assert.ok(packets.every(({ packet }) => packet.readUInt16BE(0) === 6))
  assert.equal(client.unread, 0)
})

test('d26: asking again from the same port begins no second transfer, and brings the first packet again', async (t) => {
  const { port, outcomes } = await openTftp(t, files)
  const phone = await openRaw(t)
  const request = patientRequest('f')
  phone.send(request, port)
  const first = await phone.next()
  phone.send(request, port)
  assert.deepEqual(await phone.next(), first)
  phone.send(ackPacket(0), first.port)
  assert.deepEqual(data((await phone.next()).packet), { opcode: 3, block: 1 })
  phone.send(request, port) // a late copy
  phone.send(ackPacket(1), first.port)
  assert.deepEqual(data((await phone.next()).packet), { opcode: 3, block: 2 })
  assert.equal(outcomes.begun, 1)
})

test('a phone that restarts and asks for something else from the same port is served anew', async (t) => {
  const { port, outcomes } = await openTftp(t, filesOf(inMemory('f', content), inMemory('g', 'other')))
  const phone = await openRaw(t)
  phone.send(readRequest('f'), port)
  await phone.next()
  phone.send(readRequest('g'), port)
  assert.equal((await phone.next()).packet.subarray(4).toString(), 'other')
  assert.deepEqual(
    (await outcomes.ended(1)).map(({ asked, reason }) => [asked, reason]),
    [['f', 'asked anew']],
  )
})

test('a phone that restarts and asks for the same again, after a silence, is served anew', async (t) => {
  const { port, outcomes } = await openTftp(t, files, { settings: { timeoutMs: 60_000 } })
  const phone = await openRaw(t)
  phone.send(patientRequest('f'), port)
  const { port: transferPort } = await phone.next()
  phone.send(ackPacket(0), transferPort)
  await phone.next()
  await delay(1_050)
  phone.send(patientRequest('f'), port)
  assert.equal((await phone.next()).packet.readUInt16BE(0), 6)
  assert.equal((await outcomes.ended(1))[0]?.reason, 'asked anew')
})

test('d27: a flood from one address is dropped beyond its rate, and other phones are served', async (t) => {
  const { port, server, outcomes } = await openTftp(t, files, { settings: { requestsPerSecond: 50 } })
  const flood = await openRaw(t, '127.0.0.2')
  for (let round = 0; round < 100; round += 1) {
    for (let times = 0; times < 50; times += 1) flood.send(requestPacket(2, 'x'), port, '127.0.0.1')
    await delay(1)
  }
  assert.deepEqual((await tftpFetch('f', { port })).bytes, content)
  await until(() => server.droppedRequests > 3_000)
  const refused = outcomes.all.filter(({ result }) => result === 'refused').length
  assert.ok(refused < 1_000, `${refused} of 5000 answered`)
})

test('d27: when all places are held by phones that never answered, they give way to one that does', async (t) => {
  const { port, outcomes } = await openTftp(t, files, { settings: { maxTransfers: 20 } })
  const flood = await Promise.all(
    Array.from({ length: 20 }, (_, index) => openRaw(t, `127.0.1.${index + 1}`)),
  )
  for (const client of flood) client.send(readRequest('f'), port, '127.0.0.1')
  for (const client of flood) await client.next()
  await delay(260)
  assert.deepEqual((await tftpFetch('f', { port })).bytes, content)
  const [oldest] = await outcomes.ended(1)
  assert.deepEqual([oldest?.address, oldest?.reason], ['127.0.1.1', 'gave way'])
})

test('d28: a place held by a phone that has fallen silent is free again when it is given up', async (t) => {
  const settings = { maxTransfers: 1, giveUpMs: 1_000 }
  const { port, outcomes } = await openTftp(t, files, { settings })
  const holder = await openRaw(t, '127.0.0.2')
  holder.send(readRequest('f'), port, '127.0.0.1')
  holder.send(ackPacket(1), (await holder.next()).port, '127.0.0.1')
  await holder.next()
  await assert.rejects(tftpFetch('f', { port }), { code: 0, message: 'too many clients' })
  await until(() => outcomes.all.some(({ reason }) => reason === 'phone silent'))
  assert.deepEqual((await tftpFetch('f', { port })).bytes, content)
})

test('a phone that has answered keeps its place, however long it thinks', async (t) => {
  const { port } = await openTftp(t, files, { settings: { maxTransfers: 1 } })
  const phone = await openRaw(t, '127.0.0.2')
  phone.send(patientRequest('f'), port, '127.0.0.1')
  const { port: transferPort } = await phone.next()
  phone.send(ackPacket(0), transferPort, '127.0.0.1')
  await phone.next()
  await delay(260)
  await assert.rejects(tftpFetch('f', { port }), { code: 0, message: 'too many clients' })
  phone.send(ackPacket(1), transferPort, '127.0.0.1')
  assert.deepEqual(data((await phone.next()).packet), { opcode: 3, block: 2 })
})

test('a place is free again as soon as a transfer has ended', async (t) => {
  const { port, outcomes } = await openTftp(t, files, {
    settings: { maxTransfers: 1, transfersPerAddress: 1 },
  })
  for (let times = 1; times <= 3; times += 1) {
    assert.deepEqual((await tftpFetch('f', { port })).bytes, content)
    await outcomes.ended(times)
  }
})

test('d28: transfers of one address are limited, those of others are not', async (t) => {
  const { port, outcomes } = await openTftp(t, files, { settings: { transfersPerAddress: 2 } })
  for (let times = 0; times < 2; times += 1) {
    const holder = await openRaw(t, '127.0.0.2')
    holder.send(readRequest('f'), port, '127.0.0.1')
    await holder.next()
  }
  const third = await openRaw(t, '127.0.0.2')
  third.send(readRequest('f'), port, '127.0.0.1')
  assert.deepEqual(error((await third.next()).packet), { opcode: 5, block: 0, text: 'too many clients' })
  assert.equal((await outcomes.ended(1))[0]?.reason, 'busy')
  assert.deepEqual((await tftpFetch('f', { port })).bytes, content)
})

test('d30: text in netascii is translated, and a file too large for that is refused in words', async (t) => {
  const large = inMemory('large', Buffer.alloc(4 * 1_024 * 1_024 + 1))
  const { port, outcomes } = await openTftp(t, filesOf(inMemory('text', 'a\nb\rc'), large))
  const { bytes } = await tftpFetch('text', { port, mode: 'NetASCII' })
  assert.equal(bytes.toString(), 'a\r\nb\r\0c')
  await assert.rejects(tftpFetch('large', { port, mode: 'netascii' }), { code: 3, message: 'file too large' })
  assert.match((await outcomes.ended(2))[1]?.detail ?? '', /netascii ends at 4194304, octet does not/)
})

test('d31: options that are unknown are not answered, and without others no OACK is sent', async (t) => {
  const { port } = await openTftp(t, files)
  const unknown = { multicast: '', rollover: 0, utimeout: 5 }
  assert.equal((await tftpFetch('f', { port, options: unknown })).granted, undefined)
  const both = await tftpFetch('f', { port, options: { ...unknown, tsize: 0 } })
  assert.deepEqual(both.granted, { tsize: '3000' })
})
