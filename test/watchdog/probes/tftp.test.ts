import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import type { Finding } from '../../../watchdog/probe.ts'
import { Attempt } from '../../../watchdog/probes/attempt.ts'
import { checkFileName } from '../../../watchdog/probes/names.ts'
import { tftpProbe } from '../../../watchdog/probes/tftp.ts'
import { readOverTftp } from '../../../watchdog/probes/tftp-client.ts'
import { filesOf, inMemory } from '../../support/http.ts'
import { loneParts, run, udpLiar, whyOf } from '../../support/lone-probe.ts'
import { startLossyRelay } from '../../support/lossy-relay.ts'
import { startProbedNode } from '../../support/probed-node.ts'
import { seededBytes } from '../../support/random.ts'
import { openTftp } from '../../support/tftp-door.ts'

test('TFTP is read with and without options, and nothing stays on the disk', async (t) => {
  const { run: runProbe, config } = await startProbedNode(t)
  const finding = await runProbe(/^tftp /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.deepEqual(Object.keys(finding.phases), ['read', 'readWithOptions'])
  assert.deepEqual(readdirSync(join(config.data.folder, 'TFTPdata')), [])
})

test('an address list that keeps the watchdog out is a warning that names the list', async (t) => {
  const { node, run: runProbe } = await startProbedNode(t)
  await node.put('tftp', 'allow_IP.txt', '10.0.0.0/8\n')
  const finding = await runProbe(/^tftp /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(
    finding.warning ?? '',
    /TFTPdata keeps the watchdog out; add 127\.6\.9\.1 to TFTP_allow_IP\.txt/,
  )
})

for (const [what, options] of [
  ['without options', {}],
  ['with options', { blksize: 1_024, tsize: 0 }],
] as const) {
  test(`1 MiB comes whole ${what}`, async (t) => {
    const content = seededBytes(1 << 20, 7)
    const { port } = await openTftp(t, filesOf(inMemory('a.bin', content)))
    const { bytes, granted } = await read(port, 'a.bin', options)
    assert.ok(bytes.equals(content))
    assert.equal(granted?.get('tsize'), 'tsize' in options ? String(content.length) : undefined)
  })
}

test('lost packets are made good, of either side', async (t) => {
  const content = seededBytes(20_480, 8) // a multiple of the block size: the last block is empty
  const { port } = await openTftp(t, filesOf(inMemory('a.bin', content)), { settings: { timeoutMs: 50 } })
  const relay = await startLossyRelay({ port, loss: 0.1, seed: 3 })
  t.after(() => relay.close())
  assert.ok((await read(relay.port, 'a.bin', {}, '127.0.0.1')).bytes.equals(content))
  assert.ok(relay.dropped > 0)
})

const ackOf = (packet: Buffer) => (packet.readUInt16BE(0) === 1 ? 0 : packet.readUInt16BE(2))
const block = (number: number, data: Buffer) => Buffer.concat([Buffer.from([0, 3, 0, number]), data])

type Answer = (asked: Buffer, content: Buffer) => Buffer | undefined
const honest: Answer = (asked, content) => {
  const number = ackOf(asked) + 1
  const from = (number - 1) * 512
  return from > content.length ? undefined : block(number, content.subarray(from, from + 512))
}
const liars: [string, Answer, RegExp][] = [
  ['is silent', () => undefined, /^TFTP \d+ without options: no answer within 1000 ms$/],
  [
    'd110: answers with other content',
    () => block(1, Buffer.from('hello')),
    /TFTP \d+ without options: 5 bytes that are not those of the file; another program/,
  ],
  [
    'has no such file',
    () => Buffer.from('\0\x05\0\x01no \x1b[31mfile\0'),
    /error 1 \(no \\x1b\[31mfile\) after \d+ ms$/,
  ],
  ['sends one byte', () => Buffer.from([0]), /a packet of 1 bytes that is no answer/],
  ['answers with a request', () => Buffer.from('\0\x01x\0octet\0'), /that is no answer/],
  ['sends too large blocks', () => block(1, Buffer.alloc(600)), /a block of 600 bytes instead of 512/],
  [
    'stops in the middle',
    (asked, content) => (ackOf(asked) > 0 ? undefined : honest(asked, content)),
    /no answer within 1000 ms/,
  ],
  [
    'ends too early',
    (asked, content) => (ackOf(asked) === 0 ? block(1, content.subarray(0, 100)) : undefined),
    /100 bytes that are not those of the file/,
  ],
]

for (const [what, answer, sentence] of liars) {
  test(`a door that ${what} has missed`, async (t) => {
    const finding = await judge(t, answer)
    assert.equal(finding.outcome, 'missed')
    assert.match(finding.why, sentence)
  })
}

test('a request that is lost is sent again', async (t) => {
  let lost = false
  const finding = await judge(t, (asked, content) => {
    if (lost) return honest(asked, content)
    lost = true
    return undefined
  })
  assert.equal(finding.outcome, 'ok', whyOf(finding))
})

test('each copy of a block is acknowledged at once: the acknowledgement before was lost', async (t) => {
  const lastCopy = 4
  let copies = 0
  const finding = await judge(t, (asked, content) => {
    if (ackOf(asked) !== 1 || asked.includes('octet') || copies >= lastCopy) return honest(asked, content)
    copies += 1
    return block(1, content.subarray(0, 512))
  })
  assert.equal(finding.outcome, 'ok', whyOf(finding))
})

test('a door that knows no options is ok: it begins with data', async (t) => {
  const finding = await judge(t, honest)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
})

test('a door that tells a wrong size has missed', async (t) => {
  const finding = await judge(t, (asked, content) => {
    if (asked.includes('tsize')) return Buffer.from('\0\x06tsize\x007\0')
    return honest(asked, content)
  })
  assert.match(whyOf(finding), /with options: it said the file has 7 bytes, and it has \d+/)
})

test('an answer from another port, once the transfer has begun, is not heard', async (t) => {
  const finding = await judge(t, honest, true)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
})

async function judge(t: TestContext, answer: Answer, disturbed = false): Promise<Finding> {
  const parts = await loneParts(t)
  const path = join(parts.config.data.folder, 'TFTPdata', checkFileName(parts.token))
  const other = await udpLiar(t, (packet, _from, socket) =>
    socket.send(Buffer.from('\0\x05\0\x01go away\0'), Number(packet.toString()), '127.6.9.1'),
  )
  parts.config.tftp.port = await udpLiar(t, (packet, from, socket) => {
    const reply = answer(packet, readFileSync(path))
    if (reply !== undefined) socket.send(reply, from.port, from.address)
    if (disturbed && ackOf(packet) === 1) socket.send(String(from.port), other, '127.0.0.1')
  })
  return run(tftpProbe(parts))
}

function read(port: number, name: string, options = {}, from = '127.6.9.1') {
  const attempt = new Attempt(systemClock, AbortSignal.timeout(20_000))
  return readOverTftp(attempt, { host: '127.0.0.1', port, from }, name, options)
}
