import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { refusals } from '../../lib/files/refusal.ts'
import { FtpClient } from '../support/ftp.ts'
import { startNode, type TestNode } from '../support/node.ts'
import { startPhones, type FamilyName, type PhoneSpec } from '../support/phone-agent.ts'
import { seededBytes } from '../support/random.ts'

/** A node whose phones are simulated: they answer SNMP on loopback addresses of their own. */
async function nodeWith(t: TestContext, specs: readonly PhoneSpec[]): Promise<TestNode> {
  const { port } = await startPhones(t, specs)
  return startNode(t, (config) => {
    config.snmp.port = port
    config.snmp.timeoutMs = 300
    config.snmp.retries = 1
    config.ftp.maxConnections = 2_000
  })
}

const filesOf = (node: TestNode) => readdirSync(join(node.config.data.folder, 'FTPdata')).toSorted()

/** Logs in from the phone's address as phones do. */
async function logIn(t: TestContext, node: TestNode, address: string): Promise<[FtpClient, string]> {
  const client = await FtpClient.dial(t, node.port('ftp'), address)
  await client.reply()
  await client.ask('USER anonymous')
  return [client, await client.ask('PASS x')]
}

const families: readonly { family: FamilyName; model: string; data: string }[] = [
  { family: '46xx', model: '4621D01A', data: '4620data.txt' },
  { family: '46xx', model: '4610', data: '4610data_sip.txt' },
  { family: '96x0', model: '9630', data: '96xxdata.txt' },
  { family: '16xx', model: '1616', data: '16xxdata.txt' },
  { family: '96x1', model: 'J179D02A', data: '96xxdata.txt' },
]

test('300 phones log in, store and fetch at once, and every file ends under its own extension, byte for byte', async (t) => {
  const phones = Array.from({ length: 300 }, (_, number) => {
    const { family, model, data } = families[number % families.length] ?? families[0]!
    const extension = String(4_000 + number)
    const address = `127.7.${Math.floor(number / 250)}.${1 + (number % 250)}`
    // Half of them leave the extension out, as old firmware does.
    const asked = number % 2 === 0 ? data : `${extension}_${data}`
    return {
      address,
      family,
      model,
      extension,
      asked,
      file: `${extension}_${data}`,
      content: seededBytes(2_000 + number, number),
    }
  })
  const node = await nodeWith(t, phones)

  await Promise.all(
    phones.map(async ({ address, extension, asked, content }) => {
      const [client, welcome] = await logIn(t, node, address)
      assert.match(welcome, new RegExp(`^230.*${extension}`))
      await client.ask('TYPE I')
      assert.match(await client.store(`STOR ${asked}`, content), /^226/)
      const { bytes, replies } = await client.fetch(`RETR ${asked}`)
      assert.match(replies.at(-1) ?? '', /^226/)
      assert.ok(bytes.equals(content), `${extension} got something else back`)
      await client.ask('QUIT')
    }),
  )

  assert.deepEqual(filesOf(node), phones.map(({ file }) => file).toSorted())
  for (const { file, content } of phones)
    assert.ok(readFileSync(join(node.config.data.folder, 'FTPdata', file)).equals(content), file)
})

test('a user who logs in at another phone finds the data there', async (t) => {
  const node = await nodeWith(t, [
    { address: '127.7.3.1', extension: '4711', model: '4620' },
    { address: '127.7.3.2', extension: '4711', model: '4622' },
  ])
  const [one] = await logIn(t, node, '127.7.3.1')
  assert.match(await one.store('STOR 4620data.txt', 'my speed dials'), /^226/)
  const [other] = await logIn(t, node, '127.7.3.2')
  assert.equal((await other.fetch('RETR 4622data.txt')).bytes.toString(), 'my speed dials')
})

test('d41: a phone that does not answer gets 530 with a sentence that helps, and may do nothing', async (t) => {
  const node = await nodeWith(t, [{ address: '127.7.4.1', extension: '4711', behaviour: 'silent' }])
  const [client, answer] = await logIn(t, node, '127.7.4.1')
  assert.match(answer, /^530.*SNMP/)
  for (const command of ['LIST', 'RETR 4711_4620data.txt', 'STOR 4711_4620data.txt', 'DELE x'])
    assert.match(await client.ask(command), /^530/, command)
  assert.deepEqual(filesOf(node), [])
})

for (const extension of ['../../x', '1;rm', '0', '', 'a'.repeat(5_000)]) {
  test(`d43: a phone that says it is ${JSON.stringify(extension.slice(0, 10))} gets 530, and an alarm is raised`, async (t) => {
    const node = await nodeWith(t, [{ address: '127.7.4.3', extension }])
    const [, answer] = await logIn(t, node, '127.7.4.3')
    assert.match(answer, /^530/)
    assert.match(
      node.fileserver
        .snapshot()
        .alarms.map(({ text }) => text)
        .join(),
      /127\.7\.4\.3/,
    )
    assert.deepEqual(filesOf(node), [])
  })
}

test('d42: a phone that stores for another extension is refused, over FTP and HTTP', async (t) => {
  const node = await nodeWith(t, [{ address: '127.7.4.4', extension: '4711', family: '96x0' }])
  const [client] = await logIn(t, node, '127.7.4.4')
  assert.match(await client.store('STOR 4712_4620data.txt', 'x'), /^55\d/)
  assert.equal(await put(node, '127.7.4.4', '4712_96xxdata.txt', 'x'), refusals.forbidden.http)
  assert.equal(await put(node, '127.7.4.4', '4711_96xxdata.txt', 'mine'), 201)
  assert.deepEqual(filesOf(node), ['4711_96xxdata.txt'])
})

test('d44: answers from elsewhere, of another question or too late let nobody in', async (t) => {
  const node = await nodeWith(t, [
    { address: '127.7.5.1', extension: '1001', behaviour: { fromAddress: '127.7.5.9' } },
    { address: '127.7.5.2', extension: '1002', behaviour: 'another id' },
    { address: '127.7.5.3', extension: '1003', behaviour: 'from another port' },
    { address: '127.7.5.4', extension: '1004', behaviour: { lateMs: 3_000 } },
  ])
  for (const last of [1, 2, 3, 4]) {
    const [, answer] = await logIn(t, node, `127.7.5.${last}`)
    assert.match(answer, /^530/, `127.7.5.${last}`)
  }
})

async function put(node: TestNode, from: string, name: string, content: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const options = {
    host: '127.0.0.1',
    port: node.port('http'),
    path: `/${name}`,
    method: 'PUT',
    localAddress: from,
  }
  request({ ...options, headers: { 'Content-Length': content.length } }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode ?? 0))
  })
    .on('error', reject)
    .end(content)
  return promise
}
