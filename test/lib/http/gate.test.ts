import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
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

const files = filesOf(inMemory('a.txt', 'aaa'), inMemory('smuggled', 'gold'))
const statusesOf = (answer: string) =>
  Array.from(answer.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => status)
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

const desync: [title: string, bytes: string][] = [
  [
    'Content-Length with Transfer-Encoding',
    `POST /a.txt HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding with Content-Length',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'two different lengths',
    `POST /a.txt HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde${smuggled}`,
  ],
  [
    'the same length twice',
    `POST /a.txt HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd${smuggled}`,
  ],
  ['a list of lengths', `POST /a.txt HTTP/1.1\r\nContent-Length: 4, 4\r\n\r\nabcd${smuggled}`],
  ['a length with a sign', `POST /a.txt HTTP/1.1\r\nContent-Length: +4\r\n\r\nabcd${smuggled}`],
  ['a negative length', `POST /a.txt HTTP/1.1\r\nContent-Length: -4\r\n\r\nabcd${smuggled}`],
  ['an empty length', `POST /a.txt HTTP/1.1\r\nContent-Length:\r\n\r\n${smuggled}`],
  ['a hexadecimal length', `POST /a.txt HTTP/1.1\r\nContent-Length: 0x4\r\n\r\nabcd${smuggled}`],
  [
    'a length beyond all numbers',
    `POST /a.txt HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n${smuggled}`,
  ],
  ['bare LF for all line ends', `GET /a.txt HTTP/1.1\nHost: x\n\n${smuggled}`],
  ['bare LF in the header', `GET /a.txt HTTP/1.1\r\nHost: x\nContent-Length: 40\r\n\r\n${smuggled}`],
  ['bare LF at the end of the header', `GET /a.txt HTTP/1.1\r\nHost: x\r\n\n${smuggled}`],
  ['bare CR in the header', `GET /a.txt HTTP/1.1\r\nHost: x\rContent-Length: 40\r\n\r\n${smuggled}`],
  ['a folded line', `GET /a.txt HTTP/1.1\r\nX: a\r\n Content-Length: 40\r\n\r\n${smuggled}`],
  ['a folded first line', `GET /a.txt HTTP/1.1\r\n Content-Length: 40\r\n\r\n${smuggled}`],
  [
    'a folded Transfer-Encoding',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding: xchunked',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding: chunked, identity',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding: identity, chunked',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding: "chunked"',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding with a space before the colon',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding with a control byte',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'Transfer-Encoding twice',
    `POST /a.txt HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  ['an empty Transfer-Encoding', `GET /a.txt HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n${smuggled}`],
  ['Transfer-Encoding: gzip', `GET /a.txt HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n${smuggled}`],
  [
    'Transfer-Encoding in HTTP/1.0',
    `POST /a.txt HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  ],
  [
    'GET with a length',
    `GET /a.txt HTTP/1.1\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${smuggled}`,
  ],
  ['GET with chunks', `GET /a.txt HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
  ['HEAD with a length', `HEAD /a.txt HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc${smuggled}`],
  ['NUL in a value', `GET /a.txt HTTP/1.1\r\nX: a\0b\r\n\r\n${smuggled}`],
  ['a header without a name', `GET /a.txt HTTP/1.1\r\n: b\r\n\r\n${smuggled}`],
  [
    'a control byte in the User-Agent and a request behind it',
    `GET /a.txt HTTP/1.1\r\nUser-Agent: a\x17\r\n\r\n${smuggled}`,
  ],
]
for (const [title, bytes] of desync) {
  test(`d62: ${title} is answered 400, once, and the connection ends`, async (t) => {
    const { port, outcomes } = await openHttp(t, files)
    const answer = await exchange(t, port, bytes)
    assert.deepEqual(statusesOf(answer), ['400'])
    assert.match(answer, /\r\nContent-Length: \d+\r\n/)
    assert.match(answer, /\r\nConnection: close\r\n/)
    assert.deepEqual(
      outcomes.all.filter(({ result }) => result !== 'refused'),
      [],
    )
  })
}

test('d62: what comes behind a body that nobody asked for is never read as a request', async (t) => {
  for (const body of [
    'Content-Length: 3\r\n\r\nabc',
    'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ]) {
    const { port, outcomes } = await openHttp(t, files)
    const answer = await exchange(t, port, `POST /a.txt HTTP/1.1\r\n${body}${smuggled}`)
    assert.deepEqual(statusesOf(answer), ['405'])
    assert.deepEqual(
      outcomes.all.map(({ asked }) => asked),
      ['a.txt'],
    )
  }
})

test('d62: requests behind one that was refused are not answered', async (t) => {
  const { port } = await openHttp(t, files)
  const answer = await exchange(t, port, `GET /a%00 HTTP/1.1\r\n\r\n${smuggled}${smuggled}`)
  assert.deepEqual(statusesOf(answer), ['400'])
})

test('d62: rubbish behind a good request does not spoil its answer, and ends the connection', async (t) => {
  const { port } = await openHttp(t, files)
  const answer = await exchange(t, port, `GET /a.txt HTTP/1.1\r\n\r\n\x01\x02\x03 rubbish\r\n\r\n${smuggled}`)
  assert.deepEqual(statusesOf(answer), ['200'])
  assert.match(answer, /\r\n\r\naaa$/)
})

test('d62: what follows Connection: close is not listened to', async (t) => {
  const { port, outcomes } = await openHttp(t, files)
  const answer = await exchange(t, port, `GET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n${smuggled}`)
  assert.deepEqual(statusesOf(answer), ['200'])
  assert.equal(outcomes.begun, 1)
})

test('d62: Expect: 100-continue gets its final answer at once', async (t) => {
  const { port } = await openHttp(t, files)
  const answers = await Promise.all([
    exchange(t, port, 'GET /a.txt HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n'),
    exchange(t, port, 'GET /a.txt HTTP/1.1\r\nExpect: a-miracle\r\nConnection: close\r\n\r\n'),
  ])
  assert.deepEqual(answers.map(statusesOf), [['200'], ['200']])
  const socket = await dial(t, port)
  socket.write('POST /a.txt HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  const answer = everything(socket)
  await until(() => socket.bytesRead > 0)
  socket.end()
  assert.deepEqual(statusesOf(await answer), ['405'])
})

for (const method of ['POST', 'OPTIONS', 'TRACE', 'PROPFIND', 'PATCH', 'CONNECT']) {
  test(`d65: ${method} is answered 405 with what is allowed, and the connection ends`, async (t) => {
    const { port } = await openHttp(t, files)
    const target = method === 'CONNECT' ? 'a.txt:80' : '/a.txt'
    const answer = await exchange(t, port, `${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
    assert.deepEqual(statusesOf(answer), ['405'])
    assert.match(answer, /\r\nAllow: GET, HEAD, PUT, DELETE\r\n/)
    assert.match(answer, /\r\nConnection: close\r\n/)
    assert.doesNotMatch(answer, /TRACE|Host/)
  })
}

for (const method of ['FOO', 'get', 'BREW']) {
  test(`d65: the unknown method ${method} is answered 501`, async (t) => {
    const { port } = await openHttp(t, files)
    assert.deepEqual(statusesOf(await exchange(t, port, `${method} /a.txt HTTP/1.1\r\n\r\n`)), ['501'])
  })
}

for (const type of ['text/plain', 'application/json', 'a/b; c', ';;;', '']) {
  test(`d65: a client is answered before it has sent a body of type "${type}"`, async (t) => {
    const { port, outcomes } = await openHttp(t, files)
    const socket = await dial(t, port)
    socket.write(`POST /a.txt HTTP/1.1\r\nContent-Type: ${type}\r\nContent-Length: 4\r\n\r\n`)
    await until(() => socket.bytesRead > 0)
    socket.write('abcd')
    assert.match(
      await everything(socket),
      /^HTTP\/1\.1 405 .*\r\n\r\nonly GET, HEAD, PUT and DELETE are served here\n$/s,
    )
    assert.equal(outcomes.all[0]?.code, 405)
  })
}

test('d65: a client that is busy sending gets to read why it is refused', async (t) => {
  const { port } = await openHttp(t, files)
  const socket = await dial(t, port)
  socket.pause()
  socket.write('POST /a.txt HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n')
  socket.write(Buffer.alloc(5_000_000))
  await delay(100)
  socket.resume()
  assert.deepEqual(statusesOf(await everything(socket)), ['405'])
})

for (const [title, bytes] of [
  ['what cannot be read', '\x01\x02\x03'],
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\n\r\n'],
] as const) {
  test(`d64: after ${title}, a client that does not go is cut off`, async (t) => {
    const { port } = await openHttp(t, files)
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(bytes, 'latin1')
    const drip = setInterval(() => socket.write('a'), 20)
    t.after(() => clearInterval(drip))
    await everything(socket)
  })
}

test('d62: rubbish that comes while a large file is sent ends the connection after the file', async (t) => {
  const goOn = Promise.withResolvers<void>()
  const file = new PiecewiseFile('fw.bin', 1_000_000, async (position, length) => {
    if (position > 0) await goOn.promise
    return Buffer.alloc(length)
  })
  const { port } = await openHttp(t, filesOf(file), { settings: { keepAliveMs: 60_000 } })
  const socket = await dial(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  const answer = everything(socket)
  await until(() => socket.bytesRead > 0)
  socket.write('\x01\x02 rubbish')
  setTimeout(goOn.resolve, 50)
  assert.equal((await answer).split('\r\n\r\n')[1]?.length, 1_000_000)
})

test('d67: HTTP/1.0 without Host is served by HTTP/1.1 and closed', async (t) => {
  const { port } = await openHttp(t, files)
  const answer = await exchange(t, port, 'GET /a.txt HTTP/1.0\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*\r\nContent-Length: 3\r\n.*\r\nConnection: close\r\n.*aaa$/s)
})

test('d67: HTTP/1.0 that asks for it is kept open', async (t) => {
  const { port } = await openHttp(t, files)
  const request = 'GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'
  const answer = await exchange(t, port, `${request}${request}GET /a.txt HTTP/1.0\r\n\r\n`)
  assert.deepEqual(statusesOf(answer), ['200', '200', '200'])
})

test('d67: HTTP/1.1 without Host, empty lines before a request and double slashes do no harm', async (t) => {
  const { port } = await openHttp(t, files)
  const answer = await exchange(t, port, '\r\n\r\nGET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n')
  assert.deepEqual(statusesOf(answer), ['200'])
  assert.deepEqual(statusesOf(await exchange(t, port, 'GET //a.txt HTTP/1.1\r\n\r\n')), ['400'])
})

for (const [title, bytes] of [
  ['HTTP/0.9 with more behind it', 'GET /a.txt\r\nmore'],
  ['a space in the target', 'GET /a b.txt HTTP/1.1\r\n\r\n'],
  ['a Latin-1 byte in the target', 'GET /\xe9.txt HTTP/1.1\r\n\r\n'],
  ['a target without a slash', 'GET a.txt HTTP/1.1\r\n\r\n'],
  ['HTTP/1.2', 'GET /a.txt HTTP/1.2\r\n\r\n'],
  ['another protocol', 'GET /a.txt ICE/1.0\r\n\r\n'],
] as const) {
  test(`d67: ${title} is answered 400`, async (t) => {
    const { port, outcomes } = await openHttp(t, files)
    const socket = await dial(t, port)
    socket.end(bytes, 'latin1')
    assert.deepEqual(statusesOf(await everything(socket)), ['400'])
    assert.equal(outcomes.begun, 0)
  })
}

test('d68: HTTP/2 is not spoken, neither by preface nor by upgrade', async (t) => {
  const { port } = await openHttp(t, files)
  assert.deepEqual(statusesOf(await exchange(t, port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')), ['400'])
  const upgrade =
    'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n'
  assert.deepEqual(statusesOf(await exchange(t, port, `GET /a.txt HTTP/1.1\r\n${upgrade}\r\n`)), ['200'])
})

test('d95: random bytes end in one line of the log, and the next phone is served', async (t) => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const { port } = await openHttp(t, files, { parts: { log } })
  await exchange(t, port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03random bytes')
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /"address":"127\.0\.0\.1".*"msg":"request not readable"/)
  assert.deepEqual(statusesOf(await exchange(t, port, 'GET /a.txt HTTP/1.0\r\n\r\n')), ['200'])
})
