import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { CopyFailure } from '../../../lib/offsite/failure.ts'
import { FtpSession } from '../../../lib/offsite/ftp-client.ts'
import type { Target } from '../../../lib/offsite/target.ts'
import { startFakeFtp } from '../../support/fake-ftp.ts'
import { startPyftpd, startVsftpd, withPyftpdlib, withVsftpd } from '../../support/ftp-servers.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { seededBytes } from '../../support/random.ts'
import { until } from '../../support/until.ts'

const target = (change: Partial<Target> & { port: number }): Target => ({
  host: '127.0.0.1',
  user: 'copy',
  password: 'correct horse',
  folder: '',
  tls: 'none',
  authorities: '',
  everyMinutes: 60,
  timeoutMs: 5_000,
  ...change,
})

async function open(t: TestContext, change: Partial<Target> & { port: number }, cut = new AbortController()) {
  const session = await FtpSession.open(target(change), cut.signal)
  t.after(() => session.close())
  return session
}

const name = parseFileName('4711_96xxdata.txt')

/** What the failure of `work` says, and what it is about. */
async function failureOf(work: Promise<unknown>): Promise<CopyFailure> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof CopyFailure, String(outcome))
  return outcome
}

test(
  'pyftpdlib gets files whole, into a folder that is made, and newer ones in place of older',
  withPyftpdlib,
  async (t) => {
    const server = await startPyftpd(t)
    const session = await open(t, { port: server.port, folder: '/copies/phones' })
    const content = seededBytes(300_000)
    await session.put(name, Buffer.from('older'))
    await session.put(name, content)
    await session.put(parseFileName('0004f2aabbcc/boot.log'), Buffer.alloc(0))
    assert.deepEqual(await readFile(join(server.folder, 'copies/phones', name)), content)
    assert.deepEqual(
      await readFile(join(server.folder, 'copies/phones/0004f2aabbcc/boot.log')),
      Buffer.alloc(0),
    )
    assert.deepEqual(readdirSync(join(server.folder, 'copies/phones')).toSorted(), ['0004f2aabbcc', name])
  },
)

test(
  'pyftpdlib refuses a wrong password: a person must mend it, and it is not in the text',
  withPyftpdlib,
  async (t) => {
    const server = await startPyftpd(t)
    const failure = await failureOf(open(t, { port: server.port, password: 'wrong battery' }))
    assert.equal(failure.scope, 'settings')
    assert.match(failure.message, /^cannot log in: 530 /)
    assert.doesNotMatch(failure.message, /battery/)
  },
)

for (const tls of ['explicit', 'implicit'] as const) {
  test(
    `vsftpd with ${tls} TLS gets files over data connections that resume the session`,
    withVsftpd,
    async (t) => {
      const server = await startVsftpd(t, tls)
      const session = await open(t, {
        port: server.port,
        tls,
        authorities: server.certificate,
        user: 'anonymous',
        password: 'twintone@example.com',
        folder: 'in/phones',
      })
      const content = seededBytes(1_000_000)
      for (const n of [1, 2, 3]) await session.put(parseFileName(`471${n}_96xxdata.txt`), content)
      for (const n of [1, 2, 3])
        assert.deepEqual(await readFile(join(server.folder, `phones/471${n}_96xxdata.txt`)), content)
      await session.put(parseFileName('empty.txt'), Buffer.alloc(0))
      assert.deepEqual(await readFile(join(server.folder, 'phones/empty.txt')), Buffer.alloc(0))
    },
  )

  test(
    `vsftpd with ${tls} TLS and a certificate of no authority we know gets nothing, not even a login`,
    withVsftpd,
    async (t) => {
      const server = await startVsftpd(t, tls)
      const failure = await failureOf(open(t, { port: server.port, tls }))
      assert.equal(failure.scope, 'settings')
      assert.match(failure.message, /certificate is not accepted: .*self-signed.*ftpCopy\.authorities/)
    },
  )
}

