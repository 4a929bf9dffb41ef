import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import tls from 'node:tls'
import { pino } from 'pino'
import { Refusal, type RefusalReason } from '../../../lib/files/refusal.ts'
import { dial, everything, exchange, openHttp, openHttps, until } from '../../support/http.ts'
import { FakeBackups, FakeUpload } from '../../support/uploads.ts'

const name = '4711_96xxdata.txt'
const closing = 'Connection: close\r\n\r\n'
const put = (body: string, headers = '', target = `/${name}`) =>
  `PUT ${target} HTTP/1.1\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`
const descriptors = () => readdirSync('/proc/self/fd').length
/** Sockets, timers and requests that keep this process alive. */
const resources = () => process.getActiveResourcesInfo().length
const statusesOf = (answer: string) =>
  Array.from(answer.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => Number(status))

/** A door with a backup that must survive whatever goes wrong. */
async function withBackup(t: TestContext, options: Parameters<typeof openHttp>[2] = {}) {
  const backups = new FakeBackups()
  backups.kept.set(name, 'the old one')
  const door = await openHttp(t, backups, options)
  return { ...door, backups, send: (bytes: string) => exchange(t, door.port, bytes) }
}

function assertOldOneStays({ kept, uploads }: FakeBackups): void {
  assert.equal(kept.get(name), 'the old one')
  for (const { commits, aborts } of uploads) assert.deepEqual({ commits, aborts }, { commits: 0, aborts: 1 })
}

test('PUT answers 201 for a new file and 200 for one that was replaced, without a body', async (t) => {
  const { send, backups, outcomes } = await withBackup(t)
  backups.kept.clear()
  const answer = await send(`${put('first')}${put('second', 'Connection: close\r\n')}`)
  assert.deepEqual(statusesOf(answer), [201, 200])
  assert.doesNotMatch(answer, /Content-Type/)
  assert.match(answer, /\r\nContent-Length: 0\r\n/)
  assert.equal(backups.kept.get(name), 'second')
  assert.deepEqual(
    outcomes.all.map(({ asked, upload, result, bytes, code }) => ({ asked, upload, result, bytes, code })),
    [
      { asked: name, upload: true, result: 'stored', bytes: 5, code: 201 },
      { asked: name, upload: true, result: 'stored', bytes: 6, code: 200 },
    ],
  )
})

test('d60: DELETE answers 204 without body and type, and 404 once the file is gone', async (t) => {
  const { send, backups, outcomes } = await withBackup(t)
  const answer = await send(`DELETE /${name} HTTP/1.1\r\n\r\nDELETE /${name} HTTP/1.1\r\n${closing}`)
  assert.deepEqual(statusesOf(answer), [204, 404])
  assert.doesNotMatch(answer.slice(0, answer.indexOf('\r\n\r\n')), /Content-/)
  assert.equal(backups.kept.has(name), false)
  assert.deepEqual(
    outcomes.all.map(({ result, code, upload }) => [result, code, upload]),
    [
      ['removed', 204, undefined],
      ['refused', 404, undefined],
    ],
  )
})

test('the file service hears who asks, for what, with which proof, where and how long it will be', async (t) => {
  const { send, backups, port } = await withBackup(t, { parts: { identify: (model) => ({ model }) } })
  const headers = 'User-Agent: J179\r\nAuthorization: Basic MTAuMC4wLjE6MTIzNA==\r\n'
  await send(put('abc', `${headers}Connection: close\r\n`, '/backup/4711_J100data.txt'))
  await send(`GET /${name} HTTP/1.1\r\n${closing}`)
  await send(`DELETE /${name} HTTP/1.1\r\n${headers}${closing}`)
  const common = {
    caller: { protocol: 'http', address: '127.0.0.1', port },
    localAddress: '127.0.0.1',
    encrypted: false,
  }
  const proven = { ...common, authorization: 'Basic MTAuMC4wLjE6MTIzNA==', phone: { model: 'J179' } }
  assert.deepEqual(backups.asked, [
    { ...proven, how: 'save', name: 'backup/4711_J100data.txt', bytes: 3 },
    { ...common, how: 'read', name, phone: { model: '' } },
    { ...proven, how: 'remove', name },
  ])
})

test('d61: over TLS the proof is passed on as one that came encrypted', async (t) => {
  const backups = new FakeBackups()
  const { port } = await openHttps(t, backups)
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  t.after(() => socket.destroy())
  socket.write(put('abc', 'Connection: close\r\n'))
  assert.deepEqual(statusesOf(await everything(socket)), [201])
  const [asked] = backups.asked
  assert.deepEqual([asked?.encrypted, asked?.localAddress], [true, '127.0.0.1'])
})

