import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal, type RefusalReason } from '../../../lib/files/refusal.ts'
import { FileChanged } from '../../../lib/files/stored-file.ts'
import {
  dial,
  everything,
  exchange,
  filesOf,
  inMemory,
  openHttp,
  PiecewiseFile,
  until,
} from '../../support/http.ts'

const settings = inMemory('46xxsettings.txt', 'SET SIG 2\n')
const bytesAt = (position: number, length: number) =>
  Buffer.from(Array.from({ length }, (_, index) => (position + index) % 251))
const large = 1_000_003

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1])
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const closing = 'Connection: close\r\n\r\n'

test('a file is answered in the form that the strictest phones read', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\nHost: x\r\n${closing}`)
  assert.equal(
    answer.replace(/Date: .*/, 'Date: now'),
    [
      'HTTP/1.1 200 OK',
      'Content-Type: text/plain',
      'Content-Length: 10',
      'Last-Modified: Sun, 01 Nov 2026 10:20:30 GMT',
      'ETag: "0123abcd"',
      'Accept-Ranges: bytes',
      'X-Content-Type-Options: nosniff',
      'Date: now',
      'Connection: close',
      '',
      'SET SIG 2\n',
    ].join('\r\n'),
  )
  assert.deepEqual(await outcomes.ended(1), [
    {
      protocol: 'http',
      address: '127.0.0.1',
      port,
      asked: '46xxsettings.txt',
      result: 'sent',
      bytes: 10,
      code: 200,
      file: '46xxsettings.txt',
      etag: '0123abcd',
      kind: 'other',
      fallback: false,
    },
  ])
})

test('HEAD is answered like GET, without the content', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(t, port, `HEAD /46xxsettings.txt HTTP/1.1\r\n${closing}`)
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Content-Length: 10\r\n/s)
  assert.equal(bodyOf(answer), '')
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.bytes], ['sent', 0])
})

test('a phone that has the file already hears 304, with its tag and without a length', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(
    t,
    port,
    `GET /46xxsettings.txt HTTP/1.1\r\nIf-None-Match: "0123abcd"\r\n${closing}`,
  )
  assert.match(answer, /^HTTP\/1\.1 304 Not Modified\r\n.*ETag: "0123abcd"\r\n/s)
  assert.doesNotMatch(answer, /Content-Length|Transfer-Encoding/)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.bytes, outcome?.code], ['unchanged', 0, 304])
})

test('a part is answered 206 with its place in the file', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\nRange: bytes=4-6\r\n${closing}`)
  assert.match(answer, /^HTTP\/1\.1 206 Partial Content\r\n/)
  assert.match(answer, /\r\nContent-Length: 3\r\n.*\r\nContent-Range: bytes 4-6\/10\r\n/s)
  assert.equal(bodyOf(answer), 'SIG')
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.bytes, outcome?.code], ['sent', 3, 206])
})