test('vsftpd under a name that is not in its certificate is not accepted', withVsftpd, async (t) => {
  const server = await startVsftpd(t, 'explicit')
  const change = { port: server.port, tls: 'explicit', authorities: server.certificate } as const
  const failure = await failureOf(open(t, { ...change, host: 'localhost' }))
  assert.match(failure.message, /certificate is not accepted: .*localhost/)
})

test('a file of authorities that is missing, or has none, is a matter of settings', async (t) => {
  for (const authorities of ['/nowhere/authority.pem', import.meta.filename]) {
    const failure = await failureOf(open(t, { port: 1, tls: 'explicit', authorities }))
    assert.equal(failure.scope, 'settings')
    assert.match(failure.message, /^ftpCopy\.authorities: /)
  }
})

test('a server that does not know AUTH TLS gets neither login nor data in clear text', async (t) => {
  const fake = await startFakeFtp(t, {
    on: (command) => (command === 'AUTH' ? '502 no such thing' : undefined),
  })
  const failure = await failureOf(open(t, { port: fake.port, tls: 'explicit' }))
  assert.equal(failure.scope, 'settings')
  assert.match(failure.message, /^cannot encrypt: 502 /)
  assert.deepEqual(
    fake.commands.filter((line) => !/^(?:AUTH|QUIT)/.test(line)),
    [],
  )
})

test('a server that refuses to encrypt data connections gets no data', async (t) => {
  const tls = await makeSelfSigned({ names: ['localhost'], days: 2 })
  const fake = await startFakeFtp(t, { tls, on: (command) => (command === 'PROT' ? '536 no' : undefined) })
  const authorities = join(await temporaryFolder(t), 'authority.pem')
  await writeFile(authorities, tls.certificate)
  const change = { port: fake.port, host: 'localhost', tls: 'explicit', authorities } as const
  const failure = await failureOf(open(t, change))
  assert.equal(failure.scope, 'settings')
  assert.match(failure.message, /^cannot encrypt: 536 /)
  assert.deepEqual(fake.serverNames, ['localhost'], 'and it was told by which name it is known')
})

test('a handshake that the server does not go on with ends, and so does the session', async (t) => {
  const fake = await startFakeFtp(t, { on: (command) => (command === 'AUTH' ? '234 go on' : undefined) })
  const failure = await failureOf(open(t, { port: fake.port, tls: 'explicit', timeoutMs: 50 }))
  assert.equal(failure.scope, 'server')
  assert.match(failure.message, /no end after 0\.2 s/)
})

test('a server that nobody reaches is a matter of the server', async (t) => {
  const failure = await failureOf(open(t, { port: 1 }))
  assert.equal(failure.scope, 'server')
  assert.match(failure.message, /^cannot connect: connect ECONNREFUSED/)
})

for (const greeting of ['silence', 'drop', '421 too many users', '120 ready in 5 minutes'] as const) {
  test(`a server that greets with ${greeting} is given up`, async (t) => {
    const fake = await startFakeFtp(t, { greeting })
    const failure = await failureOf(open(t, { port: fake.port, timeoutMs: 100 }))
    assert.equal(failure.scope, 'server')
  })
}

test('a server that repeats the password in its reply does not bring it into a log', async (t) => {
  const fake = await startFakeFtp(t, {
    on: (command, argument) => (command === 'PASS' ? `530 not \x1b[31m${argument}` : undefined),
  })
  const failure = await failureOf(open(t, { port: fake.port, password: 's3cret' }))
  assert.equal(failure.message, 'cannot log in: 530 not \\x1b[31m[hidden]')
  assert.equal(failure.cause, undefined)
})

for (const text of ['x\r\nDELE 4711_96xxdata.txt', 'x\nDELE y', 'x\0']) {
  test(`a ${JSON.stringify(text)} in a setting does not become a command`, async (t) => {
    for (const setting of ['user', 'password', 'folder'] as const) {
      const fake = await startFakeFtp(t)
      await failureOf(open(t, { port: fake.port, [setting]: text }))
      assert.deepEqual(
        fake.commands.filter((line) => line.startsWith('DELE')),
        [],
      )
    }
  })
}

