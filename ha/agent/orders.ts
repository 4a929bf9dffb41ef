import { randomUUID } from 'node:crypto'
import type { Clock } from '../../lib/base/clock.ts'
import type { Etcd, Put } from '../etcd/etcd.ts'
import { parseHandover, type Keys } from '../etcd/keys.ts'
import { whyNoHandOver, whyNoTaker } from '../role/leaving.ts'
import type { Agent } from './agent.ts'
import type { Claimed } from './claims.ts'
import type { Events } from './events.ts'
import type { PairStatus } from './views.ts'

/** Who asks for a change, and what for. */
interface Asked {
  by: string
  why: string
}

/** An order that is not carried out, and why. */
export class OrderRefused extends Error {}

export interface OrdersParts {
  etcd: Etcd
  keys: Keys
  agent: Agent
  clock: Clock
  me: string
  other: string
  status: () => PairStatus
  events: Pick<Events, 'add'>
}

/** An order that the active node has not seen after so long is forgotten. */
const orderSeconds = 5
const unheardMs = 3_000

/**
 * What administrators want done. Whatever concerns the active node goes by way of etcd, so that any node may be asked.
 * Orders throw OrderRefused, or EtcdUnavailable.
 */
export class Orders {
  readonly #parts: OrdersParts
  #carriedOut = ''

  constructor(parts: OrdersParts) {
    this.#parts = parts
  }

  async handOver(order: Asked & { to?: string; drainMs: number; dryRun: boolean }): Promise<object> {
    const { active, epoch, nodes } = this.#parts.status()
    if (active === undefined) throw new OrderRefused('no node is active, so there is nothing to hand over')
    const to = order.to ?? nodes.find(({ name }) => name !== active)?.name
    if (to === undefined || !nodes.some(({ name }) => name === to))
      throw new OrderRefused(
        `there is no node ${to}; there are ${nodes.map(({ name }) => name).join(' and ')}`,
      )
    if (to === active) throw new OrderRefused(`${to} is active already`)
    const no = this.#whyNo(to)
    if (no !== undefined) throw new OrderRefused(no)
    const why = `planned by ${order.by}: ${order.why}`
    if (!order.dryRun) await this.#ask({ id: randomUUID(), to, drainMs: order.drainMs, why })
    return { ok: true, why, before: { active, epoch }, after: { active: to } }
  }

  /** An order may lie in etcd for the active node, which finds it with its next renewal. */
  seen({ handover }: Claimed): void {
    const { agent, etcd, keys } = this.#parts
    if (agent.state.role.name !== 'active') return
    const order = parseHandover(handover ?? '')
    if (order === undefined || order.id === this.#carriedOut) return
    this.#carriedOut = order.id
    agent.happen({ type: 'hand over', to: order.to, drainMs: order.drainMs, why: order.why })
    void etcd.txn({ compares: [], puts: [], deletes: [keys.handover], reads: [] }).catch(() => {}) // it ends by itself
  }

  async force({ by, why, dryRun }: Asked & { dryRun: boolean }): Promise<object> {
    const { agent, me, other, status } = this.#parts
    const { active, insync, nodes } = status()
    if (active === other)
      throw new OrderRefused(`${other} is active and answers; hand over as planned, without --force`)
    if (active === me) throw new OrderRefused(`${me} is active already`)
    const own = nodes.find(({ name }) => name === me)
    const last = nodes.find(({ name }) => name === other)
    const mayBeLost = {
      complete: insync.includes(me),
      lastSeq: own?.seq ?? 0,
      ...(last?.seq === undefined ? {} : { behindBy: Math.max(0, last.seq - (own?.seq ?? 0)) }),
    }
    if (!dryRun) agent.happen({ type: 'force', by, why })
    return { ok: true, why: `forced by ${by}: ${why}`, mayBeLost }
  }

  async pause({ by, why, minutes }: Asked & { minutes: number }): Promise<object> {
    const { etcd, keys, clock } = this.#parts
    if (!(minutes > 0 && minutes <= 1_440)) throw new OrderRefused('a pause lasts from 1 minute to 24 hours')
    const lease = await etcd.grantLease(Math.ceil(minutes * 60))
    const untilMs = clock.wallTime().getTime() + minutes * 60_000
    await this.#write([{ key: keys.pause, value: JSON.stringify({ by, why, untilMs }), lease }])
    return { paused: true, until: new Date(untilMs).toISOString() }
  }

  async resume(): Promise<object> {
    await this.#write([], [this.#parts.keys.pause])
    return { paused: false }
  }

  async takeOut({ node, by, why }: Asked & { node: string }): Promise<object> {
    this.#checkNode(node)
    if (this.#parts.status().active === node)
      throw new OrderRefused(`${node} is active; hand over first (ha failover), then take it out of service`)
    await this.#write([{ key: this.#parts.keys.standby(node), value: JSON.stringify({ by, why }) }])
    return { node, onStandby: true }
  }

  async putBack({ node }: { node: string }): Promise<object> {
    this.#checkNode(node)
    await this.#write([], [this.#parts.keys.standby(node)])
    return { node, onStandby: false }
  }

  /** For the file server: the other node has every acknowledged save, or has not. */
  async changeInsync({ op, node, why }: { op: 'add' | 'remove'; node: string; why: string }) {
    this.#checkNode(node)
    const { agent, events } = this.#parts
    const wasIn = agent.state.record?.insync?.nodes.includes(node) === true
    const insync = await agent.changeInsync((nodes) => {
      const others = nodes.filter((name) => name !== node)
      return op === 'add' ? [...others, node] : others
    })
    if (insync === undefined) throw new OrderRefused('this node is not active any more')
    if (op === 'add' && !wasIn) events.add('note', agent.epoch, `${node} is in sync again: ${why}`)
    if (op === 'remove' && wasIn) events.add('trouble', agent.epoch, `${node} is no longer in sync: ${why}`)
    return { insync }
  }

  #checkNode(node: string): void {
    const { me, other } = this.#parts
    if (node !== me && node !== other)
      throw new OrderRefused(`there is no node ${node}; there are ${me} and ${other}`)
  }

  /** What speaks against a planned hand-over, as far as this node can see. */
  #whyNo(to: string): string | undefined {
    const { agent, status } = this.#parts
    const { state } = agent
    const no = state.role.name === 'active' ? whyNoHandOver(state, to) : whyNoTaker(state.record, to)
    return no ?? whyNotReady(status(), to)
  }

  async #ask(order: { id: string; to: string; drainMs: number; why: string }): Promise<void> {
    const { agent, etcd, keys } = this.#parts
    if (agent.state.role.name === 'active') return agent.happen({ type: 'hand over', ...order })
    const lease = await etcd.grantLease(orderSeconds)
    await this.#write([{ key: keys.handover, value: JSON.stringify(order), lease }])
  }

  async #write(puts: Put[], deletes: string[] = []): Promise<void> {
    await this.#parts.etcd.txn({ compares: [], puts, deletes, reads: [] })
  }
}

function whyNotReady({ nodes }: PairStatus, to: string): string | undefined {
  const node = nodes.find(({ name }) => name === to)
  if (node?.seenMs === undefined || node.seenMs > unheardMs) return `${to} was not heard of lately`
  return node.complete ? undefined : `${to} has not yet fetched all files of the active node`
}
