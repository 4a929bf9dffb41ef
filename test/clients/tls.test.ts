import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import type { TlsProfileName } from '../../lib/base/settings/fields.ts'
import { certificateFiles, filesOf, inMemory, openHttps } from '../support/http.ts'
import { temporaryFolder } from '../support/folder.ts'
import { withProgram } from '../support/programs.ts'

const content = randomBytes(300_001)
const files = filesOf(inMemory('fw.bin', content))

interface Session {
  /** Of the suite that was agreed on; undefined: none was. */
  suite: string | undefined
  protocol: string | undefined
  /** What came after the header of the answer. */
  body: Buffer
}

/** Lets openssl fetch a file: once for what was agreed on, once for the bytes. */
async function sClient(port: number, args: readonly string[]): Promise<Session> {
  const input = 'GET /fw.bin HTTP/1.1\r\nConnection: close\r\n\r\n'
  const common = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...args]
  const options = { input, reject: false, timeout: 20_000, stripFinalNewline: false } as const
  const quiet = await execa('openssl', [...common, '-quiet'], { ...options, encoding: 'buffer' })
  const { stdout } = await execa('openssl', common, { ...options, encoding: 'latin1' })
  const bytes = Buffer.from(quiet.stdout)
  const [, protocol, suite] = /^New, (.*), Cipher is (.*)$/m.exec(stdout) ?? []
  return {
    suite: suite === '(NONE)' ? undefined : suite,
    protocol: /Protocol\s*: (\S+)/.exec(stdout)?.[1] ?? protocol,
    body: bytes.subarray(bytes.indexOf('\r\n\r\n') + 4),
  }
}

const clients: [profile: TlsProfileName, client: string, suite: string | undefined][] = [
  ['modern', '', 'TLS_AES_128_GCM_SHA256'],
  ['modern', '-tls1_2', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['modern', '-tls1_2 -cipher AES128-SHA256', 'AES128-SHA256'],
  ['modern', '-tls1_2 -cipher AES128-SHA', undefined],
  ['modern', '-tls1_1 -cipher ALL:@SECLEVEL=0', undefined],
  ['modern', '-tls1 -cipher ALL:@SECLEVEL=0', undefined],
  ['modern', '-tls1_2 -cipher eNULL:@SECLEVEL=0', undefined],
  ['legacy', '', 'TLS_AES_128_GCM_SHA256'],
  ['legacy', '-tls1_1 -cipher AES256-SHA:@SECLEVEL=0', 'AES256-SHA'],
  ['legacy', '-tls1 -cipher AES128-SHA:@SECLEVEL=0', 'AES128-SHA'],
  ['legacy', '-tls1 -cipher eNULL:@SECLEVEL=0', undefined],
  ['authenticate-only', '-tls1 -cipher NULL-SHA:@SECLEVEL=0', 'NULL-SHA'],
  ['authenticate-only', '-tls1_2 -cipher NULL-SHA:@SECLEVEL=0', 'NULL-SHA'],
  ['authenticate-only', '-tls1_2 -cipher NULL-SHA256:@SECLEVEL=0', 'NULL-SHA256'],
  ['authenticate-only', '', undefined],
  ['authenticate-only', '-tls1 -cipher ALL:@SECLEVEL=0', undefined],
]
for (const [profile, client, suite] of clients) {
  const title = `d73: openssl s_client ${client} on a port of profile ${profile} gets ${suite ?? 'no connection'}`
  test(title, withProgram('openssl'), async (t) => {
    const { port } = await openHttps(t, files, { settings: { profile } })
    const session = await sClient(port, client === '' ? [] : client.split(' '))
    assert.equal(session.suite, suite)
    assert.equal(session.body.equals(suite === undefined ? Buffer.alloc(0) : content), true)
  })
}

test('d74: openssl s_client cannot renegotiate', withProgram('openssl'), async (t) => {
  const { port } = await openHttps(t, files)
  const { all } = await execa('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_2'], {
    input: 'R\n',
    reject: false,
    all: true,
    timeout: 20_000,
  })
  assert.match(all, /no renegotiation/)
})

test(
  'curl trusts our self-signed certificate when told to, for its names only',
  withProgram('curl'),
  async (t) => {
    const { certificate, key } = await certificateFiles(t, ['files.example'])
    const { port } = await openHttps(t, files, { settings: { certificate, key } })
    const folder = await temporaryFolder(t)
    const fetchFor = async (name: string) => {
      const output = join(folder, name)
      const trust = ['--cacert', certificate, '--resolve', `${name}:${port}:127.0.0.1`, '--output', output]
      const { exitCode } = await execa('curl', ['--silent', ...trust, `https://${name}:${port}/fw.bin`], {
        reject: false,
      })
      return { exitCode, output }
    }
    const good = await fetchFor('files.example')
    assert.equal(good.exitCode, 0)
    assert.equal((await readFile(good.output)).equals(content), true)
    assert.equal((await fetchFor('other.example')).exitCode, 60)
  },
)