test('a part beyond the end is answered 416 with the size', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\nRange: bytes=10-\r\n${closing}`)
  assert.equal(statusOf(answer), 416)
  assert.match(answer, /\r\nContent-Range: bytes \*\/10\r\n/)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason, outcome?.code], ['refused', 'range', 416])
})

test('several requests on one connection are answered in their order', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings, inMemory('b.txt', 'b')))
  const answer = await exchange(
    t,
    port,
    `GET /b.txt HTTP/1.1\r\n\r\nGET /none HTTP/1.1\r\n\r\nGET /46xxsettings.txt HTTP/1.1\r\n${closing}`,
  )
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200'])
  assert.match(answer, /\r\nConnection: keep-alive\r\n/)
  assert.deepEqual(
    (await outcomes.ended(3)).map(({ asked, result }) => [asked, result]),
    [
      ['b.txt', 'sent'],
      ['none', 'refused'],
      ['46xxsettings.txt', 'sent'],
    ],
  )
})

for (const [title, size] of [
  ['smaller than a piece', 100],
  ['of exactly two pieces', 524_288],
  ['of several pieces', large],
] as const) {
  test(`a file ${title} arrives whole, from memory and from disk`, async (t) => {
    const content = bytesAt(0, size)
    const onDisk = new PiecewiseFile('disk.bin', size, async (position, length) => bytesAt(position, length))
    const { port, outcomes } = await openHttp(t, filesOf(inMemory('memory.bin', content), onDisk))
    for (const name of ['memory.bin', 'disk.bin']) {
      const answer = await exchange(t, port, `GET /${name} HTTP/1.1\r\n${closing}`)
      assert.equal(bodyOf(answer) === content.toString('latin1'), true)
    }
    assert.deepEqual(
      (await outcomes.ended(2)).map(({ result, bytes }) => [result, bytes]),
      [
        ['sent', size],
        ['sent', size],
      ],
    )
    assert.deepEqual([onDisk.opened, onDisk.closed], [1, 1])
  })
}

test('a part of a large file is the right one, from memory and from disk', async (t) => {
  const content = bytesAt(0, large)
  const onDisk = new PiecewiseFile('disk.bin', large, async (position, length) => bytesAt(position, length))
  const { port } = await openHttp(t, filesOf(inMemory('memory.bin', content), onDisk))
  for (const name of ['memory.bin', 'disk.bin']) {
    const answer = await exchange(
      t,
      port,
      `GET /${name} HTTP/1.1\r\nRange: bytes=300000-900000\r\n${closing}`,
    )
    assert.equal(bodyOf(answer) === content.subarray(300_000, 900_001).toString('latin1'), true)
  }
})

test('an empty file is served', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(inMemory('empty.txt', '')))
  const answer = await exchange(t, port, `GET /empty.txt HTTP/1.1\r\n${closing}`)
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*Content-Length: 0\r\n/s)
  assert.equal((await outcomes.ended(1))[0]?.result, 'sent')
})

const refusalStatus: [reason: RefusalReason, status: number][] = [
  ['notFound', 404],
  ['forbidden', 403],
  ['badName', 400],
  ['busy', 503],
  ['notActive', 503],
]
for (const [reason, status] of refusalStatus) {
  test(`a refusal for ${reason} is answered ${status} in a short text that repeats nothing`, async (t) => {
    const files = { read: () => Promise.reject(new Refusal(reason, 'the detail is for us')) }
    const { port, outcomes } = await openHttp(t, files)
    const answer = await exchange(t, port, `GET /secret-name HTTP/1.1\r\nHost: evil\r\n${closing}`)
    assert.equal(statusOf(answer), status)
    assert.match(answer, /\r\nContent-Type: text\/plain\r\nContent-Length: \d+\r\n/)
    assert.equal(/\r\nRetry-After: \d+\r\n/.test(answer), status === 503)
    assert.doesNotMatch(answer, /secret-name|evil|detail/)
    const [outcome] = await outcomes.ended(1)
    assert.deepEqual(
      [outcome?.result, outcome?.reason, outcome?.code, outcome?.detail],
      ['refused', reason, status, 'the detail is for us'],
    )
  })
}

test('the answers to two missing files are the same', async (t) => {
  const { port } = await openHttp(t, filesOf())
  const [one, other] = await Promise.all(
    ['one', 'other'].map((name) => exchange(t, port, `GET /${name} HTTP/1.1\r\n${closing}`)),
  )
  assert.equal(one?.replace(/Date: .*/, ''), other?.replace(/Date: .*/, ''))
})

test('the fallback of a refused phone is sent and marked', async (t) => {
  const files = {
    read: async () =>
      ({ file: settings, kind: 'settings', fallback: true, detail: 'not on the list' }) as const,
  }
  const { port, outcomes } = await openHttp(t, files)
  assert.equal(statusOf(await exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\n${closing}`)), 200)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.fallback, outcome?.detail], ['sent', true, 'not on the list'])
})

