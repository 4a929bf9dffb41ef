import { hostname, networkInterfaces } from 'node:os'
import type { FileserverView } from '../ha/agent/fileserver.ts'
import { loadPairKeys } from '../ha/keys/load.ts'
import { endsOf } from '../ha/link/ends.ts'
import { isKeyMaterial } from '../ha/mirror/layout.ts'
import { Mirror } from '../ha/mirror/mirror.ts'
import { placesOf } from '../ha/mirror/places.ts'
import type { Gate } from '../ha/replica/gate.ts'
import { Replica } from '../ha/replica/replica.ts'
import type { ToldRole } from '../ha/replica/role.ts'
import type { Alarms } from '../lib/base/alarms.ts'
import type { Clock } from '../lib/base/clock.ts'
import type { Component } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import { askControl, ControlRefused, controlSocketPath } from '../lib/base/control-socket.ts'
import type { Log } from '../lib/base/log.ts'
import type { UserStore } from '../lib/users/store/user-store.ts'

export interface PairCollaborators {
  /** The one that the store was given. */
  gate: Gate
  store: UserStore
  /** Transfers under way. */
  transfers: () => number
  /** A floating address comes or goes: doors that listen on each address by itself must not wait for their next look. */
  addressesChanged: () => Promise<void>
  /** Certificates have come from the other node. */
  certificatesCame: () => void
  alarms: Alarms
  clock: Clock
  log: Log
}

/** What a file server has beside the rest when it is one of two. */
export interface FileserverPair {
  /** To be started after the store. */
  parts: Component[]
  mirror: Mirror
  replica: Replica
  store: UserStore
  setRole(role: ToldRole): FileserverView
  /** Resolves once what phones are saving has ended, and what they fetch, too; or when `signal` aborts. */
  drained(signal: AbortSignal): Promise<boolean>
  /** Headers of every HTTP answer: the epoch, while this node is active. */
  alwaysHeaders(): string[]
}

/** How long, and how often, a floating address is looked for that the agent is just bringing. */
const addressMs = 1_500
const lookEveryMs = 10

/** Wires what a pair adds to a file server. @throws ConfigError when the pair's keys cannot be used */
export function assemblePair(config: Config, collaborators: PairCollaborators): FileserverPair {
  const { store, clock, log, transfers } = collaborators
  const name = config.node.name || hostname()
  const { remote } = endsOf(name, config.pair)
  const mirror = assembleMirror(config, collaborators)
  const replica = assembleReplica(config, collaborators)
  let role: ToldRole = { role: 'standby', epoch: 0, active: undefined, insync: [] }

  const epochNow = () => (role.role === 'active' && clock.now() < role.untilMs ? role.epoch : undefined)

  async function expectAddresses(): Promise<void> {
    const untilMs = clock.now() + addressMs
    while (clock.now() < untilMs && epochNow() !== undefined) {
      await collaborators.addressesChanged()
      if (hasAddresses(config.pair.vip)) return
      await clock.sleep(lookEveryMs)
    }
  }

  return {
    parts: [mirror, replica],
    mirror,
    replica,
    store,
    setRole(told) {
      const before = role
      role = told
      mirror.setRole(told.role, told.insync.includes(remote.name))
      const view = replica.setRole(told)
      if (told.role !== before.role || told.epoch !== before.epoch) {
        log.info({ role: told.role, epoch: told.epoch }, 'role told')
        if (told.role === 'active')
          void expectAddresses().catch((err: unknown) => log.warn({ err }, 'floating address not looked for'))
      }
      const { ready } = told.role === 'standby' ? mirror.allHere() : { ready: true }
      return { ...view, transfers: transfers(), complete: ready }
    },
    async drained(signal) {
      const saved = await replica.drained(signal)
      while (transfers() > 0 && !signal.aborted) await clock.sleep(lookEveryMs, signal).catch(() => {})
      return saved
    },
    alwaysHeaders() {
      const epoch = epochNow()
      return epoch === undefined ? [] : ['X-HA-Epoch', String(epoch)]
    },
  }
}

function assembleMirror(config: Config, { clock, log, alarms, certificatesCame }: PairCollaborators): Mirror {
  const { local: node, remote: other } = endsOf(config.node.name || hostname(), config.pair)
  const { mirrorPort: port, mirrorSeconds: everySeconds, mirrorMbitPerSecond: mbitPerSecond } = config.pair
  const { certificate, key, authority: ca } = loadPairKeys(config.pair.folder, node.name, clock.wallTime())
  const tls = { certificate, key, ca }
  const dataFolder = config.data.folder
  return new Mirror(
    { node, other, port, tls, dataFolder, places: placesOf(config), everySeconds, mbitPerSecond },
    {
      clock,
      log,
      alarms,
      onPlaced(paths) {
        if (paths.some(isKeyMaterial)) certificatesCame()
      },
    },
  )
}

function assembleReplica(config: Config, collaborators: PairCollaborators): Replica {
  const { clock } = collaborators
  const name = config.node.name || hostname()
  const keys = loadPairKeys(config.pair.folder, name, clock.wallTime())
  const agent = controlSocketPath(config.run.folder, 'agent')
  return new Replica(
    { pair: config.pair, node: name, keys },
    { ...collaborators, askAgent: (path, body) => askAgent(agent, path, body) },
  )
}

/** @throws NotRunning when nobody knows what became of it */
async function askAgent(socketPath: string, path: string, body: object): Promise<{ status: number }> {
  try {
    await askControl(socketPath, path, { method: 'POST', body })
    return { status: 200 }
  } catch (error) {
    if (error instanceof ControlRefused) return { status: error.status }
    throw error
  }
}

function hasAddresses(addresses: readonly string[]): boolean {
  const here = Object.values(networkInterfaces()).flatMap(
    (entries) => entries?.map(({ address }) => address) ?? [],
  )
  return addresses.every((address) => here.includes(address))
}
