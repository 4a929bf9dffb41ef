import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { symlink, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Protocol } from '../../lib/base/protocol.ts'
import { hashPassword } from '../../lib/base/password-hash.ts'
import { parseFileName } from '../../lib/files/file-name.ts'
import { refusals } from '../../lib/files/refusal.ts'
import { rootOf } from '../../lib/files/roots.ts'
import { doors, percentEncoded } from '../support/ask.ts'
import { hostileNames, wireBytes } from '../support/hostile-names.ts'
import { FtpClient } from '../support/ftp.ts'
import { startNode, type TestNode } from '../support/node.ts'
import { readRequest } from '../support/tftp-client.ts'

/** What a door says, in words that are the same for all: the row of the table of refusals, or the file. */
type Verdict = string

const inFlight = 32
const secret = 'outside every data folder'

async function prepare(node: TestNode): Promise<void> {
  await writeFile(join(node.config.data.folder, 'secret.txt'), secret)
  for (const protocol of doors) {
    await node.put(protocol, '46xxsettings.txt', 'settings')
    await node.put(protocol, 'firmware/app.bin', 'firmware')
    await symlink('../secret.txt', join(rootOf(node.config.data.folder, protocol), 'linked.txt'))
  }
}

/** The rows of the table of refusals that a number may stand for; HTTP and TFTP share none with each other. */
const meaning = (protocol: Protocol, code: number): Verdict => {
  if (code === 431) return meaning(protocol, refusals.badName.http) // so long that HTTP itself refuses it
  const column = protocol === 'tftp' ? 'tftp' : 'http'
  // TFTP has one number for what is forbidden and what is a bad name; so the others are folded likewise.
  const tftp = Object.values(refusals).find((row) => row[column] === code)?.tftp
  return tftp === undefined ? `unexpected ${code}` : `refused like TFTP error ${tftp}`
}

async function askWeb(
  node: TestNode,
  protocol: 'http' | 'https',
  names: readonly string[],
): Promise<Map<string, Verdict>> {
  const agent =
    protocol === 'https'
      ? new TlsAgent({ keepAlive: true, maxSockets: inFlight, rejectUnauthorized: false })
      : new Agent({ keepAlive: true, maxSockets: inFlight })
  const send = protocol === 'https' ? requestTls : request
  const verdicts = new Map<string, Verdict>()
  const one = (name: string) =>
    new Promise<void>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: node.port(protocol),
        path: `/${percentEncoded(name)}`,
        agent,
      }
      send(options, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => {
          const code = response.statusCode ?? 0
          verdicts.set(name, code === 200 ? `served: ${body}` : meaning(protocol, code))
          resolve()
        })
      })
        .on('error', reject)
        .end()
    })
  await inTurns(names, one)
  agent.destroy()
  return verdicts
}

async function askTftp(node: TestNode, names: readonly string[]): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>()
  await inTurns(names, async (name) => {
    const socket = createSocket('udp4')
    try {
      verdicts.set(name, await firstAnswer(socket, node.port('tftp'), name))
    } finally {
      socket.close()
    }
  })
  return verdicts
}

/** With a slash before it, which stands for the root as it does in HTTP; all files here fit into one block. */
async function firstAnswer(socket: Socket, port: number, name: string): Promise<Verdict> {
  socket.send(readRequest(wireBytes(`/${name}`)), port, '127.0.0.1')
  const late = AbortSignal.timeout(5_000)
  const [packet, from] = (await once(socket, 'message', { signal: late })) as [Buffer, { port: number }]
  if (packet.readUInt16BE(0) === 5) return meaning('tftp', packet.readUInt16BE(2))
  socket.send(Buffer.from([0, 4, 0, 1]), from.port, '127.0.0.1')
  return `served: ${packet.subarray(4).toString()}`
}

const password = 'geheim'