test('a fault is answered 500 without its reason, and the next phone is served', async (t) => {
  const files = filesOf(settings)
  const { port, outcomes } = await openHttp(t, {
    read: (caller, asked) =>
      asked === 'fault' ? Promise.reject(new Error('EIO /var/lib')) : files.read(caller, asked),
  })
  const answer = await exchange(t, port, `GET /fault HTTP/1.1\r\n${closing}`)
  assert.equal(statusOf(answer), 500)
  assert.doesNotMatch(answer, /EIO|var/)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.code], ['broken', 500])
  assert.equal(statusOf(await exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\n${closing}`)), 200)
})

test('d12: a file that changes while it is sent breaks the transfer off, and nothing is mixed', async (t) => {
  const file = new PiecewiseFile('fw.bin', large, async (position, length) => {
    if (position > 0) throw new FileChanged('fw.bin')
    return Buffer.alloc(length, 'o')
  })
  const { port, outcomes } = await openHttp(t, filesOf(file))
  const answer = await exchange(t, port, `GET /fw.bin HTTP/1.1\r\n${closing}`)
  assert.match(bodyOf(answer), /^o*$/)
  assert.equal(bodyOf(answer).length < large, true)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason], ['broken', 'the file was changed'])
  assert.equal(file.closed, 1)
})

test('d12: a file that turns out shorter than it was breaks the transfer off', async (t) => {
  const file = new PiecewiseFile('fw.bin', large, async (position, length) =>
    Buffer.alloc(position === 0 ? length : 0),
  )
  const { port, outcomes } = await openHttp(t, filesOf(file))
  await exchange(t, port, `GET /fw.bin HTTP/1.1\r\n${closing}`)
  assert.equal((await outcomes.ended(1))[0]?.result, 'broken')
  assert.equal(file.closed, 1)
})

test('d12: a file that changed before its first byte is answered 503', async (t) => {
  const file = new PiecewiseFile('fw.bin', large, async () => Buffer.alloc(0))
  file.open = () => Promise.reject(new FileChanged('fw.bin'))
  const { port, outcomes } = await openHttp(t, filesOf(file))
  const answer = await exchange(t, port, `GET /fw.bin HTTP/1.1\r\n${closing}`)
  assert.equal(statusOf(answer), 503)
  assert.match(answer, /\r\nRetry-After: /)
  assert.equal((await outcomes.ended(1))[0]?.reason, 'changed')
})

test('a client that goes away in the middle is a broken transfer, with what it got so far', async (t) => {
  const file = new PiecewiseFile('fw.bin', 50_000_000, async (_position, length) => Buffer.alloc(length))
  const { port, outcomes } = await openHttp(t, filesOf(file))
  const socket = await dial(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  await until(() => (outcomes.handles[0]?.sent ?? 0) > 0)
  assert.equal(outcomes.handles[0]?.size, 50_000_000)
  socket.resetAndDestroy()
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason], ['broken', 'the client went away'])
  assert.equal((outcome?.bytes ?? 0) > 0 && (outcome?.bytes ?? 0) < 50_000_000, true)
  await until(() => file.closed === 1)
})

test('a client that goes away while its file is looked up harms nobody', async (t) => {
  const found = Promise.withResolvers<void>()
  const { port, outcomes } = await openHttp(t, {
    async read() {
      await found.promise
      return { file: settings, kind: 'other', fallback: false }
    },
  })
  const socket = await dial(t, port)
  socket.write('GET /a HTTP/1.1\r\n\r\n')
  await until(() => outcomes.begun === 1)
  socket.resetAndDestroy()
  assert.equal((await outcomes.ended(1))[0]?.result, 'broken')
  found.resolve()
  const answer = await exchange(t, port, `GET /b HTTP/1.1\r\n${closing}`)
  assert.equal(statusOf(answer), 200)
})

test('a client that goes away while a piece of its file is read leaves no file open', async (t) => {
  const read = Promise.withResolvers<void>()
  const file = new PiecewiseFile('fw.bin', large, async (_position, length) => {
    await read.promise
    return Buffer.alloc(length)
  })
  const { port, outcomes } = await openHttp(t, filesOf(file))
  const socket = await dial(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  await until(() => file.opened === 1)
  socket.resetAndDestroy()
  await outcomes.ended(1)
  read.resolve()
  await until(() => file.closed === 1)
})

test('a client that ends its side after the request still gets all of its file', async (t) => {
  const file = new PiecewiseFile('fw.bin', large, async (position, length) => {
    await delay(20)
    return bytesAt(position, length)
  })
  const { port } = await openHttp(t, filesOf(file))
  const socket = await dial(t, port)
  socket.end('GET /fw.bin HTTP/1.1\r\n\r\n')
  assert.equal(bodyOf(await everything(socket)).length, large)
})

test('what a phone tells of itself goes into its transfer, raw control bytes included', async (t) => {
  const asked: string[] = []
  const identify = (userAgent: string) => {
    asked.push(userAgent)
    return userAgent === '' ? undefined : { vendor: 'Avaya' }
  }
  const { port, outcomes } = await openHttp(t, filesOf(settings), { parts: { identify } })
  const request = (headers: string) =>
    exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\n${headers}${closing}`)
  assert.equal(statusOf(await request('User-Agent: AVAYA/SIP12x0\x17/04.00.04.00\r\n')), 200)
  assert.equal(statusOf(await request('User-Agent: AVAYA/J139-4.1\r\n')), 200)
  assert.equal(statusOf(await request('User-Agent: AVAYA/J139-4.1\r\n')), 200)
  assert.equal(statusOf(await request('')), 200)
  assert.deepEqual(asked, ['AVAYA/SIP12x0\x17/04.00.04.00', 'AVAYA/J139-4.1', ''])
  const phones = (await outcomes.ended(4)).map(({ phone, result }) => [phone?.vendor, result])
  assert.deepEqual(phones, [
    ['Avaya', 'sent'],
    ['Avaya', 'sent'],
    ['Avaya', 'sent'],
    [undefined, 'sent'],
  ])
})

