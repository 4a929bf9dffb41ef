import { z } from 'zod'
import { address, milliseconds, port, secret } from './fields.ts'

/** Two nodes, one address: who they are, where they vote, how fast they notice. */

const nodeOfPair = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,63}$/)
    .meta({ allowed: 'letters, digits, _ and -' })
    .describe('Its node.name.'),
  address: address.describe('Address at which the other node reaches it.'),
})

export const pair = z.strictObject({
  enabled: z.boolean().default(false).describe('This node is one of two.'),
  cluster: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,63}$/)
    .meta({ allowed: 'letters, digits, _ and -' })
    .default('twintone')
    .describe('Name of the pair; pairs that share an etcd have different ones.'),
  folder: z
    .string()
    .min(1)
    .default('/etc/twintone/pair')
    .describe("Folder of the pair's certificates and its secret, as `ha init` makes it."),
  nodes: z.array(nodeOfPair).max(2).default([]).describe('Both nodes.'),
  vip: z.array(address).max(8).default([]).describe('Floating addresses: the active node has all of them.'),
  interface: z.string().max(15).default('').describe('Network interface that gets the floating addresses.'),
  agentPort: port.default(6_095).describe('UDP port on which the agents talk to each other.'),
  replicaPort: port
    .default(6_096)
    .describe(
      'TCP port on which the standby fetches what phones saved (TLS, both sides prove who they are).',
    ),
  mirrorPort: port
    .default(6_098)
    .describe(
      'TCP port on which the standby fetches what administrators laid into the folders of the active node (TLS, both sides prove who they are).',
    ),
  logFile: z
    .string()
    .default('/var/log/twintone/agent.log')
    .describe("The agent's log file, by the rules of section log. Empty: none."),
  healthPort: z
    .int()
    .min(0)
    .max(65_535)
    .default(6_097)
    .describe('TCP port for /healthz and /metrics of the agent, for load balancers and Prometheus. 0: none.'),
  healthAddress: address.default('127.0.0.1').describe('Local address of that port.'),
  durability: z
    .enum(['available', 'strict'])
    .default('available')
    .describe(
      'When the other node is gone. available: what phones save is stored on this one alone, with an alarm; strict: it is refused.',
    ),
  replicateMs: milliseconds
    .default(500)
    .describe(
      'How long the standby may take to store what a phone saved, before the pair goes on without it.',
    ),
  mirrorSeconds: z
    .number()
    .min(1)
    .default(5)
    .describe(
      'How often files that administrators lay into the folders are looked for, to bring them to the standby.',
    ),
  mirrorMbitPerSecond: z
    .number()
    .min(0)
    .default(200)
    .describe('Bandwidth for bringing large files to the standby, in Mbit/s. 0: all there is.'),
  preferred: z
    .string()
    .default('')
    .describe('Node that shall be active when both can. Empty: whichever is, stays.'),
  failbackMinutes: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'How long the preferred node must have been well before it takes over again, as planned. 0: never by itself.',
    ),
  gateway: z
    .union([address, z.literal('')])
    .meta({ allowed: 'an address, or empty' })
    .default('')
    .describe(
      'Router that both nodes should reach; a node that does not yields to one that does. Empty: not looked at.',
    ),
  pingTargets: z.array(address).max(8).default([]).describe('Further addresses, looked at in the same way.'),
  freeMb: z
    .int()
    .min(0)
    .default(100)
    .describe('A node with less free disk space, in MiB, yields to one with more.'),
})

export const pairEtcd = z.strictObject({
  endpoints: z
    .array(z.string().regex(/^\S+:\d{1,5}$/))
    .default([])
    .describe('The etcd members, host:port, nearest first: one on each node, and a third elsewhere.'),
  ca: z.string().default('').describe('Authority of their certificates, PEM. Empty: no TLS.'),
  certificate: z.string().default('').describe('Certificate that this node shows them, PEM. Empty: none.'),
  key: z.string().default('').describe('Its key, PEM.'),
  user: z.string().default('').describe('User at etcd. Empty: none.'),
  password: secret.default('').describe('Its password.'),
  keepLeaderAway: z
    .boolean()
    .default(true)
    .describe("Move etcd's own leader off the active node, so that both are not lost at once."),
})

export const pairTiming = z.strictObject({
  renewMs: milliseconds.default(250).describe('How often the active node renews its claim.'),
  etcdMs: milliseconds.default(250).describe('How long one question to etcd may take.'),
  deadlineMs: milliseconds
    .default(900)
    .describe('The active node stops serving this long after it asked for its last confirmed renewal.'),
  lifetimeSeconds: z
    .int()
    .min(1)
    .default(1)
    .describe(
      'The kernel drops the floating address this long after the last renewal, even if nothing of ours runs any more.',
    ),
  observeMs: milliseconds
    .default(1_650)
    .describe('The standby takes over when it has seen no renewal for this long.'),
})

export const pairHooks = z.strictObject({
  vip: z
    .string()
    .default('')
    .describe(
      'Program that moves the floating addresses: acquire, renew, release or check. Empty: vip-linux of the package.',
    ),
  vipMs: milliseconds.default(1_000).describe('Time limit of that program.'),
  role: z
    .string()
    .default('')
    .describe(
      'Program run when the role changes, told by TWINTONE_ROLE, TWINTONE_EPOCH, TWINTONE_NODE, TWINTONE_WHY. Empty: none.',
    ),
  roleMs: milliseconds.default(10_000).describe('Time limit of that program; nothing waits for it.'),
})

export const pairDrill = z.strictObject({
  plannedGapMs: milliseconds
    .default(200)
    .describe('Longest gap that a planned change of the active node may leave.'),
  failureGapMs: milliseconds.default(3_000).describe('Longest gap that a failure may leave.'),
})
