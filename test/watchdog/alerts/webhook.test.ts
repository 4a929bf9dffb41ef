import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { webhookChannel } from '../../../watchdog/alerts/webhook.ts'
import { alert } from '../../support/alert.ts'
import { freePort } from '../../support/program.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

async function receiver(t: TestContext, answer: Answer) {
  const requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      requests.push({ method, url, headers, body })
      answer(request, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const bound = server.address()
  return {
    url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/hook`,
    requests,
  }
}

const send = (url: string, authorization = '') =>
  webhookChannel({ url, authorization }).send(alert(), AbortSignal.timeout(20_000))

test('a message is posted as JSON, with the authorization', async (t) => {
  const { url, requests } = await receiver(t, (_, response) => response.writeHead(204).end())
  await send(url, 'Bearer hush')
  const [request] = requests
  assert.equal(request?.method, 'POST')
  assert.equal(request.headers.authorization, 'Bearer hush')
  assert.match(request.headers['content-type'] ?? '', /^application\/json/)
  assert.deepEqual(JSON.parse(request.body), alert())
})

test('another answer than 2xx means that it has not been taken', async (t) => {
  const { url } = await receiver(t, (_, response) => response.writeHead(500).end('x'.repeat(100_000)))
  await assert.rejects(send(url), /^Error: 127\.0\.0\.1:\d+: answered 500$/)
})

test('d103: a redirect is not followed, and nobody else sees the authorization', async (t) => {
  const elsewhere = await receiver(t, (_, response) => response.end())
  const { url } = await receiver(t, (_, response) =>
    response.writeHead(307, { location: elsewhere.url }).end(),
  )
  await assert.rejects(send(url, 'Bearer hush'), /answered 307, a redirect/)
  assert.equal(elsewhere.requests.length, 0)
})

for (const url of ['file:///etc/passwd', 'data:text/plain,x', 'gopher://127.0.0.1/', 'nonsense', '']) {
  test(`d103: ${JSON.stringify(url)} is refused when it is set`, () => {
    assert.throws(() => webhookChannel({ url, authorization: '' }), /^Error: alertWebhook\.url/)
  })
}

test('a URL with a password is refused without repeating it', () => {
  assert.throws(
    () => webhookChannel({ url: 'http://user:hush@127.0.0.1/', authorization: '' }),
    (error: Error) => /alertWebhook\.url/.test(error.message) && !error.message.includes('hush'),
  )
})

test('no error repeats the authorization or what stands in the URL after the host', async (t) => {
  const { url } = await receiver(t, (_, response) => response.writeHead(403).end())
  const tries = [
    send(`${url}/s3cret-path?key=s3cret-key`, 'Bearer s3cret'),
    send(`${url}/s3cret-path`, 'Bearer s3cret\u20ac'),
    send(`${url}/s3cret-path`, 'Bearer s3cret\nx'),
    send('http://127.0.0.1:1/s3cret-path?key=s3cret-key', 's3cret'),
  ]
  for (const outcome of await Promise.allSettled(tries)) {
    assert.equal(outcome.status, 'rejected')
    assert.ok(outcome.reason instanceof Error)
    assert.doesNotMatch(JSON.stringify(outcome.reason, Object.getOwnPropertyNames(outcome.reason)), /s3cret/)
  }
})

test('d114: a dead server is named', async () => {
  await assert.rejects(
    send(`http://127.0.0.1:${await freePort()}/`),
    /^Error: 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
  )
})

test('a port that fetch serves nobody on is said to be one', async () => {
  await assert.rejects(send('http://127.0.0.1:1/'), /^Error: 127\.0\.0\.1:1: fetch failed: bad port$/)
})

test('a server that never answers is left when the try is ended', async (t) => {
  const { url, requests } = await receiver(t, () => cut.abort(new Error('enough')))
  const cut = new AbortController()
  await assert.rejects(webhookChannel({ url, authorization: '' }).send(alert(), cut.signal), /enough/)
  assert.equal(requests.length, 1)
})