/** As the super user in the folder of HTTP: what FTP says to SIZE, of each name. */
async function askFtp(
  t: TestContext,
  node: TestNode,
  names: readonly string[],
): Promise<Map<string, string>> {
  const said = new Map<string, string>()
  const rest = names.values()
  const session = async () => {
    const client = await FtpClient.login(t, node.port('ftp'), 'mvuser', password)
    await client.ask('CWD HTTPdata')
    for (const name of rest) {
      client.send(Buffer.concat([Buffer.from('SIZE '), wireBytes(name), Buffer.from('\r\n')]))
      said.set(name, await client.reply())
    }
  }
  await Promise.all(Array.from({ length: 8 }, session))
  return said
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}

test('d1-d6, d10: ten thousand names get the same verdict at every door, and none leads out of its folder', async (t) => {
  const node = await startNode(t, (config) => {
    config.tftp.requestsPerSecond = 1_000_000
    config.tftp.transfersPerAddress = 10_000
    config.tftp.maxTransfers = 10_000
  })
  await prepare(node)
  const names = [
    ...hostileNames()
      .filter(({ wire }) => wire === 'any')
      .map(({ name }) => name),
    '46xxsettings.txt',
    '46XXsettings.TXT',
    'firmware/app.bin',
    'linked.txt',
  ]
  assert.ok(new Set(names).size >= 10_000, `${names.length} names`)

  const verdicts = {
    http: await askWeb(node, 'http', names),
    https: await askWeb(node, 'https', names),
    tftp: await askTftp(node, names),
  }

  const seen = new Map<string, number>()
  for (const name of names) {
    const said = doors.map((protocol) => verdicts[protocol as keyof typeof verdicts].get(name))
    const shown = JSON.stringify(name).slice(0, 200)
    assert.equal(
      new Set(said).size,
      1,
      `${shown}: ${doors.map((door, at) => `${door} ${said[at]}`).join(', ')}`,
    )
    assert.doesNotMatch(said[0] ?? '', /unexpected/, shown)
    assert.ok(!said[0]?.includes(secret), shown)
    seen.set(said[0] ?? '', (seen.get(said[0] ?? '') ?? 0) + 1)
  }
  assert.equal(verdicts.http.get('46XXsettings.TXT'), 'served: settings')
  assert.equal(verdicts.tftp.get('linked.txt'), 'refused like TFTP error 2')
  assert.ok((seen.get('refused like TFTP error 2') ?? 0) > 5_000, 'most of these names are hostile')
})

test('d1-d6, d10: what no other door takes for a name, FTP does not take from the super user either', async (t) => {
  const hash = await hashPassword(password)
  const node = await startNode(t, (config) => {
    Object.assign(config.superUser, { password: hash, requireTls: false, networks: ['127.0.0.1'] })
  })
  await prepare(node)
  // What ends a line, is no text, means something to telnet or is longer than a line is shown by the reader's own tests.
  const names = hostileNames()
    .filter(({ wire }) => wire === 'any')
    .map(({ name }) => name)
    .filter(
      (name) =>
        isRefused(withoutFoldersThatAreNone(name)) &&
        !wireBytes(name).some((byte) => [0, 10, 13, 255].includes(byte)),
    )
    .filter((name) => name.trim() !== '' && wireBytes(name).length < 900 && isUtf8(wireBytes(name)))
  assert.ok(names.length > 4_000, `${names.length} names`)

  const said = await askFtp(t, node, [...names, '46xxsettings.txt', 'linked.txt'])

  assert.equal(said.get('46xxsettings.txt'), '213 8')
  assert.match(said.get('linked.txt') ?? '', /^550/)
  for (const name of names) assert.match(said.get(name) ?? '', /^55[03]/, JSON.stringify(name).slice(0, 200))
})

/** FTP has paths: `./a`, `a//b` and, from Windows, `a\\b` are ways to say `a` and `a/b`. */
const withoutFoldersThatAreNone = (name: string) =>
  name
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.')
    .join('/')

function isRefused(name: string): boolean {
  try {
    parseFileName(name)
    return false
  } catch {
    return true
  }
}