for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x', ';;;', '']) {
  test(`a body of type "${type}" is stored byte for byte`, async (t) => {
    const { send, backups } = await withBackup(t)
    await send(put('{"not": json\r\n\0\xff', `Content-Type: ${type}\r\nConnection: close\r\n`))
    assert.equal(backups.kept.get(name), '{"not": json\r\n\0\xff')
  })
}

test('an empty file can be stored', async (t) => {
  const { send, backups } = await withBackup(t)
  assert.deepEqual(statusesOf(await send(put('', 'Connection: close\r\n'))), [200])
  assert.equal(backups.kept.get(name), '')
})

test('a large file goes to the service piece by piece, the next once the one before was taken', async (t) => {
  const { port, backups } = await withBackup(t)
  let busy = 0
  let most = 0
  class SlowUpload extends FakeUpload {
    override async write(chunk: Buffer): Promise<void> {
      most = Math.max(most, ++busy)
      await new Promise((resolve) => setTimeout(resolve, 1))
      await super.write(chunk)
      busy--
    }
  }
  backups.makeUpload = (commit) => new SlowUpload(commit)
  const body = Array.from({ length: 500_000 }, (_, index) =>
    (index % 10_000).toString().padStart(4, '0'),
  ).join('')
  assert.deepEqual(statusesOf(await exchange(t, port, put(body, 'Connection: close\r\n'))), [200])
  assert.equal(backups.kept.get(name) === body, true)
  assert.equal(most, 1)
  assert.ok((backups.uploads[0]?.pieces.length ?? 0) > 5)
})

test('what the disk does not take yet is not read from the network', async (t) => {
  const { port, backups } = await withBackup(t)
  const goOn = Promise.withResolvers<void>()
  class StuckUpload extends FakeUpload {
    override async write(chunk: Buffer): Promise<void> {
      await super.write(chunk)
      await goOn.promise
    }
  }
  backups.mostBytes = 200_000_000
  backups.makeUpload = (commit) => new StuckUpload(commit)
  const socket = await dial(t, port)
  socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n`)
  const taken = new Promise<boolean>((resolve) =>
    socket.write(Buffer.alloc(100_000_000), () => resolve(true)),
  )
  await until(() => backups.uploads[0]?.pieces.length === 1)
  const stuck = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300))
  assert.equal(await Promise.race([taken, stuck]), false)
  assert.ok((backups.uploads[0]?.content.length ?? 0) < 1_000_000)
  goOn.resolve()
  assert.equal(await taken, true)
})

for (const [title, head] of [
  ['without Content-Length', ''],
  ['in chunks', 'Transfer-Encoding: chunked\r\n'],
] as const) {
  test(`d58: PUT ${title} is answered 411 and closed; what follows is no request`, async (t) => {
    const { send, backups, outcomes } = await withBackup(t)
    const answer = await send(
      `PUT /${name} HTTP/1.1\r\n${head}\r\n3\r\nabc\r\n0\r\n\r\nDELETE /${name} HTTP/1.1\r\n\r\n`,
    )
    assert.deepEqual(statusesOf(answer), [411])
    assert.match(answer, /\r\nConnection: close\r\n/)
    assert.deepEqual([outcomes.all[0]?.result, outcomes.all[0]?.reason], ['refused', 'length'])
    assert.deepEqual(backups.asked, [])
    assertOldOneStays(backups)
  })
}

test('d58: PUT of more than is allowed is answered 413 before the body is read, and closed', async (t) => {
  const { port, backups, outcomes } = await withBackup(t)
  const socket = await dial(t, port)
  socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n`)
  const answer = await everything(socket)
  assert.deepEqual(statusesOf(answer), [413])
  assert.match(answer, /\r\nConnection: close\r\n/)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.reason], ['refused', 'tooLarge'])
  assertOldOneStays(backups)
})

