import { Gauge, Registry } from 'prom-client'
import type { ChannelStatus } from './alerts/telling.ts'
import type { View } from './supervision.ts'

/** Prometheus text, read off the view when it is asked for. */
export class WatchdogMetrics {
  readonly #registry = new Registry()
  readonly contentType = this.#registry.contentType

  constructor(view: () => View, channels: () => readonly ChannelStatus[]) {
    const gauge = (
      name: string,
      help: string,
      label: string,
      read: (set: (of: string, value: number) => void) => void,
    ) => {
      const made = new Gauge({
        name,
        help,
        labelNames: [label],
        registers: [], // and not the global one
        collect() {
          this.reset()
          read((of, value) => this.set({ [label]: of }, value))
        },
      })
      this.#registry.registerMetric(made)
    }
    gauge('twintone_probe_up', '1: well; 0: down; 0.5: neither.', 'probe', (set) => {
      for (const { name, state } of view().probes) set(name, state === 'ok' ? 1 : state === 'down' ? 0 : 0.5)
    })
    gauge('twintone_probe_misses', 'Misses that count now.', 'probe', (set) => {
      for (const { name, counter } of view().probes) set(name, counter)
    })
    gauge('twintone_probe_seconds', 'Time of the last answer.', 'probe', (set) => {
      for (const { name, last } of view().probes)
        if (last?.finding.outcome === 'ok') set(name, last.finding.ms / 1_000)
    })
    gauge('twintone_incidents_open', 'Open incidents.', 'severity', (set) => {
      for (const severity of ['warning', 'critical'])
        set(severity, view().open.filter((incident) => incident.severity === severity).length)
    })
    gauge('twintone_alerts_waiting', 'Messages that wait for their receiver.', 'way', (set) => {
      for (const { name, waiting } of channels()) set(name, waiting)
    })
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
