import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOddRequest } from '../../../lib/http/control-bytes.ts'

const userAgent = 'AVAYA/SIP12x0\x17/04.00.04.00'

test('a GET with a control byte in its User-Agent is read, and the byte survives', () => {
  const packet = `GET /1220SIP.cfg HTTP/1.1\r\nHost: 10.1.2.3\r\nuser-agent: ${userAgent} \r\n\r\n`
  assert.deepEqual(parseOddRequest(packet), {
    method: 'GET',
    target: '/1220SIP.cfg',
    httpVersion: '1.1',
    headers: Object.assign(Object.create(null), { host: '10.1.2.3', 'user-agent': userAgent }),
  })
})

test('HEAD and HTTP/1.0 are read too', () => {
  const odd = parseOddRequest(`HEAD /a HTTP/1.0\r\nUser-Agent: ${userAgent}\r\n\r\n`)
  assert.equal(odd?.method, 'HEAD')
  assert.equal(odd.httpVersion, '1.0')
})

const agent = `User-Agent: ${userAgent}\r\n`
const refused: [title: string, packet: string][] = [
  ['a part of a request', `GET /a HTTP/1.1\r\n${agent}`],
  ['a second request behind it', `GET /a HTTP/1.1\r\n${agent}\r\nGET /b HTTP/1.1\r\n\r\n`],
  ['an empty line before it', `\r\nGET /a HTTP/1.1\r\n${agent}\r\n`],
  ['another method', `PUT /a HTTP/1.1\r\n${agent}\r\n`],
  ['another version', `GET /a HTTP/2.0\r\n${agent}\r\n`],
  ['bare LF', `GET /a HTTP/1.1\n${agent}\r\n`],
  ['bare LF in a value', `GET /a HTTP/1.1\r\nX: a\nY: b\r\n${agent}\r\n`],
  ['bare CR in the User-Agent', 'GET /a HTTP/1.1\r\nUser-Agent: a\rb\r\n\r\n'],
  ['NUL in the User-Agent', 'GET /a HTTP/1.1\r\nUser-Agent: a\0b\r\n\r\n'],
  ['a folded line', `GET /a HTTP/1.1\r\n${agent} more\r\n\r\n`],
  ['a control byte elsewhere', `GET /a HTTP/1.1\r\nX: a\x17b\r\n${agent}\r\n`],
  ['a control byte in the target', `GET /a\x17 HTTP/1.1\r\n${agent}\r\n`],
  ['a space before the colon', `GET /a HTTP/1.1\r\nX : b\r\n${agent}\r\n`],
  ['a line without a colon', `GET /a HTTP/1.1\r\nX\r\n${agent}\r\n`],
  ['a length', `GET /a HTTP/1.1\r\n${agent}Content-Length: 0\r\n\r\n`],
  ['an encoding', `GET /a HTTP/1.1\r\n${agent}transfer-encoding: chunked\r\n\r\n`],
  ['a header that is too long', `GET /${'a'.repeat(16_384)} HTTP/1.1\r\n${agent}\r\n`],
  ['a header twice', `GET /a HTTP/1.1\r\nX: a\r\nx: b\r\n${agent}\r\n`],
]
for (const [title, packet] of refused) {
  test(`d62: with a control byte in the User-Agent, ${title} stays refused`, () => {
    assert.equal(parseOddRequest(packet), undefined)
  })
}
