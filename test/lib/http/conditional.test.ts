import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planAnswer, type ConditionHeaders, type Plan } from '../../../lib/http/conditional.ts'

const file = { size: 1_000, etag: '0123abcd', changedAt: new Date('2026-11-01T10:20:30.500Z') }
const lastModified = 'Sun, 01 Nov 2026 10:20:30 GMT'
const get = (headers: ConditionHeaders, of = file): Plan => planAnswer('GET', headers, of)

test('a request without conditions gets the whole file', () => {
  assert.deepEqual(get({}), { status: 200 })
})

const conditions: [title: string, headers: ConditionHeaders, status: number][] = [
  ['If-None-Match with our tag', { 'if-none-match': '"0123abcd"' }, 304],
  ['If-None-Match with our tag as a weak one', { 'if-none-match': 'W/"0123abcd"' }, 304],
  ['If-None-Match with our tag in a list', { 'if-none-match': '"x", W/"y" ,"0123abcd"' }, 304],
  ['If-None-Match: *', { 'if-none-match': ' * ' }, 304],
  ['If-None-Match with another tag', { 'if-none-match': '"ffffffff"' }, 200],
  ['If-None-Match with a tag that only contains ours', { 'if-none-match': '"x0123abcd"' }, 200],
  ['If-None-Match without quotes', { 'if-none-match': 'anything' }, 200],
  ['If-Modified-Since with our date', { 'if-modified-since': lastModified }, 304],
  ['If-Modified-Since a second later', { 'if-modified-since': 'Sun, 01 Nov 2026 10:20:31 GMT' }, 304],
  ['If-Modified-Since a second earlier', { 'if-modified-since': 'Sun, 01 Nov 2026 10:20:29 GMT' }, 200],
  [
    'If-Modified-Since in the form of RFC 850',
    { 'if-modified-since': 'Sunday, 01-Nov-26 10:20:30 GMT' },
    304,
  ],
  ['If-Modified-Since in the form of asctime', { 'if-modified-since': 'Sun Nov  1 10:20:30 2026' }, 304],
  ['If-Modified-Since that is no date', { 'if-modified-since': '9999' }, 200],
  [
    'If-Modified-Since beside another tag',
    { 'if-none-match': '"x"', 'if-modified-since': lastModified },
    200,
  ],
]
for (const [title, headers, status] of conditions) {
  test(`${title} is answered ${status}`, () => {
    assert.equal(get(headers).status, status)
  })
}

const ranges: [range: string, plan: Plan][] = [
  ['bytes=0-0', { status: 206, from: 0, length: 1 }],
  ['bytes=0-', { status: 206, from: 0, length: 1_000 }],
  ['bytes=100-199', { status: 206, from: 100, length: 100 }],
  ['bytes=999-', { status: 206, from: 999, length: 1 }],
  ['bytes=990-5000', { status: 206, from: 990, length: 10 }],
  ['bytes=0-99999999999999999999999', { status: 206, from: 0, length: 1_000 }],
  ['bytes=-1', { status: 206, from: 999, length: 1 }],
  ['bytes=-5000', { status: 206, from: 0, length: 1_000 }],
  ['Bytes = 5-9', { status: 206, from: 5, length: 5 }],
  ['bytes=1000-', { status: 416 }],
  ['bytes=1000-1001', { status: 416 }],
  ['bytes=99999999999999999999999-', { status: 416 }],
  ['bytes=-0', { status: 416 }],
  ['bytes=5-4', { status: 200 }],
  ['bytes=-', { status: 200 }],
  ['bytes=', { status: 200 }],
  ['bytes=a-b', { status: 200 }],
  ['bytes=1.5-2', { status: 200 }],
  ['bytes=0x1-2', { status: 200 }],
  ['lines=0-1', { status: 200 }],
  ['bytes=0-1,5-6', { status: 200 }],
  ['bytes=0-,0-,0-,0-', { status: 200 }],
  ['bytes=0-10,5-15', { status: 200 }],
]
for (const [range, plan] of ranges) {
  test(`d63: Range "${range}" of a file of 1,000 bytes is planned as ${plan.status}`, () => {
    assert.deepEqual(get({ range }), plan)
  })
}

test('d63: an empty file has no parts', () => {
  const empty = { ...file, size: 0 }
  assert.deepEqual(get({ range: 'bytes=0-' }, empty), { status: 416 })
  assert.deepEqual(get({ range: 'bytes=-5' }, empty), { status: 200 })
})

const ifRanges: [title: string, ifRange: string, status: number][] = [
  ['our tag', '"0123abcd"', 206],
  ['our tag as a weak one', 'W/"0123abcd"', 200],
  ['another tag', '"ffffffff"', 200],
  ['our date', lastModified, 206],
  ['a later date', 'Sun, 01 Nov 2026 10:20:31 GMT', 200],
  ['nonsense', 'nonsense', 200],
]
for (const [title, ifRange, status] of ifRanges) {
  test(`d63: a range with If-Range: ${title} is answered ${status}`, () => {
    assert.equal(get({ range: 'bytes=0-9', 'if-range': ifRange }).status, status)
  })
}

test('If-Range without a range changes nothing', () => {
  assert.deepEqual(get({ 'if-range': '"ffffffff"' }), { status: 200 })
})

test('a condition comes before the range', () => {
  assert.deepEqual(get({ range: 'bytes=0-9', 'if-none-match': '"0123abcd"' }), { status: 304 })
})

test('HEAD does not know ranges', () => {
  assert.deepEqual(planAnswer('HEAD', { range: 'bytes=0-9' }, file), { status: 200 })
  assert.deepEqual(planAnswer('HEAD', { range: 'bytes=5000-' }, file), { status: 200 })
})