test('a large file reaches a phone that sends a control byte in its User-Agent', async (t) => {
  const file = new PiecewiseFile('fw.bin', large, async (position, length) => bytesAt(position, length))
  const { port, outcomes } = await openHttp(t, filesOf(file))
  const answer = await exchange(t, port, 'GET /fw.bin HTTP/1.1\r\nUser-Agent: AVAYA/SIP12x0\x17/04\r\n\r\n')
  assert.match(answer, /\r\nConnection: close\r\n/)
  assert.equal(bodyOf(answer) === bytesAt(0, large).toString('latin1'), true)
  assert.equal((await outcomes.ended(1))[0]?.result, 'sent')
})

test('d66, d69: Host, absolute form and proxy headers change nothing and come back nowhere', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(
    t,
    port,
    [
      'GET http://user:secret@evil.example/46xxsettings.txt HTTP/1.1',
      'Host: evil.example',
      'X-Forwarded-For: 10.9.9.9',
      'X-Forwarded-Host: evil.example',
      'Forwarded: for=10.9.9.9',
      'Proxy: http://evil.example',
      closing,
    ].join('\r\n'),
  )
  assert.equal(statusOf(answer), 200)
  assert.doesNotMatch(answer, /evil|secret|10\.9\.9\.9/)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.address, outcome?.asked], ['127.0.0.1', '46xxsettings.txt'])
})

test('d3, d72: a name with control bytes is refused and comes back nowhere', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(t, port, `GET /a%0d%0aSet-Cookie:x%00%1b[31m HTTP/1.1\r\n${closing}`)
  assert.equal(statusOf(answer), 400)
  assert.doesNotMatch(answer, /Cookie/)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.reason, outcome?.asked], ['badName', 'a\r\nSet-Cookie:x\0\x1b[31m'])
})

test('d4: a name of 4,096 bytes is refused, one of 65,000 does not fit the header', async (t) => {
  const { port } = await openHttp(t, filesOf(settings))
  assert.equal(statusOf(await exchange(t, port, `GET /${'a'.repeat(4_096)} HTTP/1.1\r\n${closing}`)), 400)
  assert.equal(statusOf(await exchange(t, port, `GET /${'a'.repeat(65_000)} HTTP/1.1\r\n${closing}`)), 431)
  assert.equal(statusOf(await exchange(t, port, `GET /46xxsettings.txt HTTP/1.1\r\n${closing}`)), 200)
})

test('d1: a broken percent-encoding is answered by us, not by the router, and written down', async (t) => {
  const { port, outcomes } = await openHttp(t, filesOf(settings))
  const answer = await exchange(t, port, `GET /%zz HTTP/1.1\r\n${closing}`)
  assert.match(answer, /^HTTP\/1\.1 400 .*\r\n\r\nfile name not allowed\n$/s)
  assert.deepEqual((await outcomes.ended(1))[0]?.asked, '/%zz')
})

test('d13: folders are not listed', async (t) => {
  const { port } = await openHttp(t, filesOf(inMemory('firmware/a.bin', 'a')))
  for (const target of ['/', '/firmware/', '/firmware', '/?C=M;O=A']) {
    assert.equal(statusOf(await exchange(t, port, `GET ${target} HTTP/1.1\r\n${closing}`)), 404)
  }
})

test('d71: text with HTML in it is served as text, and browsers are told not to guess', async (t) => {
  const html = '<html><script>alert(1)</script></html>'
  const { port } = await openHttp(
    t,
    filesOf(inMemory('46xxsettings.txt', html), inMemory('snom320.htm', html)),
  )
  for (const name of ['46xxsettings.txt', 'snom320.htm']) {
    const answer = await exchange(t, port, `GET /${name} HTTP/1.1\r\n${closing}`)
    assert.match(answer, /\r\nContent-Type: text\/plain\r\n/)
    assert.match(answer, /\r\nX-Content-Type-Options: nosniff\r\n/)
  }
})