test('d58: a client that goes away in the middle leaves the old file, and one abort', async (t) => {
  const { port, backups, outcomes } = await withBackup(t)
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const before = backups.uploads.length
    const socket = await dial(t, port)
    socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc`)
    await until(() => backups.uploads[before]?.pieces.length === 1)
    socket[leave]()
    await until(() => outcomes.all.length > before && backups.uploads[before]?.aborts === 1)
  }
  assert.deepEqual(
    outcomes.all.map(({ result, upload, bytes }) => [result, upload, bytes]),
    [
      ['broken', true, 3],
      ['broken', true, 3],
    ],
  )
  assertOldOneStays(backups)
})

test('d58: a client that ends its side too early is told so, and nothing is stored', async (t) => {
  const { port, backups, outcomes } = await withBackup(t)
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.end(`PUT /${name} HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc`)
  const answer = await everything(socket)
  assert.match(answer, /^HTTP\/1\.1 400 .*\r\n\r\nthe upload broke off\n$/s)
  const [outcome] = outcomes.all
  assert.deepEqual(
    [outcome?.result, outcome?.reason, outcome?.detail],
    ['broken', 'incomplete', 'only 3 of 10 bytes came'],
  )
  assertOldOneStays(backups)
})

test('d58: a client that goes away before the upload was granted leaves nothing behind', async (t) => {
  const { port, backups, outcomes } = await withBackup(t)
  const granted = Promise.withResolvers<void>()
  backups.before = () => granted.promise
  const socket = await dial(t, port)
  socket.write(put('new'))
  await until(() => backups.asked.length === 1)
  socket.resetAndDestroy()
  await outcomes.ended(1)
  granted.resolve()
  await until(() => backups.uploads[0]?.aborts === 1)
  assert.deepEqual([outcomes.all[0]?.result, outcomes.all[0]?.reason], ['broken', 'the client went away'])
  assertOldOneStays(backups)
})

test('a file that is put in its place while the client goes away was stored, and is written down so', async (t) => {
  const { port, backups, outcomes } = await withBackup(t)
  const goOn = Promise.withResolvers<void>()
  class SlowCommit extends FakeUpload {
    override async commit() {
      this.commits += 1
      await goOn.promise
      return 'replaced' as const
    }
  }
  backups.makeUpload = (commit) => new SlowCommit(commit)
  const socket = await dial(t, port)
  socket.write(put('new'))
  await until(() => backups.uploads[0]?.commits === 1)
  socket.resetAndDestroy()
  setTimeout(goOn.resolve, 50)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.result, outcome?.bytes, backups.uploads[0]?.aborts], ['stored', 3, 0])
})

test('d60: a file that is removed while the client goes away was removed, and is written down so', async (t) => {
  const { port, backups, outcomes } = await withBackup(t)
  const goOn = Promise.withResolvers<void>()
  backups.before = () => goOn.promise
  const socket = await dial(t, port)
  socket.write(`DELETE /${name} HTTP/1.1\r\n\r\n`)
  await until(() => backups.asked.length === 1)
  socket.resetAndDestroy()
  setTimeout(goOn.resolve, 50)
  assert.equal((await outcomes.ended(1))[0]?.result, 'removed')
})

for (const [reason, status] of [
  ['tooLarge', 413],
  ['diskFull', 507],
] as const) {
  test(`d58: an upload that ends in ${reason} half-way is answered ${status}, and the old file stays`, async (t) => {
    const { send, backups, outcomes } = await withBackup(t)
    class FullUpload extends FakeUpload {
      override async write(): Promise<void> {
        throw new Refusal(reason, 'no')
      }
    }
    backups.makeUpload = (commit) => new FullUpload(commit)
    assert.deepEqual(statusesOf(await send(put('a'.repeat(500_000)))), [status])
    assert.deepEqual([outcomes.all[0]?.result, outcomes.all[0]?.reason], ['refused', reason])
    assertOldOneStays(backups)
  })
}

test('a fault while storing is answered 500, written to the log once, and the old file stays', async (t) => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const { send, backups, outcomes } = await withBackup(t, { parts: { log } })
  backups.makeUpload = () => new FakeUpload(() => Promise.reject(new Error('the disk is gone')))
  assert.deepEqual(statusesOf(await send(put('abc'))), [500])
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /"the disk is gone".*"request failed"/)
  assert.deepEqual([outcomes.all[0]?.result, outcomes.all[0]?.reason], ['broken', 'fault'])
  assert.equal(backups.uploads[0]?.aborts, 1)
})

for (const target of ['/46xxsettings.txt', '/upgrade.txt', '/firmware/a.bin', '/', '/4711_96xxdata.bin']) {
  test(`d56, d57: PUT and DELETE of ${target} are 403, and nothing is stored`, async (t) => {
    const { send, backups, outcomes } = await withBackup(t)
    backups.before = ({ how }) => {
      if (how === 'remove') throw new Refusal('forbidden', 'no backup')
    }
    const answer = await send(`${put('abc', '', target)}DELETE ${target} HTTP/1.1\r\n${closing}`)
    assert.deepEqual(statusesOf(answer), [403, 403])
    assert.deepEqual(
      outcomes.all.map(({ result, reason }) => [result, reason]),
      [
        ['refused', 'forbidden'],
        ['refused', 'forbidden'],
      ],
    )
    assert.deepEqual([...backups.kept], [[name, 'the old one']])
  })
}

const refusing = (backups: FakeBackups, reason: RefusalReason) => {
  backups.before = () => {
    throw new Refusal(reason, 'not you')
  }
}

for (const request of [put('abc'), `GET /${name} HTTP/1.1\r\n\r\n`, `DELETE /${name} HTTP/1.1\r\n\r\n`]) {
  test(`d61: ${request.slice(0, request.indexOf(' '))} without credentials is 401 with the one realm, and the connection stays for the next try`, async (t) => {
    const { port, backups, outcomes } = await withBackup(t, { parts: { realm: 'Our Phones' } })
    refusing(backups, 'unauthorized')
    const socket = await dial(t, port)
    const answer = everything(socket)
    socket.write(request)
    await until(() => outcomes.all.length === 1)
    backups.before = () => {}
    socket.write(`GET /${name} HTTP/1.1\r\n${closing}`)
    assert.match(
      await answer,
      /^HTTP\/1\.1 401 Unauthorized\r\n.*\r\nWWW-Authenticate: Basic realm="Our Phones"\r\n.*\nHTTP\/1\.1 200 /s,
    )
    assert.deepEqual([outcomes.all[0]?.result, outcomes.all[0]?.reason], ['refused', 'unauthorized'])
    assertOldOneStays(backups)
  })
}

test('d61: what a phone proves itself with reaches no log, no transfer and no answer', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const { send, backups, outcomes } = await withBackup(t, { parts: { log } })
  const secret = Buffer.from('10.0.0.1:314159').toString('base64')
  const headers = `Authorization: Basic ${secret}\r\nConnection: close\r\n`
  const requests = [
    put('abc', headers),
    `GET /${name} HTTP/1.1\r\n${headers}\r\n`,
    `DELETE /${name} HTTP/1.1\r\n${headers}\r\n`,
  ]
  const answers: string[] = []
  for (const before of [
    () => {},
    () => Promise.reject(new Refusal('unauthorized', 'not you')),
    () => Promise.reject(new Error('a fault')),
  ]) {
    backups.before = before
    for (const request of requests) answers.push(await send(request))
  }
  answers.push(
    await send(`GET /${name} HTTP/9.9\r\n${headers}\r\n`),
    await send(`PUT /${name} HTTP/1.1\r\n${headers}X\x17: a\r\n\r\n`),
  )
  assert.equal(
    backups.asked.every(({ authorization }) => authorization === `Basic ${secret}`),
    true,
  )
  assert.equal(outcomes.all.length, 9)
  const written = JSON.stringify([lines, outcomes.all, answers])
  assert.ok(lines.length > 0)
  for (const forbidden of [secret, '314159', secret.slice(0, 12)])
    assert.ok(!written.includes(forbidden), forbidden)
})

test('d62: Expect: 100-continue gets 100 once the upload is granted, then the outcome', async (t) => {
  const { port, backups } = await withBackup(t)
  const granted = Promise.withResolvers<void>()
  backups.before = () => granted.promise
  const socket = await dial(t, port)
  const answer = everything(socket)
  socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n${closing}`)
  await until(() => backups.asked.length === 1)
  assert.equal(socket.bytesRead, 0)
  granted.resolve()
  await until(() => socket.bytesRead > 0)
  assert.equal(backups.uploads[0]?.pieces.length, 0)
  socket.write('new')
  assert.match(await answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  assert.equal(backups.kept.get(name), 'new')
})

