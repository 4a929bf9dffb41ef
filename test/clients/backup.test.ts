import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { Refusal } from '../../lib/files/refusal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { openHttp, openHttps, type OpenDoor } from '../support/http.ts'
import { withProgram } from '../support/programs.ts'
import { FakeBackups } from '../support/uploads.ts'

const name = '4711_96xxdata.txt'
const small = 'ABKNAME001=Tom\r\nABKNUMBER001=4712\r\n'

/** Runs curl; shows the status of its last answer, all header lines, and what was sent over how many connections. */
async function curl(t: TestContext, ...args: string[]) {
  const folder = await temporaryFolder(t)
  const paths = { headers: join(folder, 'headers'), content: join(folder, 'content') }
  await writeFile(paths.content, '')
  const shown = [
    '--silent',
    '--show-error',
    '--insecure',
    '--max-time',
    '20',
    '--write-out',
    '%{http_code} %{num_connects}\n',
  ]
  const written = ['--dump-header', paths.headers, '--output', paths.content]
  const { stdout, exitCode } = await execa('curl', [...shown, ...written, ...args], { reject: false })
  const headers = await readFile(paths.headers, 'latin1').catch(() => '')
  const outcomes = stdout.split('\n').map((line) => line.split(' ').map(Number))
  const content = await readFile(paths.content, 'latin1')
  return { exitCode, outcomes, status: outcomes.at(-1)?.[0], headers, content }
}

async function fileOf(t: TestContext, content: string | Buffer): Promise<string> {
  const file = join(await temporaryFolder(t), 'upload')
  await writeFile(file, content)
  return file
}

type Open = (t: TestContext, backups: FakeBackups) => Promise<OpenDoor>
const doors: [scheme: string, open: Open][] = [
  ['http', openHttp],
  ['https', openHttps],
]
for (const [scheme, open] of doors) {
  test(`curl backs up, restores and deletes by ${scheme}, byte for byte`, withProgram('curl'), async (t) => {
    const backups = new FakeBackups()
    const { port, outcomes } = await open(t, backups)
    const url = `${scheme}://127.0.0.1:${port}/${name}`
    const put = async (content: string) =>
      (await curl(t, '--upload-file', await fileOf(t, content), url)).status
    assert.equal(await put(small), 201)
    assert.equal(await put(`${small}more`), 200)
    assert.deepEqual(await curl(t, url).then(({ status, content }) => [status, content]), [
      200,
      `${small}more`,
    ])
    const deleted = await curl(t, '--request', 'DELETE', url)
    assert.deepEqual([deleted.exitCode, deleted.status, deleted.content], [0, 204, ''])
    assert.equal((await curl(t, url)).status, 404)
    assert.deepEqual(
      outcomes.all.map(({ result }) => result),
      ['stored', 'stored', 'sent', 'removed', 'refused'],
    )
  })
}

test('d62: curl that asks first hears 100 and then sends', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  const { port } = await openHttp(t, backups)
  const content = randomBytes(3_000_001)
  const { status, headers } = await curl(
    t,
    '--header',
    'Expect: 100-continue',
    '--expect100-timeout',
    '15',
    '--upload-file',
    await fileOf(t, content),
    `http://127.0.0.1:${port}/${name}`,
  )
  assert.equal(status, 201)
  assert.match(headers, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/)
  assert.equal(backups.kept.get(name) === content.toString('latin1'), true)
})

test('d58: curl that asks first and has too much sends nothing', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  backups.mostBytes = 1_000
  const { port } = await openHttp(t, backups)
  const { status, headers } = await curl(
    t,
    '--header',
    'Expect: 100-continue',
    '--upload-file',
    await fileOf(t, Buffer.alloc(5_000_000)),
    `http://127.0.0.1:${port}/${name}`,
  )
  assert.equal(status, 413)
  assert.doesNotMatch(headers, /100 Continue/)
  assert.deepEqual(backups.uploads, [])
})

test('d58: curl that does not ask and has too much reads the answer', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  backups.mostBytes = 1_000
  const { port } = await openHttp(t, backups)
  const file = await fileOf(t, Buffer.alloc(5_000_000))
  const { status } = await curl(
    t,
    '--header',
    'Expect:',
    '--upload-file',
    file,
    `http://127.0.0.1:${port}/${name}`,
  )
  assert.equal(status, 413)
})

test('d67: curl stores by HTTP/1.0', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  const { port } = await openHttp(t, backups)
  const file = await fileOf(t, small)
  const { status, headers } = await curl(
    t,
    '--http1.0',
    '--upload-file',
    file,
    `http://127.0.0.1:${port}/${name}`,
  )
  assert.equal(status, 201)
  assert.match(headers, /\r\nConnection: close\r\n/)
  assert.equal(backups.kept.get(name), small)
})

test('d58: curl that sends what it does not know the length of hears 411', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  const { port } = await openHttp(t, backups)
  const file = await fileOf(t, small)
  const { status } = await curl(
    t,
    '--header',
    'Transfer-Encoding: chunked',
    '--upload-file',
    file,
    `http://127.0.0.1:${port}/${name}`,
  )
  assert.equal(status, 411)
  assert.deepEqual([...backups.kept], [])
})

test('curl stores several files over one connection', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  const { port } = await openHttp(t, backups)
  const file = await fileOf(t, small)
  const urls = [4711, 4712, 4713].map((extension) => `http://127.0.0.1:${port}/${extension}_96xxdata.txt`)
  const { outcomes } = await curl(t, ...urls.flatMap((url) => ['--upload-file', file, url]))
  assert.deepEqual(outcomes.slice(0, 3), [
    [201, 1],
    [201, 0],
    [201, 0],
  ])
})

test('d61: curl that is asked for credentials comes again with them', withProgram('curl'), async (t) => {
  const backups = new FakeBackups()
  backups.before = ({ authorization }) => {
    const right = `Basic ${Buffer.from('10.0.0.1:1234').toString('base64')}`
    if (authorization !== right) throw new Refusal('unauthorized', 'not you')
  }
  const { port, outcomes } = await openHttps(t, backups)
  const url = `https://127.0.0.1:${port}/${name}`
  const file = await fileOf(t, small)
  const put = (...more: string[]) => curl(t, ...more, '--upload-file', file, url)
  const asked = await put('--anyauth', '--user', '10.0.0.1:1234')
  assert.equal(asked.status, 201)
  assert.match(
    asked.headers,
    /^HTTP\/1\.1 401 Unauthorized\r\n.*WWW-Authenticate: Basic realm="Twintone"\r\n/s,
  )
  assert.equal((await put('--user', '10.0.0.1:9999')).status, 401)
  assert.equal((await put()).status, 401)
  assert.equal((await put('--user', '10.0.0.1:1234')).status, 200)
  assert.deepEqual(
    outcomes.all.map(({ result, reason }) => reason ?? result),
    ['unauthorized', 'stored', 'unauthorized', 'unauthorized', 'stored'],
  )
})
