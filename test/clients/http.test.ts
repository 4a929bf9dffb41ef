import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import type { OpenDoor } from '../support/http.ts'
import { changedAt, filesOf, inMemory, openHttp, openHttps, PiecewiseFile } from '../support/http.ts'
import { temporaryFolder } from '../support/folder.ts'
import { withProgram } from '../support/programs.ts'

const settings = 'SET SIG 2\n'
const firmware = randomBytes(3_000_001)
const files = filesOf(
  inMemory('46xxsettings.txt', settings),
  inMemory('memory.bin', firmware),
  new PiecewiseFile('disk.bin', firmware.length, async (from, length) =>
    firmware.subarray(from, from + length),
  ),
)

interface Fetched {
  exitCode: number | undefined
  status: number
  /** Header lines of the last answer. */
  headers: string
  content: Buffer
}

/** Runs curl; the content goes to `file`, which a test may have prepared. */
async function curl(t: TestContext, args: string[], file?: string): Promise<Fetched> {
  const folder = await temporaryFolder(t)
  const paths = { headers: join(folder, 'headers'), content: file ?? join(folder, 'content') }
  await writeFile(paths.content, '', { flag: 'a' })
  const shown = ['--silent', '--show-error', '--max-time', '20', '--write-out', '%{http_code}']
  const written = ['--dump-header', paths.headers, '--output', paths.content]
  const { stdout, exitCode } = await execa('curl', [...shown, ...written, ...args], { reject: false })
  const headers = await readFile(paths.headers, 'latin1').catch(() => '')
  return { exitCode, status: Number(stdout), headers, content: await readFile(paths.content) }
}

const schemes: [scheme: 'http' | 'https', open: (t: TestContext) => Promise<OpenDoor>][] = [
  ['http', (t) => openHttp(t, files)],
  ['https', (t) => openHttps(t, files)],
]
for (const [scheme, open] of schemes) {
  test(`curl gets files by ${scheme}, byte for byte`, withProgram('curl'), async (t) => {
    const { port, outcomes } = await open(t)
    for (const name of ['memory.bin', 'disk.bin']) {
      const { status, content } = await curl(t, ['--insecure', `${scheme}://127.0.0.1:${port}/${name}`])
      assert.equal(status, 200)
      assert.equal(content.equals(firmware), true)
    }
    assert.deepEqual(
      (await outcomes.ended(2)).map(({ result, bytes }) => [result, bytes]),
      [
        ['sent', firmware.length],
        ['sent', firmware.length],
      ],
    )
  })

  test(`curl resumes a download by ${scheme}, byte for byte`, withProgram('curl'), async (t) => {
    const { port } = await open(t)
    for (const name of ['memory.bin', 'disk.bin']) {
      const file = join(await temporaryFolder(t), name)
      await writeFile(file, firmware)
      await truncate(file, 1_234_567)
      const { status, content } = await curl(
        t,
        ['--insecure', '--continue-at', '-', `${scheme}://127.0.0.1:${port}/${name}`],
        file,
      )
      assert.equal(status, 206)
      assert.equal(content.equals(firmware), true)
    }
  })
}

test('curl resumes what is complete already, and nothing is added', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files)
  const file = join(await temporaryFolder(t), 'memory.bin')
  await writeFile(file, firmware)
  const { status, content } = await curl(
    t,
    ['--continue-at', '-', `http://127.0.0.1:${port}/memory.bin`],
    file,
  )
  assert.equal(status, 416)
  assert.equal(content.equals(firmware), true)
})

test('curl asks for the header only', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files)
  const { status, headers, content } = await curl(t, ['--head', `http://127.0.0.1:${port}/memory.bin`])
  assert.equal(status, 200)
  assert.match(headers, /\r\nContent-Length: 3000001\r\n/)
  assert.match(content.toString(), /^HTTP\/1\.1 200 OK/)
})

test('curl gets a part of a file', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files)
  const { status, content } = await curl(t, ['--range', '100-299', `http://127.0.0.1:${port}/disk.bin`])
  assert.equal(status, 206)
  assert.equal(content.equals(firmware.subarray(100, 300)), true)
})

test('curl gets a file only if it is newer', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files)
  const url = `http://127.0.0.1:${port}/46xxsettings.txt`
  const since = (date: Date) => curl(t, ['--time-cond', date.toUTCString(), url])
  assert.equal((await since(changedAt)).status, 304)
  assert.equal((await since(new Date(changedAt.getTime() - 60_000))).status, 200)
})

test('curl gets a file only if its tag is another', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files)
  const url = `http://127.0.0.1:${port}/46xxsettings.txt`
  const tagFile = join(await temporaryFolder(t), 'tag')
  const first = await curl(t, ['--etag-save', tagFile, url])
  assert.equal(first.content.toString(), settings)
  assert.equal((await readFile(tagFile, 'utf8')).trim(), '"0123abcd"')
  const second = await curl(t, ['--etag-compare', tagFile, url])
  assert.deepEqual([second.status, second.content.length], [304, 0])
})

test('curl is served by HTTP/1.0, and the connection ends', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files)
  const url = `http://127.0.0.1:${port}/46xxsettings.txt`
  const { status, headers, content } = await curl(t, ['--http1.0', url])
  assert.deepEqual([status, content.toString()], [200, settings])
  assert.match(headers, /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/s)
})

test('curl is served over IPv6', withProgram('curl'), async (t) => {
  const { port } = await openHttp(t, files, { settings: { addresses: ['::1'] } })
  const { status, content } = await curl(t, [`http://[::1]:${port}/46xxsettings.txt`])
  assert.deepEqual([status, content.toString()], [200, settings])
})

test('curl gets many files over one connection', withProgram('curl'), async (t) => {
  const { port, outcomes } = await openHttp(t, files)
  const url = `http://127.0.0.1:${port}/46xxsettings.txt`
  const { stdout } = await execa('curl', ['--silent', '--write-out', '%{num_connects}\n', url, url, url])
  assert.deepEqual(stdout.match(/^\d$/gm), ['1', '0', '0'])
  assert.equal((await outcomes.ended(3)).length, 3)
})

test(
  'd56: curl that uploads where nothing may be stored hears 403, whatever the size',
  withProgram('curl'),
  async (t) => {
    const { port } = await openHttp(t, files)
    const file = join(await temporaryFolder(t), 'upload')
    for (const size of [10, 5_000_000]) {
      await writeFile(file, Buffer.alloc(size))
      const { status, exitCode } = await curl(t, ['--upload-file', file, `http://127.0.0.1:${port}/a.txt`])
      assert.deepEqual([status, exitCode], [403, 0])
    }
  },
)

test('d68: curl that knows HTTP/2 gets HTTP/1.1', withProgram('curl'), async (t) => {
  const { port } = await openHttps(t, files)
  const url = `https://127.0.0.1:${port}/46xxsettings.txt`
  const { status, headers } = await curl(t, ['--insecure', '--http2', url])
  assert.equal(status, 200)
  assert.match(headers, /^HTTP\/1\.1 200 OK\r\n/)
})