test('d62: Expect: 100-continue gets a refusal instead of 100, and the connection ends', async (t) => {
  const { port, backups } = await withBackup(t)
  for (const [reason, status] of [
    ['unauthorized', 401],
    ['forbidden', 403],
    ['tooLarge', 413],
  ] as const) {
    refusing(backups, reason)
    const socket = await dial(t, port)
    socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n`)
    await until(() => socket.bytesRead > 0)
    // Whether the body comes all the same or not, nothing that follows is a request.
    socket.write(`${status === 403 ? '' : 'abc'}DELETE /${name} HTTP/1.1\r\n\r\n`)
    const answer = await everything(socket)
    assert.deepEqual(statusesOf(answer), [status])
    assert.match(answer, /\r\nConnection: close\r\n/)
  }
  assert.equal(backups.asked.length, 3)
  assertOldOneStays(backups)
})

test('d62: HTTP/1.0 knows no 100', async (t) => {
  const { send } = await withBackup(t)
  const answer = await send(`PUT /${name} HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nnew`)
  assert.deepEqual(statusesOf(answer), [200])
})

test('d67: HTTP/1.0 with Content-Length is stored, and the connection ends', async (t) => {
  const { send, backups } = await withBackup(t)
  const answer = await send(`PUT /${name} HTTP/1.0\r\nContent-Length: 3\r\n\r\nnew`)
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/s)
  assert.equal(backups.kept.get(name), 'new')
})

test('d62: GET behind a PUT that is not waited for finds what was put, PUT and DELETE keep their order', async (t) => {
  const { send, backups } = await withBackup(t)
  backups.before = async ({ how }) => {
    if (how !== 'read') await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const get = `GET /${name} HTTP/1.1\r\n\r\n`
  const answer = await send(
    `${get}${put('one')}${get}${put('two')}${put('three')}${get}DELETE /${name} HTTP/1.1\r\n\r\nGET /${name} HTTP/1.1\r\n${closing}`,
  )
  assert.deepEqual(statusesOf(answer), [200, 200, 200, 200, 200, 200, 204, 404])
  const bodies = Array.from(answer.matchAll(/\r\n\r\n(the old one|one|two|three)/g), ([, body]) => body)
  assert.deepEqual(bodies, ['the old one', 'one', 'three'])
})

test('d62: what follows the announced bytes is the next request, and rubbish ends the connection', async (t) => {
  const { send, backups, outcomes } = await withBackup(t)
  const answer = await send(`PUT /${name} HTTP/1.1\r\nContent-Length: 3\r\n\r\nnewer than announced\r\n\r\n`)
  assert.deepEqual(statusesOf(answer), [200])
  assert.match(answer, /\r\nConnection: close\r\n/)
  assert.equal(backups.kept.get(name), 'new')
  assert.equal(outcomes.all.length, 1)
})

test('d62: a connection on which changes pile up unanswered is ended', async (t) => {
  const { send, backups, outcomes } = await withBackup(t)
  backups.before = () => new Promise((resolve) => setTimeout(resolve, 50))
  const answer = await send(put('a').repeat(1_000))
  assert.deepEqual(statusesOf(answer), [200])
  assert.equal(outcomes.begun, 1)
  assert.equal(backups.asked.length, 1)
})

test('d62: DELETE with a body is answered 400 and closed, and removes nothing', async (t) => {
  const { send, backups } = await withBackup(t)
  const answer = await send(`DELETE /${name} HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc`)
  assert.deepEqual(statusesOf(answer), [400])
  assert.deepEqual(backups.asked, [])
})

test('d58: PUT of a part is answered 400 and closed; Range, which is for GET only, is not looked at', async (t) => {
  const { send, backups } = await withBackup(t)
  const part = await send(put('abc', 'Content-Range: bytes 3-5/6\r\n'))
  assert.deepEqual(statusesOf(part), [400])
  assert.match(part, /\r\nConnection: close\r\n/)
  assertOldOneStays(backups)
  assert.deepEqual(statusesOf(await send(put('abc', 'Range: bytes=0-1\r\nConnection: close\r\n'))), [200])
  assert.equal(backups.kept.get(name), 'abc')
})

for (const [title, settings] of [
  ['stops sending', { idleTimeoutMs: 300, minBytesPerSecond: 0 }],
  ['has not sent everything in time', { bodyTimeoutMs: 300, minBytesPerSecond: 0 }],
  ['sends less than it must', { idleTimeoutMs: 1_000, minBytesPerSecond: 1_000_000_000 }],
] as const) {
  test(`d64: a client that ${title} is cut off, others are served, and the old file stays`, async (t) => {
    const { port, send, backups, outcomes } = await withBackup(t, { settings })
    const socket = await dial(t, port)
    socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 100000\r\n\r\na`)
    const drips = title !== 'stops sending'
    const drip = setInterval(() => drips && socket.write('a'), 20)
    t.after(() => clearInterval(drip))
    assert.deepEqual(statusesOf(await send(`GET /${name} HTTP/1.1\r\n${closing}`)), [200])
    await until(
      () => outcomes.all.some(({ result }) => result === 'broken') && backups.uploads[0]?.aborts === 1,
    )
    const outcome = outcomes.all.find(({ result }) => result === 'broken')
    assert.equal(outcome?.reason, drips ? 'too slow' : 'no progress')
    assertOldOneStays(backups)
  })
}

