import { hostname } from 'node:os'
import { join } from 'node:path'
import { Agent } from '../ha/agent/agent.ts'
import { Chronicle } from '../ha/agent/chronicle.ts'
import { Claims } from '../ha/agent/claims.ts'
import { doorsFault } from '../ha/agent/doors.ts'
import { Events } from '../ha/agent/events.ts'
import { FileserverLink } from '../ha/agent/fileserver.ts'
import { Health, type Facts } from '../ha/agent/health.ts'
import { HealthServer } from '../ha/agent/health-server.ts'
import { Lateness } from '../ha/agent/lateness.ts'
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
import { Etcd } from '../ha/etcd/etcd.ts'
import type { PairKeys } from '../ha/keys/load.ts'
import { endsOf } from '../ha/link/ends.ts'
import { Link } from '../ha/link/link.ts'
import type { Role } from '../ha/role/state.ts'
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
}

/** Wires the agent of a pair. Nothing is started. @throws Error when etcd's certificates cannot be read */
export async function assembleAgent(config: Config, keys: PairKeys, log: Log): Promise<AgentAssembly> {
  const ground = await groundOf(config, keys, log)
  const { clock, me, other, local, remote, timing, lease, link, fileserver, events, chronicle } = ground
  const { address } = local
  let facts: Facts = {}
  const own = () =>
    ownView({
      address,
      version,
      state: agent.state,
      nowMs: clock.now(),
      timing,
      facts,
      fileserver: fileserver.view,
      keysDaysLeft: Math.floor((keys.validTo.getTime() - clock.wallTime().getTime()) / dayMs),
    })
  const registration = new Registration(
    { me, other, address, uuid: keys.uuid, keys: ground.keys },
    {
      ...ground,
      file: new KnownFile(join(ground.folder, 'known.json')),
      view: own,
      onRefuse: (why) => agent.happen({ type: 'refuse', why }),
    },
  )
  const otherNode = new OtherNode(remote, { link, clock, own, registered: () => registration.other })
  const raftLeader = raftLeaderOf(ground, () => agent.state.role.name === 'active')
  const vip = vipOf(ground, () => agent.epoch)
  const tellRole = roleTeller(ground)
  const agent: Agent = new Agent(
    { me, other, timing },
    {
      ...ground,
      vip,
      check: (claimed) => {
        orders.seen(claimed)
        return registration.check({ clusterId: claimed.clusterId, revision: claimed.record.revision })
      },
      onRole: (role, why) => tellRole(role, agent.epoch, why),
    },
  )
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
  const orders = new Orders({ ...ground, agent, status })
  const health = healthOf(ground, agent, (found) => (facts = found))
  const { preferred, failbackMinutes, healthAddress, healthPort } = config.pair
  const yielding = new Yielding(
    { preferred, failbackMinutes },
    { agent, own, other: () => otherNode.view(), events, clock },
  )
  const routes = agentRoutes({ status, events, chronicle, orders })
  return {
    agent,
    parts: [
      asComponent(
        'events of the pair',
        () => events.load(),
        () => events.written(),
      ),
      etcdComponent(ground, agent),
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

const dayMs = 86_400_000

type Ground = Awaited<ReturnType<typeof groundOf>>

/** A question to etcd is asked of a second member after this share of its time. */
const hedgeShare = 0.3

/** What the others stand on, and what knows nothing of them. */
async function groundOf(config: Config, { uuid: cluster, secret }: PairKeys, log: Log) {
  const clock = systemClock
  const { local, remote } = endsOf(config.node.name || hostname(), config.pair)
  const [me, other] = [local.name, remote.name]
  const timing = timingOf(config.pairTiming)
  const folder = join(config.data.folder, '.state', 'pair')
  const { etcdMs: timeoutMs } = timing
  const etcd = await Etcd.open(
    { ...config.pairEtcd, timeoutMs, hedgeMs: hedgeShare * timeoutMs },
    { clock, log },
  )
  const claims = new Claims(etcd, { cluster: config.pair.cluster, me, other })
  const { keys } = claims
  return {
    config,
    clock,
    log,
    me,
    other,
    local,
    remote,
    timing,
    folder,
    etcd,
    claims,
    keys,
    lease: new Lease(etcd, { clock, log }),
    link: new Link({ local, remote, cluster, secret, clock, log }),
    fileserver: new FileserverLink(controlSocketPath(config.run.folder, 'fileserver')),
    events: new Events({ clock, log, node: me, path: join(folder, 'events.jsonl') }),
    chronicle: new Chronicle(etcd, keys, clock),
  }
}

const raftLeaderOf = (ground: Ground, isActive: () => boolean): RaftLeader =>
  new RaftLeader({
    ...ground,
    isActive,
    isHere: (endpoint) => endpoint.startsWith(`${ground.local.address}:`),
    keepAway: ground.config.pairEtcd.keepLeaderAway,
  })

const vipOf = ({ config, clock, log, events }: Ground, epoch: () => number): Vip =>
  new Vip(vipSettings(config), {
    clock,
    log,
    alarms: new Alarms({ clock, log }),
    onDuplicate: (address, mac) =>
      events.add(
        'trouble',
        epoch(),
        `${address} is also claimed by ${mac}: another machine has the floating address`,
      ),
  })

/** For whoever cleans up after this agent, and for the administrator's program. */
function roleTeller({ config, log, me }: Ground): (role: Role, epoch: number, why: string) => void {
  const { role: program, roleMs: timeoutMs } = config.pairHooks
  const reignFile = new ReignFile(reignPath(config.run.folder))
  const hook = new RoleHook({ program, timeoutMs, node: me }, log)
  return (role, epoch, why) => {
    if (role.name === 'active') reignFile.write(role)
    else reignFile.remove()
    hook.tell(role.name, epoch, why)
  }
}

function healthOf(
  { config, clock, folder, fileserver }: Ground,
  agent: Agent,
  keep: (facts: Facts) => void,
): Health {
  const { interface: device, gateway, pingTargets, freeMb } = config.pair
  const lateness = new Lateness()
  const targets = [gateway, ...pingTargets].filter((target) => target !== '')
  return new Health(
    { folder, interface: device, targets, freeMb },
    {
      clock,
      doors() {
        agent.remind()
        return doorsFault(fileserver, controlSocketPath(config.run.folder, 'watchdog'))
      },
      lateMs: () => lateness.take(),
      onFacts(facts) {
        keep(facts)
        agent.happen({ type: 'fitness', unfit: facts.doors ?? facts.disk })
      },
    },
  )
}

/** Tells the protocol of each change of the leader's record, as soon as etcd does. */
const etcdComponent = ({ etcd, keys }: Ground, agent: Agent): Component =>
  asComponent(
    'etcd',
    async () =>
      void etcd.watch(keys.leader, ({ value, modRevision }) => {
        if (value !== undefined) agent.happen({ type: 'seen', leaderRevision: modRevision })
      }),
    async () => etcd.close(),
  )

const asComponent = (name: string, start: () => Promise<void>, stop: () => Promise<void>): Component => ({
  name,
  start,
  stop,
})
