import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { hashPassword } from '../../../lib/base/password-hash.ts'
import { discoverProbes } from '../../../watchdog/discover.ts'
import { rarely } from '../../../watchdog/probes/parts.ts'
import { httpRefusalsProbe, passwordProbe, tftpRefusalsProbe } from '../../../watchdog/probes/refusals.ts'
import { listening, loneParts, run, tcpLiar, udpLiar, whyOf } from '../../support/lone-probe.ts'
import { startProbedNode } from '../../support/probed-node.ts'

test('a file server that refuses what it must is ok, over HTTP and TFTP', async (t) => {
  const { run: runProbe, config } = await startProbedNode(t)
  for (const name of ['refusals over http', 'refusals over tftp']) {
    const finding = await runProbe(name)
    assert.equal(finding.outcome, 'ok', whyOf(finding))
  }
  assert.ok(!existsSync(join(config.data.folder, 'HTTPdata', '46xxsettings.txt')))
})

for (const [requireTls, explicitTls] of [
  [true, true],
  [false, false],
] as const) {
  test(`a wrong password of the super user is refused, ${requireTls ? 'over TLS' : 'in the clear'}`, async (t) => {
    const { run: runProbe, node } = await startProbedNode(t, (config) => {
      config.superUser = { ...config.superUser, requireTls, password: passwordHash }
      config.ftp.explicitTls = explicitTls
    })
    const finding = await runProbe('refusals over ftp')
    assert.equal(finding.outcome, 'ok', whyOf(finding))
    assert.equal((await runProbe(/^ftp /)).outcome, 'ok')
    assert.equal(node.fileserver.snapshot().totals.ftp?.requests.refused, 1)
  })
}

test('where everybody is let in as a phone, a wrong password still makes no super user', async (t) => {
  const { run: runProbe } = await startProbedNode(t, (config) => {
    config.superUser.password = passwordHash
    config.userData.ftp = 'open'
  })
  const finding = await runProbe('refusals over ftp')
  assert.equal(finding.outcome, 'ok', whyOf(finding))
})

test('a login that makes a super user is told apart: tried with the right password', async (t) => {
  const token = '0123456789abcdef'
  const right = await hashPassword(token)
  const { config } = await startProbedNode(t, (settings) => {
    settings.superUser.password = right
  })
  const probes = discoverProbes(config, { clock: systemClock, token })
  t.after(() => probes.close())
  const finding = await run(probes.all.find(({ name }) => name === 'refusals over ftp') ?? assert.fail())
  assert.match(whyOf(finding), /A WRONG PASSWORD LETS IN AS SUPER USER/)
})

test('a wrong password is not tried where there is no super user, or none may come from here', async (t) => {
  assert.equal(passwordProbe(await loneParts(t)), undefined)
  const elsewhere = await loneParts(t, (config) => {
    config.superUser = { ...config.superUser, password: passwordHash, networks: ['10.0.0.0/8'] }
  })
  assert.equal(passwordProbe(elsewhere), undefined)
  const noTls = await loneParts(t, (config) => {
    config.superUser.password = passwordHash
    config.ftp = { ...config.ftp, explicitTls: false, implicitTlsPorts: [] }
  })
  assert.equal(passwordProbe(noTls), undefined)
})

test('a file that must never leave, over HTTP, is a miss with a loud sentence', async (t) => {
  const server = createServer((_, response) => response.end('root:x:0:0'))
  const finding = await run(httpRefusalsProbe(await listening(t, server), await loneParts(t)))
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /GET of \/\.\.\/\.\.\/etc\/passwd on port \d+: 200: A FILE THAT MUST NEVER LEAVE/)
})

test('d56: a door that would take settings is a miss, and is not given any', async (t) => {
  let received = 0
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on('checkContinue', (request, response) => {
    request.on('data', (piece: Buffer) => (received += piece.length))
    response.writeContinue()
  })
  const finding = await run(httpRefusalsProbe(await listening(t, server), await loneParts(t)))
  assert.equal(finding.outcome, 'missed')
  assert.match(
    finding.why,
    /PUT of 46xxsettings\.txt on port \d+: 100: ANYBODY MAY REPLACE WHAT PHONES ARE TOLD/,
  )
  assert.equal(received, 0)
})

test('a file outside of the data folders, over TFTP, is a miss', async (t) => {
  const port = await udpLiar(t, (packet, from, socket) => {
    if (packet.readUInt16BE(0) === 1)
      socket.send(Buffer.from('\0\x03\0\x01root:x:0:0'), from.port, from.address)
  })
  const parts = await loneParts(t, (config) => {
    config.tftp.port = port
  })
  assert.match(
    whyOf(await run(tftpRefusalsProbe(parts))),
    /A FILE OUTSIDE OF THE DATA FOLDERS MAY BE FETCHED/,
  )
})

test('a wrong password that lets in as super user is a miss', async (t) => {
  const port = await tcpLiar(t, (socket) => {
    socket.write('220 Ready\r\n')
    const answers: Record<string, string> = { USER: '331 Password', PASS: '230 In', MLST: '250 Facts' }
    socket.on('data', (bytes) =>
      socket.write(`${answers[bytes.toString('latin1').slice(0, 4)] ?? '500 What'}\r\n`),
    )
  })
  const parts = await loneParts(t, (config) => {
    config.superUser = { ...config.superUser, password: passwordHash, requireTls: false }
    config.ftp.port = port
  })
  assert.match(
    whyOf(await run(passwordProbe(parts) ?? assert.fail())),
    /A WRONG PASSWORD LETS IN AS SUPER USER/,
  )
})

test('what is asked rarely is asked again at once as long as it is not well', async () => {
  let [asked, now] = [0, 0]
  const findings = [
    { outcome: 'missed', ms: 1, why: 'no' },
    { outcome: 'ok', ms: 1, phases: {} },
    { outcome: 'ok', ms: 2, phases: {} },
  ] as const
  const probe = rarely(
    {
      name: 'x',
      about: { kind: 'refusal' },
      dependsOn: [],
      run: async () => findings[asked++] ?? assert.fail(),
    },
    1_000,
    { ...systemClock, now: () => now },
  )
  const outcomes = []
  for (const at of [0, 1, 500, 1_001, 1_500]) {
    now = at
    const finding = await run(probe)
    outcomes.push('ms' in finding ? `${finding.outcome} ${finding.ms}` : finding.outcome)
  }
  assert.deepEqual(outcomes, ['missed 1', 'ok 1', 'ok 1', 'ok 2', 'ok 2'])
})

const passwordHash = await hashPassword('a right password')
