import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { perProtocol, protocols, type Protocol } from '../base/protocol.ts'
import type { TransferListener } from './activity.ts'
import type { Snapshot } from './snapshot.ts'

interface Observer {
  observe(seconds: number): void
}

const transferSeconds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300]

/** Prometheus text (exposition format 0.0.4). Counters are read off the totals at scrape time, not kept twice. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #seconds: Record<Protocol, Observer>
  readonly contentType = this.#registry.contentType

  constructor(snapshot: () => Snapshot) {
    const seconds = new Histogram({
      name: 'twintone_transfer_seconds',
      help: 'Time from request to end of the transfer.',
      labelNames: ['protocol'],
      buckets: transferSeconds,
      registers: [this.#registry],
    })
    this.#seconds = perProtocol((protocol) => seconds.labels({ protocol }))
    this.#addTotals(snapshot)
    this.#addState(snapshot)
  }

  readonly record: TransferListener = ({ protocol, ms }) => this.#seconds[protocol].observe(ms / 1000)

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  #addTotals(snapshot: () => Snapshot): void {
    const counter = (
      name: string,
      help: string,
      label: string | undefined,
      read: (add: (labels: Record<string, string>, value: number) => void) => void,
    ) =>
      new Counter({
        name,
        help,
        labelNames: label === undefined ? ['protocol'] : ['protocol', label],
        registers: [this.#registry],
        collect() {
          this.reset()
          read((labels, value) => this.inc(labels, value))
        },
      })
    const each = () => Object.entries(snapshot().totals)
    counter('twintone_requests_total', 'Requests by outcome.', 'result', (add) => {
      for (const [protocol, { requests }] of each())
        for (const [result, count] of Object.entries(requests)) add({ protocol, result }, count)
    })
    counter('twintone_errors_total', 'Requests refused or broken, by reason.', 'reason', (add) => {
      for (const [protocol, { reasons }] of each())
        for (const [reason, count] of Object.entries(reasons)) add({ protocol, reason }, count)
    })
    counter('twintone_bytes_total', 'Bytes of files sent.', undefined, (add) => {
      for (const [protocol, { bytes }] of each()) add({ protocol }, bytes)
    })
    counter('twintone_received_bytes_total', 'Bytes of files taken from phones.', undefined, (add) => {
      for (const [protocol, { receivedBytes }] of each()) add({ protocol }, receivedBytes)
    })
    counter('twintone_fallbacks_total', 'Refused phones given a fallback file.', undefined, (add) => {
      for (const [protocol, { fallbacks }] of each()) add({ protocol }, fallbacks)
    })
    counter('twintone_retries_total', 'Packets sent again.', undefined, (add) => {
      for (const [protocol, { retries }] of each()) add({ protocol }, retries)
    })
  }

  #addState(snapshot: () => Snapshot): void {
    const gauge = (name: string, help: string, read: (now: Snapshot) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read(snapshot()))
        },
      })
    const transfersNow = new Gauge({
      name: 'twintone_active_transfers',
      help: 'Transfers under way.',
      labelNames: ['protocol'],
      registers: [], // and not the global one, which all nodes of a process would share
      collect() {
        const { active } = snapshot()
        for (const protocol of protocols)
          this.set({ protocol }, active.filter((transfer) => transfer.protocol === protocol).length)
      },
    })
    this.#registry.registerMetric(transfersNow)
    gauge('twintone_client_slots_used', 'Phone addresses that hold a slot.', ({ slots }) => slots.used)
    gauge('twintone_client_slots_max', 'Slots there are; 0 is unlimited.', ({ slots }) => slots.max)
    gauge('twintone_cache_bytes', 'File contents held in memory.', ({ cache }) => cache.bytes)
    gauge('twintone_alarms', 'Alarms raised now.', ({ alarms }) => alarms.length)
    gauge(
      'twintone_event_loop_lag_seconds',
      'Event-loop lag, 99th percentile of the last minute.',
      (now) => now.process.loopLagMs.p99 / 1000,
    )
    gauge(
      'twintone_resident_memory_bytes',
      'Resident memory of the file server.',
      (now) => now.process.memoryBytes,
    )
    gauge('twintone_certificate_days_left', 'Days until the first certificate ends.', ({ certificates }) =>
      certificates.length === 0 ? Number.NaN : Math.min(...certificates.map(({ daysLeft }) => daysLeft)),
    )
  }
}
