import { mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { execa } from 'execa'
import {
  Member,
  memberArgs,
  type EtcdMember,
  type EtcdTls,
  type MemberOptions,
  type Place,
} from './etcd-member.ts'
import { isRunning, type Owner } from './namespace.ts'
import type { Host } from './pair-network.ts'
import { withProgram } from './programs.ts'
import { makeAuthority } from './test-authority.ts'
import { until } from './until.ts'

/** Real etcd members, for a test. Their data lie in memory: on a slow disk a single write may take a second. */

export interface EtcdOptions extends MemberOptions {
  /** How many, on a loopback address of this process. */
  members?: number
  /** Instead: one on each of these hosts, on the usual ports 2379 and 2380. */
  hosts?: readonly Host[]
  /** Clients must present a certificate of the authority. */
  tls?: boolean
}

export interface EtcdCluster {
  members: readonly EtcdMember[]
  /** Of all members, in their order. */
  endpoints: string[]
  tls: EtcdTls | undefined
  /** Runs etcdctl against all members, or those given, on the host of the first. @returns standard output. @throws when it fails */
  etcdctl: (args: readonly string[], endpoints?: readonly string[]) => Promise<string>
  /** The member that leads now. */
  leader(): Promise<EtcdMember>
  /** Has that member lead. */
  lead(name: string): Promise<void>
  member(name: string): EtcdMember
  /** Resolves when all members follow one leader. */
  healthy(): Promise<void>
  /** Ends all members and removes their data. A test does this by itself when it ends. */
  remove(): Promise<void>
}

/** Options of a test that uses etcd. */
export const withEtcd: { skip: string | false } = {
  skip:
    ['etcd', 'etcdctl', 'setpriv'].map((name) => withProgram(name).skip).find((skip) => skip !== false) ??
    false,
}

export async function startEtcd(owner: Owner, options: EtcdOptions = {}): Promise<EtcdCluster> {
  await removeLeftovers()
  const folder = mkdtempSync(`${memory}/${ours}${process.pid}-`)
  const places = await placesFor(options)
  const tls = options.tls === true ? await makeTls(folder, places) : undefined
  const members = places.map(
    (place) => new Member(place, folder, memberArgs(place, places, options, folder, tls)),
  )
  const remove = async () => {
    await Promise.all(members.map((member) => member.kill()))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  owner.after(remove)
  await Promise.all(members.map((member) => member.start()))
  const cluster = makeCluster(members, places, tls, remove)
  await cluster.healthy()
  return cluster
}

const memory = '/dev/shm'
const ours = 'twintone-etcd-'

/** Data of runs that were killed; their members ended with them. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(memory)) {
    const pid = new RegExp(`^${ours}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(memory, name), { recursive: true, force: true })
  }
}

async function placesFor({ members = 3, hosts }: EtcdOptions): Promise<Place[]> {
  if (hosts !== undefined) {
    return hosts.map((host) => ({
      name: host.name,
      host,
      address: host.address,
      clientPort: 2379,
      peerPort: 2380,
    }))
  }
  const address = ownLoopbackAddress()
  const ports = await freePorts(address, 2 * members)
  return Array.from({ length: members }, (_, index) => ({
    name: `m${index + 1}`,
    host: undefined,
    address,
    clientPort: ports[2 * index] ?? 0,
    peerPort: ports[2 * index + 1] ?? 0,
  }))
}

/** No other process's: so no connection of theirs takes a port that a member shall have, or have again. */
function ownLoopbackAddress(): string {
  const { pid } = process
  return `127.${64 + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}`
}

async function freePorts(address: string, count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, address))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function makeTls(folder: string, places: readonly Place[]): Promise<EtcdTls> {
  const authority = await makeAuthority(folder)
  await authority.issue(
    'etcd',
    places.map(({ address }) => address),
  )
  return { authority, client: await authority.issue('node-a') }
}

const soon = ['--command-timeout=1s', '--dial-timeout=500ms']

interface Status {
  Endpoint: string
  Status: { header: { member_id: number }; leader: number; raftTerm: number }
}

function makeCluster(
  members: readonly Member[],
  places: readonly Place[],
  tls: EtcdTls | undefined,
  remove: () => Promise<void>,
): EtcdCluster {
  const endpoints = members.map(({ endpoint }) => endpoint)
  const insideOf = (endpoint: string | undefined) => {
    const host = places[endpoints.indexOf(endpoint ?? '')]?.host
    return host === undefined ? [] : ['ip', 'netns', 'exec', host.namespace]
  }
  const trust =
    tls === undefined
      ? []
      : [`--cacert=${tls.authority.ca}`, `--cert=${tls.client.certificate}`, `--key=${tls.client.key}`]
  const etcdctl: EtcdCluster['etcdctl'] = async (args, of = endpoints) => {
    const scheme = tls === undefined ? 'http' : 'https'
    const at = `--endpoints=${of.map((endpoint) => `${scheme}://${endpoint}`).join()}`
    const [command = '', ...rest] = [
      ...insideOf(of[0]),
      'etcdctl',
      at,
      ...trust,
      '--command-timeout=3s',
      ...args,
    ]
    const { stdout } = await execa(command, rest, { env: { ETCDCTL_API: '3' }, timeout: 20_000 })
    return stdout
  }
  const statuses = async (of = endpoints): Promise<Status[]> =>
    JSON.parse(await etcdctl(['endpoint', 'status', '-w', 'json', ...soon], of))
  const member = (name: string): Member => {
    const found = members.find((each) => each.name === name)
    if (found === undefined) throw new Error(`there is no member ${name}`)
    return found
  }
  const healthy = async () => {
    await until(async () => agreeOnLeader(await statuses().catch(() => [])), 30_000)
  }
  const leader = () =>
    until(async () => {
      const all = await Promise.all(endpoints.map((each) => statuses([each]).catch(() => [])))
      const leading = all.flat().filter(({ Status }) => Status.leader === Status.header.member_id)
      // One that was frozen still believes that it leads, of an older term.
      const newest = leading.toSorted((one, other) => other.Status.raftTerm - one.Status.raftTerm)[0]
      return members.find(({ endpoint }) => newest?.Endpoint.endsWith(endpoint) === true)
    })
  const agreeOnLeader = (all: readonly Status[]) =>
    all.length === members.length &&
    all.every(({ Status }) => Status.leader !== 0 && Status.leader === all[0]?.Status.leader)
      ? true
      : undefined
  const lead = async (name: string) => {
    const now = await leader()
    if (now.name === name) return
    // The JSON has ids as numbers too large for us.
    const [, id = ''] = (await etcdctl(['endpoint', 'status', ...soon], [member(name).endpoint])).split(', ')
    await etcdctl(['move-leader', id], [now.endpoint])
  }
  return { members, endpoints, tls, etcdctl, member, remove, leader, lead, healthy }
}
