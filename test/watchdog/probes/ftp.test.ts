import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { discoverProbes } from '../../../watchdog/discover.ts'
import type { Finding } from '../../../watchdog/probe.ts'
import { ftpProbe, ftpsProbe } from '../../../watchdog/probes/ftp.ts'
import { FtpReplies } from '../../../watchdog/probes/ftp-replies.ts'
import { loneParts, run, tcpLiar, whyOf } from '../../support/lone-probe.ts'
import { freePort, startProbedNode } from '../../support/probed-node.ts'
import { until } from '../../support/until.ts'

test('FTP is asked as a phone asks: in the clear and over TLS, passive and active', async (t) => {
  const { run: runProbe, config } = await startProbedNode(t)
  const finding = await runProbe(/^ftp /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.equal(finding.warning, undefined)
  for (const phase of ['connect', 'login', 'tls', 'transfers']) assert.ok(phase in finding.phases, phase)
  assert.deepEqual(readdirSync(join(config.data.folder, 'FTPdata')), [])
})

test('so is a port that is encrypted from the first byte', async (t) => {
  const port = await freePort('127.0.0.1')
  const { run: runProbe } = await startProbedNode(t, (config) => {
    config.ftp.implicitTlsPorts = [port]
  })
  const finding = await runProbe(`ftps ${port}`)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.ok('transfers' in finding.phases)
})

test('FTP over IPv6 is asked with EPSV and EPRT', async (t) => {
  const { run: runProbe } = await startProbedNode(t, (config) => {
    config.ftp.addresses = ['::1']
  })
  const finding = await runProbe(/^ftp /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
})

test('where the file server cannot ask our phone, the login has missed, and says why', async (t) => {
  const { config, token } = await startProbedNode(t)
  config.snmp.port = await freePort('127.6.9.1')
  const probes = discoverProbes(config, { clock: systemClock, token })
  t.after(() => probes.close())
  const finding = await run(probes.all.find(({ name }) => name.startsWith('ftp ')) ?? assert.fail())
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /^FTP login on port \d+: 530 .*SNMP/)
})

test('an address list that keeps the watchdog out is a warning that names the list', async (t) => {
  const { node, run: runProbe } = await startProbedNode(t)
  await node.put('ftp', 'FTP_allow_IP.txt', '10.0.0.0/8\n')
  const finding = await runProbe(/^ftp /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(finding.warning ?? '', /FTPdata keeps the watchdog out; add 127\.6\.9\.1 to FTP_allow_IP\.txt/)
})

for (const policy of ['open', 'address-list'] as const) {
  test(`with the policy ${policy} everything is written`, async (t) => {
    const { node, run: runProbe } = await startProbedNode(t, (config) => {
      config.userData.ftp = policy
    })
    await node.put('ftp', 'FTP_allow_IP.txt', '127.6.9.1\n')
    const finding = await runProbe(/^ftp /)
    assert.equal(finding.outcome, 'ok', whyOf(finding))
    assert.ok('transfers' in finding.phases)
  })
}

test('where no phone of ours can be asked, the door is still greeted, and the warning says why', async (t) => {
  const { probe, config } = await startProbedNode(t)
  const { createSocket } = await import('node:dgram')
  const holder = createSocket('udp4')
  t.after(() => holder.close())
  await new Promise<void>((resolve) => holder.bind(config.snmp.port, '127.6.9.1', resolve))
  const finding = await run(probe(/^ftp /))
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(
    finding.warning ?? '',
    /cannot answer SNMP as a phone on UDP port \d+ of 127\.6\.9\.1, another program/,
  )
})

const liars: [string, (socket: Socket) => void, RegExp][] = [
  ['is silent', () => {}, /^FTP welcome on port \d+: no answer within 1000 ms$/],
  ['cuts off', (socket) => socket.destroy(), /FTP welcome on port \d+: the connection was cut off/],
  ['speaks no FTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /something that is no FTP/],
  [
    'is full',
    (socket) => socket.end('421 Too many clients\r\n'),
    /FTP welcome on port \d+: 421 Too many clients/,
  ],
  ['never ends a reply', (socket) => socket.write(`220-${'x'.repeat(20_000)}`), /a reply without an end/],
  ['lets nobody in', scripted({ PASS: '530 Not you' }), /FTP login on port \d+: 530 Not you/],
  [
    'says goodbye after the login',
    scripted({ TYPE: undefined }),
    /FTP login on port \d+: the connection was cut off/,
  ],
  [
    'has no data port',
    scripted({ PASV: '425 None free' }),
    /^STOR of the probe file on port \d+ \(passive\): 425 None free after \d+ ms$/,
  ],
  [
    'tells a nonsensical port',
    scripted({ PASV: '227 Go (1,2)' }),
    /PASV was answered with no port: Go \(1,2\)/,
  ],
]

for (const [what, talk, sentence] of liars) {
  test(`a door that ${what} has missed`, async (t) => {
    const finding = await judge(t, talk)
    assert.equal(finding.outcome, 'missed')
    assert.match(finding.why, sentence)
  })
}

test('a connection to a door that is silent is closed when time is up', async (t) => {
  let isClosed = false
  const finding = await judge(t, (socket) => {
    socket.resume().on('close', () => {
      isClosed = true
    })
  })
  assert.equal(finding.outcome, 'missed')
  await until(() => (isClosed ? true : undefined))
})

test('d110: other content than was stored is a miss', async (t) => {
  const stored = await tcpLiar(t, (socket) => socket.resume())
  const fetched = await tcpLiar(t, (socket) => socket.end('something else'))
  let data = stored
  const finding = await judge(
    t,
    scripted({
      PASV: () => `227 Go (127,0,0,1,${data >> 8},${data & 0xff})`,
      STOR: () => {
        data = fetched
        return '150 Go\r\n226 Stored'
      },
      RETR: '150 Go\r\n226 Sent',
    }),
    { active: false },
  )
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /RETR of the probe file on port \d+ \(passive\): 14 bytes that are not those/)
})

test('an active connection that never comes is a miss', async (t) => {
  const data = await tcpLiar(t, (socket) => socket.resume())
  const finding = await judge(
    t,
    scripted({
      PASV: () => `227 Go (127,0,0,1,${data >> 8},${data & 0xff})`,
      STOR: '150 Go\r\n226 Stored',
      PORT: '200 Noted',
      RETR: '150 Go',
    }),
  )
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /^RETR of the probe file on port \d+ \(active\)/)
})

test('a port that does not speak TLS has missed as FTPS', async (t) => {
  const parts = await loneParts(t)
  const port = await tcpLiar(t, (socket) => socket.end('220 plain\r\n'))
  const finding = await run(ftpsProbe(port, parts))
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /TLS was not agreed on|cut off before TLS/)
})

