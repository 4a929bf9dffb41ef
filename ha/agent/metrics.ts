import { Gauge, Registry } from 'prom-client'
import type { NodeView, PairStatus } from './views.ts'

/** Prometheus text, read off the status when it is asked for. */
export class PairMetrics {
  readonly #registry = new Registry()
  readonly contentType = this.#registry.contentType

  constructor(status: () => PairStatus) {
    const gauge = (
      name: string,
      help: string,
      read: (node: NodeView, status: PairStatus) => number | undefined,
    ) => {
      const made = new Gauge({
        name,
        help,
        labelNames: ['node'],
        registers: [], // and not the global one
        collect() {
          this.reset()
          const now = status()
          for (const node of now.nodes) {
            const value = read(node, now)
            if (value !== undefined) this.set({ node: node.name }, value)
          }
        },
      })
      this.#registry.registerMetric(made)
    }
    const flag = (is: boolean) => (is ? 1 : 0)
    gauge('twintone_pair_active', '1: the node has the role.', ({ role }) => flag(role === 'active'))
    gauge('twintone_pair_insync', '1: it has every acknowledged save.', ({ name }, { insync }) =>
      flag(insync.includes(name)),
    )
    gauge('twintone_pair_score', '100: all is well.', ({ score }) => score)
    gauge('twintone_pair_seq', 'Last record of user data on its disk.', ({ seq }) => seq)
    gauge('twintone_pair_seen_seconds', 'How long ago its agent was heard.', ({ seenMs }) =>
      seenMs === undefined ? undefined : seenMs / 1_000,
    )
    gauge('twintone_pair_free_bytes', 'Free on the disk of its data.', ({ freeMb }) =>
      freeMb === undefined ? undefined : freeMb * 1_048_576,
    )
    gauge('twintone_pair_rescued', 'What was set aside at a rejoin.', ({ rescued }) => rescued)
    gauge('twintone_pair_drift', 'Files changed by hand on the standby.', ({ drift }) => drift)
    gauge('twintone_pair_epoch', 'Of the present reign, as this node knows it.', ({ seenMs }, { epoch }) =>
      seenMs === 0 ? epoch : undefined,
    )
    gauge('twintone_pair_etcd_reached', '1: etcd answers this node.', ({ seenMs }, { etcd }) =>
      seenMs === 0 ? flag(etcd.reached) : undefined,
    )
    gauge(
      'twintone_pair_failsafe',
      '1: it serves without etcd, by the promise of the other.',
      ({ seenMs }, { failsafe }) => (seenMs === 0 ? flag(failsafe) : undefined),
    )
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
