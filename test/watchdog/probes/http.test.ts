import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { discoverProbes } from '../../../watchdog/discover.ts'
import type { Finding } from '../../../watchdog/probe.ts'
import { checkFileName } from '../../../watchdog/probes/names.ts'
import { httpProbe } from '../../../watchdog/probes/http.ts'
import { freePort, startProbedNode } from '../../support/probed-node.ts'
import { listening, loneParts, run, tcpLiar, whyOf } from '../../support/lone-probe.ts'

const isLeftOver = (name: string) => name.startsWith('watchdog')

test('HTTP is asked for a check file, and to save, fetch and delete for a phone that answers SNMP', async (t) => {
  const { run: runProbe, config } = await startProbedNode(t)
  const finding = await runProbe(/^http /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.equal(finding.warning, undefined)
  for (const phase of ['connect', 'firstByte', 'read', 'write', 'delete'])
    assert.ok(phase in finding.phases, phase)
  for (const folder of ['HTTPdata', 'FTPdata'])
    assert.deepEqual(readdirSync(join(config.data.folder, folder)).filter(isLeftOver), [])
})

test('where the file server cannot ask our phone, saving has missed', async (t) => {
  const { config, token } = await startProbedNode(t)
  config.snmp.port = await freePort('127.6.9.1') // where the phone is now, and nobody asks it
  const probes = discoverProbes(config, { clock: systemClock, token })
  t.after(() => probes.close())
  const http = probes.all.find(({ name }) => name.startsWith('http '))
  assert.ok(http)
  const finding = await run(http)
  assert.equal(finding.outcome, 'missed')
  assert.match(
    finding.why,
    /^PUT of the probe file on port \d+: 403 \(the phone did not say who it is\) after/,
  )
})

test('where an address list decides about user data, and there is none, that is a warning', async (t) => {
  const { run: runProbe } = await startProbedNode(t, (config) => {
    config.userData.policies = [{ network: '127.6.9.1', protocols: ['http'], policy: 'address-list' }]
  })
  const finding = await runProbe(/^http /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(finding.warning ?? '', /HTTP_allow_IP.txt/)
})

for (const policy of ['open', 'address-list'] as const) {
  test(`with the policy ${policy} everything is written`, async (t) => {
    const { node, run: runProbe } = await startProbedNode(t, (config) => {
      config.userData.http = policy
    })
    await node.put('http', 'HTTP_allow_IP.txt', '127.6.9.1\n')
    const finding = await runProbe(/^http /)
    assert.equal(finding.outcome, 'ok', whyOf(finding))
    assert.equal(finding.warning, undefined)
    assert.ok('delete' in finding.phases)
  })
}

test('an address list that keeps the watchdog out is a warning that names the list, and no miss', async (t) => {
  const { node, run: runProbe } = await startProbedNode(t)
  await node.put('http', 'HTTP_allow_IP.txt', '10.0.0.0/8\n')
  const finding = await runProbe(/^http /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(
    finding.warning ?? '',
    /HTTPdata keeps the watchdog out; add 127\.6\.9\.1 to HTTP_allow_IP\.txt/,
  )
})

test('where credentials count, an upload without them is refused, which is well', async (t) => {
  const { run: runProbe, config } = await startProbedNode(t, (settings) => {
    settings.userData.https = 'credentials'
  })
  const finding = await runProbe(/^https /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.deepEqual(readdirSync(join(config.data.folder, 'FTPdata')), [])
})

test('a door that takes uploads without the credentials that count has missed, loudly', async (t) => {
  const finding = await judge(t, store({}), (config) => {
    config.userData.policies = [{ network: '127', protocols: ['http'], policy: 'credentials' }]
  })
  assert.match(whyOf(finding), /PUT without credentials on port \d+: 201: ANYBODY MAY REPLACE USERS' DATA/)
})

test('an honest store is ok, and is asked in the order of a phone', async (t) => {
  const asked: string[] = []
  const finding = await judge(t, store({ asked }))
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.deepEqual(asked, ['GET', 'PUT', 'GET', 'DELETE'])
})

const liars: [string, RequestListener, RegExp][] = [
  [
    'says 503',
    (_, response) => response.writeHead(503).end('busy\n'),
    /check file on port \d+: 503 \(busy\) after/,
  ],
  [
    'd110: answers with other content',
    (_, response) => response.writeHead(200, { 'Content-Length': 5 }).end('hello'),
    /200 with 5 bytes that are not those of the file; another program/,
  ],
  [
    'leaves out Content-Length',
    (_, response) => {
      response.write('x')
      response.end()
    },
    /200 without Content-Length/,
  ],
  ['cuts off in the header', (request) => request.socket.destroy(), /the connection was cut off/],
  [
    'cuts off in the content',
    (request, response) => {
      response.writeHead(200, { 'Content-Length': 500 }).write('some')
      setTimeout(() => request.socket.destroy(), 20)
    },
    /the connection was cut off/,
  ],
  ['is silent', () => {}, /check file on port \d+: no answer within 1000 ms$/],
  ['has no ETag', store({ without: 'ETag' }), /200 without an ETag/],
  ['has no Last-Modified', store({ without: 'Last-Modified' }), /200 without Last-Modified/],
  ['refuses to save', store({ refuse: 'PUT', status: 507 }), /PUT of the probe file on port \d+: 507/],
  [
    'refuses to delete',
    store({ refuse: 'DELETE', status: 500 }),
    /DELETE of the probe file on port \d+: 500/,
  ],
  ['loses what was saved', store({ forget: true }), /GET of the probe file on port \d+: 404/],
]

for (const [what, answer, sentence] of liars) {
  test(`a door that ${what} has missed`, async (t) => {
    const finding = await judge(t, answer)
    assert.equal(finding.outcome, 'missed')
    assert.match(finding.why, sentence)
  })
}

test('what was saved is deleted although it came back wrong', async (t) => {
  const asked: string[] = []
  const finding = await judge(t, store({ asked, garble: true }))
  assert.equal(finding.outcome, 'missed')
  assert.deepEqual(asked, ['GET', 'PUT', 'GET', 'DELETE'])
})

test('a closed port, and one that speaks something else, have missed', async (t) => {
  const parts = await loneParts(t)
  const closed = await run(httpProbe('http', await portOfNobody(t), parts))
  assert.match(whyOf(closed), /connection refused/)
  assert.equal(closed.outcome, 'missed')
  const port = await tcpLiar(t, (socket) => socket.end('220 this is FTP\r\n'))
  const other = await run(httpProbe('http', port, parts))
  assert.equal(other.outcome, 'missed')
  assert.match(whyOf(other), /something that is not HTTP/)
})

test('a check file that cannot be written makes the probe blind, not the door down', async (t) => {
  const parts = await loneParts(t, (config) => {
    config.data.folder = join(config.data.folder, 'gone')
  })
  const finding = await run(httpProbe('http', await listening(t, createServer(store({}))), parts))
  assert.equal(finding.outcome, 'blind')
  assert.match(finding.why, /check file .*HTTPdata.* cannot be written/)
})

test("an address that this machine does not have makes the probe blind: it is the watchdog's own", async (t) => {
  const parts = await loneParts(t, (config) => {
    config.watchdog.address = '192.0.2.1'
  })
  const finding = await run(httpProbe('http', await listening(t, createServer(store({}))), parts))
  assert.equal(finding.outcome, 'blind')
  assert.match(finding.why, /EADDRNOTAVAIL/)
})

/** Files as the file server keeps them, as far as a probe can see, or with one thing wrong. */
function store(wrong: {
  asked?: string[]
  without?: string
  refuse?: string
  status?: number
  forget?: boolean
  garble?: boolean
}): RequestListener {
  const files = new Map<string, Buffer>()
  return (request, response) => {
    const { method = '', url = '' } = request
    wrong.asked?.push(method)
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      if (method === wrong.refuse) return response.writeHead(wrong.status ?? 500).end()
      if (method === 'PUT') {
        if (wrong.forget !== true)
          files.set(url, wrong.garble === true ? Buffer.from('x') : Buffer.concat(pieces))
        return response.writeHead(201).end()
      }
      if (method === 'DELETE') return response.writeHead(204).end()
      const file = files.get(url) ?? onDisk.get(response)?.(url)
      if (file === undefined) return response.writeHead(404).end()
      const headers = {
        'Content-Length': file.length,
        ETag: '"abc"',
        'Last-Modified': new Date(0).toUTCString(),
      }
      response.writeHead(
        200,
        Object.fromEntries(Object.entries(headers).filter(([name]) => name !== wrong.without)),
      )
      return response.end(file)
    })
  }
}

/** Where a scripted door finds check files. */
const onDisk = new WeakMap<object, (url: string) => Buffer | undefined>()

async function judge(
  t: TestContext,
  answer: RequestListener,
  change?: Parameters<typeof loneParts>[1],
): Promise<Finding> {
  const parts = await loneParts(t, change)
  const server = createServer((request, response) => {
    onDisk.set(response, (url) =>
      url === `/${checkFileName(parts.token)}`
        ? readFileSync(join(parts.config.data.folder, 'HTTPdata', url))
        : undefined,
    )
    answer(request, response)
  })
  return run(httpProbe('http', await listening(t, server), parts))
}

async function portOfNobody(t: TestContext): Promise<number> {
  const server = createServer()
  const port = await listening(t, server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
