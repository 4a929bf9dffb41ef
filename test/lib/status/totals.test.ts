import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Totals } from '../../../lib/status/totals.ts'
import { finished } from '../../support/snapshot.ts'

const none = { sent: 0, unchanged: 0, stored: 0, removed: 0, refused: 0, broken: 0 }

test('requests, bytes, reasons, fallbacks and packets sent again are counted for each protocol', () => {
  const totals = new Totals()
  const { record } = totals
  record(finished({ bytes: 100 }))
  record(finished({ bytes: 50, fallback: true, retries: 3 }))
  record(finished({ result: 'unchanged', bytes: 0 }))
  record(finished({ result: 'refused', bytes: 0, reason: 'notFound' }))
  record(finished({ result: 'refused', bytes: 0, reason: 'notFound' }))
  record(finished({ result: 'broken', bytes: 7, reason: 'timeout', retries: 2 }))
  record(finished({ protocol: 'tftp', bytes: 5 }))
  assert.deepEqual(JSON.parse(JSON.stringify(totals.all())), {
    http: {
      requests: { ...none, sent: 2, unchanged: 1, refused: 2, broken: 1 },
      bytes: 157,
      receivedBytes: 0,
      reasons: { notFound: 2, timeout: 1 },
      fallbacks: 1,
      retries: 5,
    },
    tftp: {
      requests: { ...none, sent: 1 },
      bytes: 5,
      receivedBytes: 0,
      reasons: {},
      fallbacks: 0,
      retries: 0,
    },
  })
})

test('what phones send is counted apart from what is sent to them, also where it broke off', () => {
  const totals = new Totals()
  totals.record(finished({ result: 'stored', bytes: 100, upload: true }))
  totals.record(finished({ result: 'broken', bytes: 20, upload: true, reason: 'the client went away' }))
  totals.record(finished({ result: 'removed', bytes: 0 }))
  totals.record(finished({ result: 'broken', bytes: 3, reason: 'the client went away' }))
  const { requests, bytes, receivedBytes } = totals.of('http')
  assert.deepEqual(requests, { ...none, stored: 1, removed: 1, broken: 2 })
  assert.deepEqual({ bytes, receivedBytes }, { bytes: 3, receivedBytes: 120 })
})

test('a protocol that nobody used has zeros', () => {
  assert.deepEqual(new Totals().of('ftp').requests, none)
})

test('a file that was sent or stored after all has no reason', () => {
  const totals = new Totals()
  totals.record(finished({ result: 'sent', reason: 'forbidden', fallback: true }))
  totals.record(finished({ result: 'stored', reason: 'forbidden' }))
  assert.deepEqual({ ...totals.of('http').reasons }, {})
})

test('reasons are bounded, and none can be mistaken for what every object has', () => {
  const totals = new Totals()
  for (const reason of ['__proto__', 'constructor', 'toString', 'constructor'])
    totals.record(finished({ result: 'refused', reason }))
  assert.deepEqual(Object.entries(totals.of('http').reasons), [
    ['__proto__', 1],
    ['constructor', 2],
    ['toString', 1],
  ])
  for (let reason = 0; reason < 1_000; reason++)
    totals.record(finished({ result: 'broken', reason: `reason ${reason}` }))
  totals.record(finished({ result: 'refused', reason: 'toString' }))
  assert.equal(Object.keys(totals.of('http').reasons).length, 100)
  assert.equal(totals.of('http').reasons['toString'], 2)
  assert.equal(totals.of('http').requests.broken, 1_000)
})
