import { hostname } from 'node:os'
import { join } from 'node:path'
import { Agent } from '../ha/agent/agent.ts'
import { Claims } from '../ha/agent/claims.ts'
import { doorsFault } from '../ha/agent/doors.ts'
import { Events } from '../ha/agent/events.ts'
import { FileserverLink } from '../ha/agent/fileserver.ts'
import { Health, type Facts } from '../ha/agent/health.ts'
import { HealthServer } from '../ha/agent/health-server.ts'
import { Chronicle } from '../ha/agent/chronicle.ts'
import { KnownFile } from '../ha/agent/known.ts'
import { Lease } from '../ha/agent/lease.ts'
import { Orders } from '../ha/agent/orders.ts'
import { OtherNode } from '../ha/agent/other-node.ts'
import { RaftLeader } from '../ha/agent/raft-leader.ts'
import { ReignFile, reignPath } from '../ha/agent/reign-file.ts'
import { Registration } from '../ha/agent/registration.ts'
import { RoleHook } from '../ha/agent/role-hook.ts'
import { agentRoutes } from '../ha/agent/routes.ts'
import { ownView, pairStatus } from '../ha/agent/status.ts'
import type { PairStatus } from '../ha/agent/views.ts'
import { Yielding } from '../ha/agent/yielding.ts'
import { Etcd, type Change } from '../ha/etcd/etcd.ts'
import type { PairKeys } from '../ha/keys/load.ts'
import { endsOf } from '../ha/link/ends.ts'
import { Link } from '../ha/link/link.ts'
import { vipSettings } from '../ha/vip/settings.ts'
import { Vip } from '../ha/vip/vip.ts'
import { Alarms } from '../lib/base/alarms.ts'
import { systemClock } from '../lib/base/clock.ts'
import type { Component } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import { controlSocket, controlSocketPath } from '../lib/base/control-socket.ts'
import type { Log } from '../lib/base/log.ts'
import { timingOf } from '../lib/base/settings/pair-timing.ts'
import { version } from './version.ts'

export interface AgentAssembly {
  /** In the order they start. */
  parts: Component[]
  agent: Agent
  status: () => PairStatus
}

/** A question to etcd is asked of a second member after this share of its time. */
const hedgeShare = 0.3