test('an upload of which the server kept too little does not take the place of the older file', async (t) => {
  const fake = await startFakeFtp(t, { onData: () => ({ keep: 10 }) })
  fake.files.set(name, Buffer.from('older'))
  const session = await open(t, { port: fake.port })
  const failure = await failureOf(session.put(name, seededBytes(20_000)))
  assert.equal(failure.scope, 'file')
  assert.match(failure.message, /only 10 of 20000 bytes arrived/)
  assert.equal(fake.files.get(name)?.toString(), 'older')
})

test('a server that does not know SIZE gets files all the same', async (t) => {
  const fake = await startFakeFtp(t, { on: (command) => (command === 'SIZE' ? '502 what?' : undefined) })
  const session = await open(t, { port: fake.port })
  await session.put(name, Buffer.from('newer'))
  assert.equal(fake.files.get(name)?.toString(), 'newer')
})

test('a server that does not rename onto a file that is there has it deleted first', async (t) => {
  const fake = await startFakeFtp(t, {
    on: (command, argument, { files }) =>
      command === 'RNTO' && files.has(argument) ? '550 it exists' : undefined,
  })
  fake.files.set(name, Buffer.from('older'))
  const session = await open(t, { port: fake.port })
  await session.put(name, Buffer.from('newer'))
  assert.deepEqual(
    [...fake.files].map(([key, value]) => [key, value.toString()]),
    [[name, 'newer']],
  )
})

test('a data connection lost in mid-upload leaves the older file', async (t) => {
  const fake = await startFakeFtp(t, { onData: () => ({ drop: 1_000 }) })
  fake.files.set(name, Buffer.from('older'))
  const session = await open(t, { port: fake.port })
  const failure = await failureOf(session.put(name, seededBytes(5_000_000)))
  assert.equal(failure.scope, 'server')
  assert.deepEqual([...fake.files.keys()], [name])
  assert.equal(fake.files.get(name)?.toString(), 'older')
})

test('a server that stops reading in mid-upload is given up, and the session is over', async (t) => {
  const fake = await startFakeFtp(t, { onData: () => ({ freeze: true }) })
  const session = await open(t, { port: fake.port, timeoutMs: 300 })
  const failure = await failureOf(session.put(name, seededBytes(20_000_000)))
  assert.equal(failure.scope, 'server')
  assert.equal(session.isOpen, false)
})

for (const silent of ['PASS', 'EPSV', 'STOR', 'SIZE', 'RNFR', 'RNTO']) {
  test(`a server that falls silent at ${silent} is given up, and the older file stays`, async (t) => {
    const fake = await startFakeFtp(t, {
      on: (command) => (command === silent ? 'silence' : undefined),
    })
    fake.files.set(name, Buffer.from('older'))
    const putting = open(t, { port: fake.port, timeoutMs: 100 }).then((session) =>
      session.put(name, Buffer.from('newer')),
    )
    assert.equal((await failureOf(putting)).scope, 'server')
    assert.equal(fake.files.get(name)?.toString(), 'older')
    await until(() => (fake.sessions() === 0 ? true : undefined))
  })
}

test('a server that refuses one name goes on with the next', async (t) => {
  const fake = await startFakeFtp(t, {
    on: (command, argument) =>
      command === 'STOR' && argument.startsWith('4711') ? '553 not that' : undefined,
  })
  const session = await open(t, { port: fake.port })
  assert.equal((await failureOf(session.put(name, Buffer.from('x')))).scope, 'file')
  await session.put(parseFileName('4712_96xxdata.txt'), Buffer.from('y'))
  assert.equal(fake.files.get('4712_96xxdata.txt')?.toString(), 'y')
})

test('a cut ends an upload that is under way', async (t) => {
  const fake = await startFakeFtp(t, { onData: () => ({ freeze: true }) })
  const cut = new AbortController()
  const session = await open(t, { port: fake.port, timeoutMs: 60_000 }, cut)
  const put = failureOf(session.put(name, seededBytes(20_000_000)))
  setTimeout(() => cut.abort(), 50)
  assert.match((await put).message, /the service stops/)
  assert.equal(session.isOpen, false)
})