test('a slow disk is no slow client: the deadline ends with the body', async (t) => {
  const { port, backups } = await withBackup(t, {
    settings: { idleTimeoutMs: 2_000, minBytesPerSecond: 1_000_000 },
  })
  class SlowCommit extends FakeUpload {
    override async commit() {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      return super.commit()
    }
  }
  backups.makeUpload = (commit) => new SlowCommit(commit)
  const socket = await dial(t, port)
  const answer = everything(socket)
  socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 3\r\n${closing}`)
  setTimeout(() => socket.write('new'), 1_200)
  assert.deepEqual(statusesOf(await answer), [200])
})

test('an upload under way is finished when the server stops, and its connection ends', async (t) => {
  const { port, door, backups } = await withBackup(t)
  const socket = await dial(t, port)
  const answer = everything(socket)
  socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc`)
  await until(() => backups.uploads.length === 1)
  const stopped = door.stop(new AbortController().signal)
  socket.write('def')
  assert.match(await answer, /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/s)
  await stopped
  assert.equal(backups.kept.get(name), 'abcdef')
})

test('the door has stopped once an upload that was cut off is forgotten', async (t) => {
  const { port, door, backups } = await withBackup(t)
  let forgotten = false
  class SlowAbort extends FakeUpload {
    override async abort() {
      await new Promise((resolve) => setTimeout(resolve, 100))
      forgotten = true
    }
  }
  backups.makeUpload = (commit) => new SlowAbort(commit)
  const socket = await dial(t, port)
  socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc`)
  await until(() => backups.uploads.length === 1)
  await door.stop(AbortSignal.abort())
  assert.equal(forgotten, true)
})

test('d59: of two phones that put one file at once, one wins whole', async (t) => {
  const { port, backups } = await withBackup(t)
  const sockets = await Promise.all([dial(t, port), dial(t, port)])
  const answers = sockets.map((socket) => everything(socket))
  const body = (letter: string) => letter.repeat(50_000)
  for (const [index, socket] of sockets.entries()) {
    socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 100000\r\n${closing}${body(`${index}`)}`)
  }
  await until(() => backups.uploads.length === 2 && backups.uploads.every(({ pieces }) => pieces.length > 0))
  for (const [index, socket] of sockets.entries()) socket.write(body(`${index}`))
  for (const answer of answers) assert.deepEqual(statusesOf(await answer), [200])
  assert.match(backups.kept.get(name) ?? '', /^(?:0{100000}|1{100000})$/)
})

