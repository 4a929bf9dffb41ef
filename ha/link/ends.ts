import type { Config } from '../../lib/base/config.ts'
import type { Endpoint } from './datagrams.ts'

type End = Endpoint & { name: string }

/**
 * This node and the other one, as pair.nodes has them.
 * @param name of this node: node.name, or the host name
 * @throws Error that says what is wrong with the settings
 */
export function endsOf(name: string, { nodes, agentPort }: Config['pair']): { local: End; remote: End } {
  const names = nodes.map((node) => node.name)
  const own = nodes.find((node) => node.name === name)
  const others = nodes.filter((node) => node.name !== name)
  const [other] = others
  if (own === undefined || other === undefined || others.length > 1) {
    throw new Error(
      `pair.nodes: needs this node, "${name}", and another one, not ${names.length === 0 ? 'none' : names.join(', ')}; its names are those of node.name`,
    )
  }
  return { local: { ...own, port: agentPort }, remote: { ...other, port: agentPort } }
}
