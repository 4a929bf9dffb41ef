import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { endsWithUs } from './namespace.ts'
import type { Host } from './pair-network.ts'
import { follow, type Program } from './program.ts'
import type { Issued, TestAuthority } from './test-authority.ts'

export interface EtcdMember {
  /** m1, m2, m3; in namespaces that of its host. */
  name: string
  /** host:port for clients. */
  endpoint: string
  pid: number
  /** All that it has logged since it was last started. */
  output(): string
  /** SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  freeze(): void
  thaw(): void
  /** Kills it if it runs, and starts it with the data that it has. It serves a little later: `healthy` waits. */
  restart(): Promise<void>
}

export interface EtcdTls {
  authority: TestAuthority
  client: Issued
}

export interface MemberOptions {
  heartbeatMs?: number
  electionMs?: number
  /** More arguments, such as `--quota-backend-bytes=...`. */
  args?: readonly string[]
}

/** Where a member is to run and listen. */
export interface Place {
  name: string
  host: Host | undefined
  address: string
  clientPort: number
  peerPort: number
}

export function memberArgs(
  { name, address, clientPort, peerPort }: Place,
  places: readonly Place[],
  { heartbeatMs = 50, electionMs = 500, args = [] }: MemberOptions,
  folder: string,
  tls: EtcdTls | undefined,
): string[] {
  const client = `${tls === undefined ? 'http' : 'https'}://${address}:${clientPort}`
  const peer = `http://${address}:${peerPort}`
  const certificates = { 'cert-file': join(folder, 'etcd.pem'), 'key-file': join(folder, 'etcd.key') }
  const settings = {
    name,
    'data-dir': join(folder, name),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': places.map((each) => `${each.name}=http://${each.address}:${each.peerPort}`).join(),
    'initial-cluster-token': folder,
    'heartbeat-interval': heartbeatMs,
    'election-timeout': electionMs,
    // One that does not hear the leader must not unseat it for those who do.
    'pre-vote': true,
    logger: 'zap',
    'log-level': 'warn',
    ...(tls === undefined
      ? {}
      : { ...certificates, 'trusted-ca-file': tls.authority.ca, 'client-cert-auth': true }),
  }
  return [...Object.entries(settings).map(([key, value]) => `--${key}=${value}`), ...args]
}

export class Member implements EtcdMember {
  readonly name: string
  readonly endpoint: string
  readonly #host: Host | undefined
  readonly #folder: string
  readonly #args: readonly string[]
  #program: Program | undefined

  constructor({ name, host, address, clientPort }: Place, folder: string, args: readonly string[]) {
    this.name = name
    this.endpoint = `${address}:${clientPort}`
    this.#host = host
    this.#folder = folder
    this.#args = args
  }

  get pid(): number {
    return this.#program?.child.pid ?? 0
  }

  output(): string {
    return this.#program?.output() ?? ''
  }

  async start(): Promise<void> {
    await mkdir(join(this.#folder, this.name), { recursive: true, mode: 0o700 })
    this.#program =
      this.#host?.start(['etcd', ...this.#args]) ??
      follow(
        spawn(endsWithUs[0], [...endsWithUs.slice(1), 'etcd', ...this.#args], {
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      )
  }

  async kill(): Promise<void> {
    this.#program?.child.kill('SIGKILL')
    await this.#program?.ended
  }

  /** Harmless when it was killed. */
  freeze(): void {
    this.#program?.child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#program?.child.kill('SIGCONT')
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }
}
