import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { temporaryFolder } from '../support/folder.ts'
import { filesOf, inMemory, PiecewiseFile } from '../support/http.ts'
import { withProgram } from '../support/programs.ts'
import { openTftp, type TftpChanges } from '../support/tftp-door.ts'

const sizes = [0, 1, 511, 512, 513, 1_428 * 16, 300_001]
const contents = new Map(sizes.map((size) => [`f${size}.bin`, randomBytes(size)]))
const firmware = randomBytes(2_000_001)
/** More than 65,535 blocks of 512 bytes. */
const rollover = Buffer.concat(Array.from({ length: 17 }, () => firmware))
const text = 'SET SIG 2\nSET X "a\rb"\n'

const inPieces = (name: string, bytes: Buffer) =>
  new PiecewiseFile(name, bytes.length, async (at, length) => bytes.subarray(at, at + length))
const files = filesOf(
  ...[...contents].map(([name, bytes]) => inMemory(name, bytes)),
  inPieces('fw.bin', firmware),
  inMemory('rollover.bin', rollover),
  inMemory('46xxsettings.txt', text),
)

interface Client {
  program: string
  /** In words, for the title. */
  how: string
  /** Arguments that fetch `name` into the file `to`. */
  args(host: string, port: number, name: string, to: string): string[]
}

const curl = (how: string, ...options: string[]): Client => ({
  program: 'curl',
  how,
  args: (host, port, name, to) => [
    '-sS',
    '-m',
    '60',
    ...options,
    '-o',
    to,
    `tftp://${host.includes(':') ? `[${host}]` : host}:${port}/${name}`,
  ],
})
const atftp = (how: string, ...options: string[]): Client => ({
  program: 'atftp',
  how,
  args: (host, port, name, to) => [
    ...options.flatMap((option) => ['--option', option]),
    '-g',
    '-r',
    name,
    '-l',
    to,
    host,
    String(port),
  ],
})
const tftpHpa = (mode: string): Client => ({
  program: 'tftp',
  how: `in ${mode} mode`,
  args: (host, port, name, to) => ['-m', mode, host, String(port), '-c', 'get', name, to],
})
const busybox = (how: string, ...options: string[]): Client => ({
  program: 'busybox',
  how,
  args: (host, port, name, to) => ['tftp', '-g', ...options, '-r', name, '-l', to, host, String(port)],
})

/** curl 7.88 fails on an empty file when it is told its size, with any server (tried: tftpd-hpa 5.2). */
const failsOnEmpty = (client: Client) => client.program === 'curl' && client.how !== 'without options'

const clients: Client[] = [
  curl('with its options'),
  curl('without options', '--tftp-no-options'),
  curl('with large blocks', '--tftp-blksize', '1428'),
  tftpHpa('binary'),
  atftp('without options'),
  atftp('with a window', 'windowsize 16'),
  atftp(
    'with a window of large blocks, size and timeout',
    'blksize 1428',
    'windowsize 16',
    'tsize',
    'timeout 2',
  ),
  busybox('without options', '-b', '512'),
  busybox('with large blocks', '-b', '1428'),
]

/** Fetches a file with a real client, and returns what it wrote. */
async function fetchWith(
  t: TestContext,
  client: Client,
  { host, port, name }: { host: string; port: number; name: string },
) {
  const to = join(await temporaryFolder(t), 'fetched')
  await execa(client.program, client.args(host, port, name, to), { timeout: 60_000, stdin: 'ignore' })
  // tftp-hpa and busybox write no file where there are no bytes.
  return readFile(to).catch(() => Buffer.alloc(0))
}

for (const client of clients) {
  for (const changes of [{}, { settings: { singlePort: true } }] satisfies TftpChanges[]) {
    const mode = 'settings' in changes ? 'single-port mode' : 'ports of their own'
    test(
      `${client.program} ${client.how} gets files byte for byte, with ${mode}`,
      withProgram(client.program),
      async (t) => {
        const { port, outcomes } = await openTftp(t, files, changes)
        const wanted = [...contents, ['fw.bin', firmware] as const].slice(failsOnEmpty(client) ? 1 : 0)
        for (const [name, bytes] of wanted) {
          assert.ok((await fetchWith(t, client, { host: '127.0.0.1', port, name })).equals(bytes), name)
        }
        const ended = await outcomes.ended(wanted.length)
        assert.deepEqual([...new Set(ended.map(({ result }) => result))], ['sent'])
      },
    )
  }
}

for (const client of [
  curl('without options', '--tftp-no-options'),
  tftpHpa('binary'),
  atftp('without options'),
  busybox('without options', '-b', '512'),
]) {
  test(
    `d24: ${client.program} gets a file of more than 65,535 blocks`,
    withProgram(client.program),
    async (t) => {
      const { port } = await openTftp(t, files)
      assert.ok(
        (await fetchWith(t, client, { host: '127.0.0.1', port, name: 'rollover.bin' })).equals(rollover),
      )
    },
  )
}

test('d30: tftp-hpa in ascii mode gets the text it would have read here', withProgram('tftp'), async (t) => {
  const { port } = await openTftp(t, files)
  const fetched = await fetchWith(t, tftpHpa('ascii'), { host: '127.0.0.1', port, name: '46xxsettings.txt' })
  assert.equal(fetched.toString(), text)
})

test('curl gets a file over IPv6', withProgram('curl'), async (t) => {
  const { port } = await openTftp(t, files, { settings: { addresses: ['::1'] } })
  const fetched = await fetchWith(t, curl('over IPv6'), { host: '::1', port, name: 'f300001.bin' })
  assert.ok(fetched.equals(contents.get('f300001.bin') ?? Buffer.alloc(0)))
})

test('clients are told when a file is not there, and may not write', withProgram('curl'), async (t) => {
  const { port, outcomes } = await openTftp(t, files)
  const absent = await execa('curl', ['-sS', '-m', '20', `tftp://127.0.0.1:${port}/absent`], {
    reject: false,
  })
  assert.equal(absent.exitCode, 68) // CURLE_TFTP_NOTFOUND
  const written = await execa('curl', ['-sS', '-m', '20', '-T', '-', `tftp://127.0.0.1:${port}/new`], {
    reject: false,
    input: 'x',
  })
  assert.equal(written.exitCode, 69) // CURLE_TFTP_PERM
  assert.deepEqual(
    (await outcomes.ended(2)).map(({ reason }) => reason),
    ['notFound', 'forbidden'],
  )
})