/** Wires the agent of a pair. Nothing is started. @throws Error when etcd's certificates cannot be read */
export async function assembleAgent(config: Config, keys: PairKeys, log: Log): Promise<AgentAssembly> {
  const clock = systemClock
  const alarms = new Alarms({ clock, log })
  const name = config.node.name || hostname()
  const { local, remote } = endsOf(name, config.pair)
  const timing = timingOf(config.pairTiming)
  const folder = join(config.data.folder, '.state', 'pair')
  const { etcdMs: timeoutMs } = timing
  const etcd = await Etcd.open(
    { ...config.pairEtcd, timeoutMs, hedgeMs: hedgeShare * timeoutMs },
    { clock, log },
  )
  const claims = new Claims(etcd, { cluster: config.pair.cluster, me: name, other: remote.name })
  const lease = new Lease(etcd, { clock, log })
  const link = new Link({ local, remote, cluster: keys.uuid, secret: keys.secret, clock, log })
  const fileserver = new FileserverLink(controlSocketPath(config.run.folder, 'fileserver'))
  const events = new Events({ clock, log, node: name, path: join(folder, 'events.jsonl') })
  const vip = new Vip(vipSettings(config), {
    clock,
    log,
    alarms,
    onDuplicate: (address, mac) =>
      events.add(
        'trouble',
        agent.epoch,
        `${address} is also claimed by ${mac}: another machine has the floating address`,
      ),
  })
  const { role: program, roleMs } = config.pairHooks
  const roleHook = new RoleHook({ program, timeoutMs: roleMs, node: name }, log)

  let facts: Facts = {}
  const own = () =>
    ownView({
      address: local.address,
      version,
      state: agent.state,
      nowMs: clock.now(),
      timing,
      facts,
      fileserver: fileserver.view,
    })
  const registration = new Registration(
    { me: name, other: remote.name, address: local.address, uuid: keys.uuid, keys: claims.keys },
    { etcd, lease, file: new KnownFile(join(folder, 'known.json')), clock, log, view: own, onRefuse },
  )
  const otherNode = new OtherNode(remote, { link, clock, own, registered: () => registration.other })
  const raftLeader = new RaftLeader({
    etcd,
    clock,
    log,
    isActive: () => agent.state.role.name === 'active',
    isHere: (endpoint) => endpoint.startsWith(`${local.address}:`),
    keepAway: config.pairEtcd.keepLeaderAway,
  })
  const reignFile = new ReignFile(reignPath(config.run.folder))
  const chronicle = new Chronicle(etcd, claims.keys, clock)
  const agent: Agent = new Agent(
    { me: name, other: remote.name, timing },
    {
      clock,
      log,
      claims,
      lease,
      vip,
      link,
      fileserver,
      events,
      check: (claimed) => {
        orders.seen(claimed)
        return registration.check({ clusterId: claimed.clusterId, revision: claimed.record.revision })
      },
      onRole(role, why) {
        if (role.name === 'active') reignFile.write(role)
        else reignFile.remove()
        roleHook.tell(role.name, agent.epoch, why)
      },
    },
  )
  function onRefuse(why: string): void {
    agent.happen({ type: 'refuse', why })
  }
  function onLeaderKey({ value, modRevision }: Change): void {
    if (value !== undefined) agent.happen({ type: 'seen', leaderRevision: modRevision })
  }
  const status = (): PairStatus =>
    pairStatus({
      cluster: config.pair.cluster,
      uuid: keys.uuid,
      addresses: config.pair.vip,
      state: agent.state,
      nowMs: clock.now(),
      timing,
      members: raftLeader.members,
      lastReign: chronicle.last,
      own: own(),
      other: otherNode.view(),
    })
  const orders = new Orders({
    etcd,
    keys: claims.keys,
    agent,
    clock,
    me: name,
    other: remote.name,
    status,
    events,
  })
  const health = new Health(
    {
      folder,
      interface: config.pair.interface,
      targets: [config.pair.gateway, ...config.pair.pingTargets].filter((target) => target !== ''),
      freeMb: config.pair.freeMb,
    },
    {
      clock,
      doors() {
        agent.remind()
        return doorsFault(fileserver, controlSocketPath(config.run.folder, 'watchdog'))
      },
      onFacts(found) {
        facts = found
        agent.happen({ type: 'fitness', unfit: found.doors ?? found.disk })
      },
    },
  )
  const { preferred, failbackMinutes } = config.pair
  const yielding = new Yielding(
    { preferred, failbackMinutes },
    { agent, own, other: () => otherNode.view(), events, clock },
  )
  const routes = agentRoutes({
    status,
    events: () => events.list(),
    onEvent: (listener) => events.onEvent(listener),
    history: () => chronicle.read(),
    keepDrill: (report) => chronicle.keepDrill(report),
    handOver: (order) => orders.handOver(order),
    force: (order) => orders.force(order),
    pause: (order) => orders.pause(order),
    resume: () => orders.resume(),
    takeOut: (order) => orders.takeOut(order),
    putBack: (order) => orders.putBack(order),
    changeInsync: (order) => orders.changeInsync(order),
  })
  const { healthAddress, healthPort } = config.pair
  return {
    agent,
    status,
    parts: [
      asComponent(
        'events of the pair',
        () => events.load(),
        () => events.written(),
      ),
      asComponent(
        'etcd',
        async () => void etcd.watch(claims.keys.leader, onLeaderKey),
        async () => etcd.close(),
      ),
      vip,
      link,
      lease,
      registration,
      raftLeader,
      otherNode,
      chronicle,
      health,
      agent,
      yielding,
      controlSocket(controlSocketPath(config.run.folder, 'agent'), routes),
      ...(healthPort === 0 ? [] : [new HealthServer({ address: healthAddress, port: healthPort }, status)]),
    ],
  }
}

const asComponent = (name: string, start: () => Promise<void>, stop: () => Promise<void>): Component => ({
  name,
  start,
  stop,
})
