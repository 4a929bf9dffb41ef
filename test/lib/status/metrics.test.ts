import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from '../../../lib/status/metrics.ts'
import type { Snapshot } from '../../../lib/status/snapshot.ts'
import { Totals } from '../../../lib/status/totals.ts'
import { parseExposition } from '../../support/exposition.ts'
import { finished, quietNode } from '../../support/snapshot.ts'

function metricsOf(other: Partial<Snapshot> = {}) {
  const totals = new Totals()
  const metrics = new Metrics(() => quietNode({ totals: totals.all(), ...other }))
  const record = (transfer: Parameters<typeof finished>[0]) => {
    totals.record(finished(transfer))
    metrics.record(finished(transfer))
  }
  const read = async () => parseExposition(await metrics.text())
  return { metrics, record, read }
}

test('the text is in the format that Prometheus reads, with help and type before each metric', async () => {
  const { metrics, record, read } = metricsOf()
  record({})
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/)
  const { types, samples } = await read()
  assert.equal(types.get('twintone_requests_total'), 'counter')
  assert.equal(types.get('twintone_transfer_seconds'), 'histogram')
  assert.equal(types.get('twintone_cache_bytes'), 'gauge')
  for (const name of samples.keys()) assert.match(name, /^twintone_/)
})

test('requests, errors, bytes, fallbacks and retries are counted for each protocol', async () => {
  const { record, read } = metricsOf()
  record({ bytes: 100 })
  record({ result: 'stored', bytes: 30 })
  record({ protocol: 'tftp', bytes: 50, retries: 4, fallback: true })
  record({ protocol: 'tftp', result: 'refused', bytes: 0, reason: 'notFound' })
  const { samples } = await read()
  assert.equal(samples.get('twintone_requests_total{protocol="http",result="sent"}'), 1)
  assert.equal(samples.get('twintone_requests_total{protocol="tftp",result="sent"}'), 1)
  assert.equal(samples.get('twintone_requests_total{protocol="tftp",result="refused"}'), 1)
  assert.equal(samples.get('twintone_errors_total{protocol="tftp",reason="notFound"}'), 1)
  assert.equal(samples.get('twintone_requests_total{protocol="http",result="stored"}'), 1)
  assert.equal(samples.get('twintone_bytes_total{protocol="http"}'), 100)
  assert.equal(samples.get('twintone_received_bytes_total{protocol="http"}'), 30)
  assert.equal(samples.get('twintone_bytes_total{protocol="tftp"}'), 50)
  assert.equal(samples.get('twintone_fallbacks_total{protocol="tftp"}'), 1)
  assert.equal(samples.get('twintone_retries_total{protocol="tftp"}'), 4)
})

test('counters only go up, and reading them changes nothing', async () => {
  const { record, read } = metricsOf()
  const name = 'twintone_requests_total{protocol="http",result="sent"}'
  const counts = []
  for (let round = 0; round < 3; round++) {
    record({})
    counts.push((await read()).samples.get(name), (await read()).samples.get(name))
  }
  assert.deepEqual(counts, [1, 1, 2, 2, 3, 3])
})

test('transfer times are counted in buckets, in seconds', async () => {
  const { record, read } = metricsOf()
  for (const ms of [0.5, 50, 3_000, 400_000]) record({ ms })
  const { samples } = await read()
  const bucket = (limit: string) =>
    samples.get(`twintone_transfer_seconds_bucket{le="${limit}",protocol="http"}`)
  assert.deepEqual(['0.001', '0.1', '10', '300', '+Inf'].map(bucket), [1, 2, 3, 3, 4])
  assert.equal(samples.get('twintone_transfer_seconds_count{protocol="http"}'), 4)
  assert.equal(samples.get('twintone_transfer_seconds_sum{protocol="http"}'), 403.0505)
})

test('d72: a label value with quotes, line ends or backslashes cannot forge a line', async () => {
  const { record, read } = metricsOf()
  const reason = 'x"} 1\ntwintone_forged_total{a="\\'
  record({ result: 'broken', reason })
  const { samples } = await read()
  assert(![...samples.keys()].some((name) => name.startsWith('twintone_forged')))
  assert.equal(samples.get(`twintone_errors_total{protocol="http",reason=${JSON.stringify(reason)}}`), 1)
})

test('the state of the node is shown as it is at that moment', async () => {
  const transfer = {
    id: 1,
    protocol: 'tftp',
    address: '10.0.0.1',
    port: 69,
    asked: 'a',
    startedAt: 0,
  } as const
  const { read } = metricsOf({
    active: [{ ...transfer, size: undefined, sent: 0 }],
    slots: { max: 100, used: 7 },
    cache: { files: 2, bytes: 12_345, budgetBytes: 1e6 },
    alarms: [{ subject: 'a', text: 'b', since: new Date(0) }],
    certificates: [30, 12, 300].map((daysLeft) => ({ file: 'c', names: [], validTo: '', daysLeft })),
    process: { pid: 1, memoryBytes: 99, loopLagMs: { p50: 1, p99: 250, max: 300 } },
  })
  const { samples } = await read()
  assert.equal(samples.get('twintone_active_transfers{protocol="tftp"}'), 1)
  assert.equal(samples.get('twintone_active_transfers{protocol="http"}'), 0)
  assert.equal(samples.get('twintone_client_slots_used'), 7)
  assert.equal(samples.get('twintone_client_slots_max'), 100)
  assert.equal(samples.get('twintone_cache_bytes'), 12_345)
  assert.equal(samples.get('twintone_alarms'), 1)
  assert.equal(samples.get('twintone_event_loop_lag_seconds'), 0.25)
  assert.equal(samples.get('twintone_resident_memory_bytes'), 99)
  assert.equal(samples.get('twintone_certificate_days_left'), 12)
})

test('without a certificate there is no number of days', async () => {
  const { samples } = await metricsOf().read()
  assert.equal(samples.get('twintone_certificate_days_left'), Number.NaN)
})

test('two nodes in one process keep their own numbers', async () => {
  const [one, other] = [metricsOf(), metricsOf()]
  one.record({})
  const name = 'twintone_requests_total{protocol="http",result="sent"}'
  assert.equal((await one.read()).samples.get(name), 1)
  assert.equal((await other.read()).samples.get(name), undefined)
})