test('replies are read however they come', async (t) => {
  const [given, { connect }] = [Promise.withResolvers<Socket>(), await import('node:net')]
  const port = await tcpLiar(t, given.resolve)
  const client = connect(port, '127.0.0.1')
  t.after(() => client.destroy())
  const replies = new FtpReplies(client)
  const server = await given.promise
  for (const piece of ['211-Features\r\n PASV\r\n211 is no end: it', '\r\n', '211 End\r\n220 o', 'k\n']) {
    server.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.deepEqual(await replies.next(), { code: 211, text: 'is no end: it' })
  assert.deepEqual(await replies.next(), { code: 211, text: 'End' })
  assert.deepEqual(await replies.next(), { code: 220, text: 'ok' })
})

type Script = Record<string, string | undefined | (() => string)>

/** A server that says what it is told, and otherwise yes; undefined: it hangs up. */
function scripted(script: Script): (socket: Socket) => void {
  const usual: Script = {
    USER: '331 Password',
    PASS: '230 In',
    TYPE: '200 Set',
    DELE: '250 Done',
    QUIT: '221 Bye',
  }
  const all: Script = { ...usual, ...script }
  return (socket) => {
    socket.write('220 Ready\r\n')
    socket.on('data', (bytes) => {
      const verb = bytes.toString('latin1').slice(0, 4).trim()
      const said = all[verb]
      if (verb in all && said === undefined) socket.destroy()
      else socket.write(`${typeof said === 'function' ? said() : (said ?? '500 What?')}\r\n`)
    })
  }
}

async function judge(
  t: TestContext,
  talk: (socket: Socket) => void,
  { active = true } = {},
): Promise<Finding> {
  const parts = await loneParts(t, (config) => {
    config.ftp.explicitTls = false
    config.ftp.active = active
  })
  return run(ftpProbe(await tcpLiar(t, talk), parts))
}
