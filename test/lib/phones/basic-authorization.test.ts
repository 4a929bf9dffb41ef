import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBasicAuthorization } from '../../../lib/phones/basic-authorization.ts'

const basic = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`

test('call server and password are what stands before and behind the colon', () => {
  assert.deepEqual(parseBasicAuthorization('Basic MTAuMC4wLjE6MTIzNA=='), {
    callServer: '10.0.0.1',
    password: '1234',
  })
  for (const spelling of [
    'basic MTAuMC4wLjE6MTIzNA==',
    'BASIC   MTAuMC4wLjE6MTIzNA ',
    'Basic MTAuMC4wLjE6MTIzNA=',
  ])
    assert.equal(parseBasicAuthorization(spelling)?.password, '1234', spelling)
})

for (const [text, callServer, password] of [
  ['10.0.0.1:12:34', '10.0.0.1', '12:34'],
  ['CM.Example.com:1234', 'cm.example.com', '1234'],
  ['2001:DB8:0::1:1234', '2001:db8::1', '1234'],
  ['[2001:db8::1]:1234', '2001:db8::1', '1234'],
  ['::ffff:10.0.0.1:1234', '10.0.0.1', '1234'],
  ['10.0.0.1: ', '10.0.0.1', ' '],
  ['10.0.0.1:pässword', '10.0.0.1', 'pässword'],
] as const) {
  test(`"${text}" is ${callServer} and a password`, () => {
    assert.deepEqual(parseBasicAuthorization(basic(text)), { callServer, password })
  })
}

for (const [title, header] of [
  ['nothing', ''],
  ['a scheme without anything', 'Basic'],
  ['an empty proof', 'Basic '],
  ['another scheme', 'Bearer MTAuMC4wLjE6MTIzNA=='],
  ['Digest', 'Digest username="10.0.0.1", realm="Twintone"'],
  ['no Base64', 'Basic 10.0.0.1:1234'],
  ['two of them', 'Basic MTAuMC4wLjE6MTIzNA==, Basic MTAuMC4wLjE6MTIzNA=='],
  ['a line end behind it', 'Basic MTAuMC4wLjE6MTIzNA==\n'],
  ['no colon', basic('10.0.0.1')],
  ['no call server', basic(':1234')],
  ['no password', basic('10.0.0.1:')],
  ['no text', basic(Buffer.from([0x31, 0x3a, 0xff, 0xfe]))],
  ['NUL', basic('10.0.0.1:12\u000034')],
  ['a line end', basic('10.0.0.1:1234\nPATH=/tmp')],
  ['a kilobyte and more', basic(`10.0.0.1:${'1'.repeat(1_024)}`)],
] as const) {
  test(`d61: a header with ${title} proves nothing`, () => {
    assert.equal(parseBasicAuthorization(header), undefined)
  })
}
