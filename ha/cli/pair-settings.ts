import { chosenToml } from '../../lib/base/config-docs.ts'
import type { Member } from '../keys/make.ts'
import type { PairPlan } from './pair-plan.ts'

/** The lines of one node's settings file. Both nodes have the same, but for their name and the etcd that is nearest. */
export function settingsFor({ name, address }: Member, plan: PairPlan): string {
  const { cluster, nodes, vip, etcd } = plan
  const isHere = (endpoint: string) =>
    endpoint.startsWith(`${address}:`) || endpoint.startsWith(`[${address}]:`)
  const settings = {
    'node.name': name,
    'pair.enabled': true,
    'pair.cluster': cluster,
    'pair.nodes': nodes,
    'pair.vip': vip,
    ...(plan.interface === '' ? {} : { 'pair.interface': plan.interface }),
    ...(etcd.length === 0
      ? {}
      : {
          'pairEtcd.endpoints': [...etcd.filter(isHere), ...etcd.filter((endpoint) => !isHere(endpoint))],
        }),
  }
  return `# For twintone.toml of ${name} (${address}): put the lines below the headings that the file has already.\n\n${chosenToml(settings)}`
}