type Open = typeof openHttp | typeof openHttps
const doors: [protocol: string, open: Open, encrypt: (socket: Socket) => Socket][] = [
  ['HTTP', openHttp, (socket) => socket],
  ['HTTPS', openHttps, (socket) => tls.connect({ socket, rejectUnauthorized: false })],
]
for (const [protocol, open, encrypt] of doors) {
  test(`d58: 200 ${protocol} uploads that break off leave no descriptor or timer, and each is aborted once`, async (t) => {
    const backups = new FakeBackups()
    const { port, outcomes } = await open(t, backups)
    const before = { descriptors: descriptors(), resources: resources() }
    for (let batch = 1; batch <= 10; batch += 1) {
      const tcp = await Promise.all(Array.from({ length: 20 }, () => dial(t, port)))
      for (const socket of tcp.map(encrypt)) {
        socket.on('error', () => {})
        socket.write(`PUT /${name} HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc`)
      }
      await until(() => backups.uploads.filter(({ pieces }) => pieces.length > 0).length === batch * 20)
      for (const socket of tcp) socket.resetAndDestroy()
      await outcomes.ended(batch * 20)
    }
    await until(() => backups.uploads.every(({ aborts, commits }) => aborts === 1 && commits === 0))
    await until(() => descriptors() <= before.descriptors && resources() <= before.resources)
    assert.deepEqual(new Set(outcomes.all.map(({ result }) => result)), new Set(['broken']))
  })

  test(`d58: a client that ends its side of ${protocol} after the body is answered`, async (t) => {
    const backups = new FakeBackups()
    const { port } = await open(t, backups)
    const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    t.after(() => tcp.destroy())
    const socket = encrypt(tcp)
    socket.end(put('whole'))
    assert.deepEqual(statusesOf(await everything(socket)), [201])
  })
}
