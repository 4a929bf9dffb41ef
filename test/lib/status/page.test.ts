import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Activity } from '../../../lib/status/activity.ts'
import { BootTraces, type BootLine } from '../../../lib/status/boot-traces.ts'
import { answerOf, overviewPage, phonePage, remarksOf } from '../../../lib/status/page.ts'
import type { Snapshot } from '../../../lib/status/snapshot.ts'
import { Totals } from '../../../lib/status/totals.ts'
import { TestClock } from '../../support/clock.ts'
import { finished, quietNode } from '../../support/snapshot.ts'

const hostile = `<script>alert("1")</script><img src=x onerror='alert(2)'>`

const textOf = (page: string) => page.replace(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')

function tracesOf(...transfers: readonly Parameters<typeof finished>[0][]) {
  const traces = new BootTraces(
    { phones: 1_000, boots: 3 },
    { clock: new TestClock(), kindOf: () => 'other' },
  )
  for (const transfer of transfers) traces.record(finished(transfer))
  return traces.list()
}

/** Everything on it that comes from outside is hostile. */
function hostileNode(): Snapshot {
  const totals = new Totals()
  totals.record(finished({ result: 'refused', reason: hostile }))
  const activity = new Activity(new TestClock())
  activity.begin({ protocol: 'http', address: hostile, port: 80, asked: hostile }).sent = 12
  return quietNode({
    node: hostile,
    version: hostile,
    doors: [{ protocol: 'https', address: hostile, port: 411, tls: { profile: hostile, weak: true } }],
    totals: totals.all(),
    active: activity.active(),
    alarms: [{ subject: hostile, text: hostile, since: new Date(0) }],
  })
}

function assertInert(page: string): void {
  assert.doesNotMatch(page, /<script|<img|onerror='/i)
  assert(page.includes('&lt;script&gt;alert(&quot;1&quot;)'), 'it is there to be read')
  // What is left are the tags that we wrote.
  const tags = new Set(Array.from(page.matchAll(/<\/?([a-z0-9]+)/gi), ([, tag = '']) => tag.toLowerCase()))
  const ours = 'html head meta title link body h1 h2 p ul li span table tr th td a'.split(' ')
  assert.deepEqual(
    [...tags].filter((tag) => !ours.includes(tag)),
    [],
  )
}

test('d71, d72: nothing that phones, files or names hold is markup on the overview', () => {
  const phones = tracesOf({
    address: hostile,
    asked: hostile,
    phone: { vendor: hostile, model: hostile, mac: hostile },
  })
  assertInert(overviewPage(hostileNode(), phones, 10))
})

test('d71, d72: nothing that a phone sends is markup on its page', () => {
  const phone = { vendor: hostile, model: hostile, version: hostile, mac: hostile }
  const [trace] = tracesOf({ address: hostile, asked: hostile, detail: hostile, result: 'refused', phone })
  assert(trace !== undefined)
  assertInert(phonePage(trace, 10))
})

test('the overview tells what the node does and what needs attention', () => {
  const totals = new Totals()
  totals.record(finished({ result: 'stored', bytes: 2_000 }))
  totals.record(finished({ result: 'removed', bytes: 0 }))
  totals.record(finished({ protocol: 'tftp', bytes: 8_000_000 }))
  totals.record(finished({ protocol: 'tftp', result: 'refused', bytes: 0, reason: 'notFound' }))
  const page = overviewPage(
    quietNode({
      doors: [
        { protocol: 'http', address: '::', port: 81 },
        { protocol: 'https', address: '::', port: 411, tls: { profile: 'legacy', weak: true } },
      ],
      totals: totals.all(),
      slots: { max: 100, used: 7 },
      alarms: [{ subject: 'address list a', text: 'a cannot be used', since: new Date(2026, 10, 22, 12) }],
    }),
    tracesOf({ asked: 'fw.bin', phone: { model: 'J139' } }),
    10,
  )
  const text = textOf(page)
  assert.match(text, /node-a: 1 alarm /)
  assert.match(text, /Twintone 0\.1\.0, up 1 h 2 min, pid 4711, 80\.0 MB of memory/)
  assert.match(text, /7 of 100 client slots taken/)
  assert.match(text, /Needs attention a cannot be used \(address list a, since 2026-11-22 12:00:00\)/)
  assert.match(text, /http :: 81 https :: 411 legacy \(weak\)/)
  assert.match(text, /protocol sent unchanged stored removed refused broken bytes sent received reasons/)
  assert.match(text, /http 0 0 1 1 0 0 0 B 2\.0 KB tftp 1 0 0 0 1 0 8\.0 MB 0 B notFound 1/)
  assert.match(text, /10\.0\.0\.1 J139 fw\.bin sent \(200\)/)
  assert.match(page, /<meta http-equiv="refresh" content="10" \/>/)
  assert.match(page, /<td class="weak">/)
})

test('a quiet node is serving, and shows no attention where none is needed', () => {
  const text = textOf(overviewPage(quietNode(), [], 10))
  assert.match(text, /node-a: serving/)
  assert.match(text, /0 phones seen/)
  assert.doesNotMatch(text, /Needs attention/)
})

test('a transfer under way shows how far it is', () => {
  const activity = new Activity(new TestClock())
  const transfer = activity.begin({ protocol: 'tftp', address: '10.0.0.7', port: 69, asked: 'fw.bin' })
  transfer.sent = 4_000_000
  assert.match(
    textOf(overviewPage(quietNode({ active: activity.active() }), [], 10)),
    /10\.0\.0\.7 tftp fw\.bin 4\.0 MB /,
  )
  transfer.size = 8_000_000
  assert.match(
    textOf(overviewPage(quietNode({ active: activity.active() }), [], 10)),
    /fw\.bin 4\.0 MB 8\.0 MB/,
  )
})

test('d27: a page shows some hundreds of phones and transfers, however many there are', () => {
  const activity = new Activity(new TestClock())
  for (let number = 0; number < 1_000; number++)
    activity.begin({ protocol: 'tftp', address: '10.0.0.7', port: 69, asked: `active ${number} ` })
  const phones = tracesOf(...Array.from({ length: 999 }, (_, number) => ({ address: `phone ${number}` })))
  const page = overviewPage(quietNode({ active: activity.active() }), phones, 10)
  assert.match(page, /Under way \(1000\)/)
  assert.match(page, /Phones \(999, the last 200 shown\)/)
  assert.equal(page.match(/active \d+ /g)?.length, 200)
  assert.equal(page.match(/href="\/phones\//g)?.length, 200)
})

test('a link to a phone holds its address, whatever characters that has', () => {
  const page = overviewPage(quietNode(), tracesOf({ address: '2001:db8::1' }), 10)
  assert.match(page, /<a href="\/phones\/2001%3Adb8%3A%3A1"\s*>2001:db8::1<\/a/)
})

test('the page of a phone tells its boots, the newest first, with gaps, answers and remarks', () => {
  const clock = new TestClock(1e6)
  const traces = new BootTraces({ phones: 10, boots: 3 }, { clock, kindOf: () => 'other' })
  traces.record(finished({ asked: 'old.txt' }))
  clock.advance(500_000)
  traces.record(finished({ asked: 'new.txt', protocol: 'https', port: 411 }))
  clock.advance(321)
  traces.record(finished({ asked: 'miss.scr', result: 'refused', code: 404, detail: 'there is a miss.txt' }))
  const [trace] = traces.list()
  assert(trace !== undefined)
  const text = textOf(phonePage(trace, 5))
  assert.match(
    text,
    /Boot of .* https 411 new\.txt sent \(200\) .* 321 ms http 81 miss\.scr refused \(404\) .* there is a miss\.txt Boot of .* old\.txt/,
  )
})

test('of a boot with more requests than are kept, their number is told', () => {
  const [trace] = tracesOf(...Array.from({ length: 45 }, () => ({})))
  assert(trace !== undefined)
  assert.match(textOf(phonePage(trace, 5)), /and 5 more requests/)
})

const line: BootLine = {
  at: 0,
  gapMs: 0,
  protocol: 'tftp',
  port: 69,
  asked: 'a',
  result: 'sent',
  code: undefined,
  bytes: 1,
  ms: 1,
  retries: 0,
  again: 0,
  fallback: false,
  detail: undefined,
}

test('remarks tell what is unusual, in a fixed order', () => {
  assert.equal(remarksOf(line), '')
  assert.equal(
    remarksOf({ ...line, again: 2, retries: 5, fallback: true, detail: 'no line holds it' }),
    'asked 3 times; 5 packets sent again; fallback file given; no line holds it',
  )
})

test('an answer is told with its code where the protocol has one', () => {
  assert.equal(answerOf(line), 'sent')
  assert.equal(answerOf({ ...line, result: 'unchanged', code: 304 }), 'unchanged (304)')
})
