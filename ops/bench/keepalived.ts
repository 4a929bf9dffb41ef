import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beginTraffic } from '../../test/support/pair-audit.ts'
import { vip, type PairNode } from '../../test/support/pair-node.ts'
import type { Pair } from '../../test/support/pair.ts'
import type { Program } from '../../test/support/program.ts'
import { until } from '../../test/support/until.ts'

/** Debian's keepalived on both nodes, before the same file servers, which are alone here. */

export interface KeepalivedCase {
  title: string
  advertSeconds: number
}

export const keepalivedCases: readonly KeepalivedCase[] = [
  { title: 'node dies, as it comes (advert_int 1)', advertSeconds: 1 },
  // Three adverts must be missed; faster ones are lost too easily on a busy machine.
  { title: 'node dies, fastest safe setting (advert_int 0.25)', advertSeconds: 0.25 },
]

export interface Keepalived {
  /** The master's host dies. @returns the longest time in which no download was answered, in ms */
  play(): Promise<number>
  close(): Promise<void>
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function openKeepalived(pair: Pair, { advertSeconds }: KeepalivedCase): Promise<Keepalived> {
  const folder = mkdtempSync(join(tmpdir(), 'twintone-keepalived-'))
  const running = new Map<PairNode, Program>()
  const start = (node: PairNode) => {
    const file = join(folder, `${node.name}.conf`)
    writeFileSync(file, settingsOf(node, advertSeconds))
    const pidFile = (kind: string) => join(folder, `${node.name}-${kind}.pid`)
    const args = ['-n', '-P', '-f', file, '-p', pidFile('main'), '-r', pidFile('vrrp')]
    running.set(node, node.host.start(['keepalived', ...args]))
  }
  const holder = () =>
    until(async () => {
      for (const node of [pair.a, pair.b])
        if ((await node.host.run(['ip', '-4', 'address'])).includes(`${vip}/`)) return node
      return undefined
    }, 20_000)
  for (const node of [pair.a, pair.b]) {
    node.startFileserver(['pair.enabled=false'])
    start(node)
  }
  return {
    async play() {
      await pause(3 * advertSeconds * 1_000 + 1_000)
      const master = await holder()
      const traffic = await beginTraffic(pair, { fetchEveryMs: 10, savesPerSecond: 0, audit: false })
      await pause(500)
      await pair.network.linkDown(master.name)
      running.get(master)?.child.kill('SIGKILL')
      await pause(3 * advertSeconds * 1_000 + 2_000)
      const { getGapMs } = await traffic.stop()
      await master.host.run(['ip', 'address', 'flush', 'to', vip]).catch(() => '')
      await pair.network.linkUp(master.name)
      start(master)
      return getGapMs
    },
    async close() {
      for (const { child, ended } of running.values()) {
        child.kill('SIGTERM')
        await ended
      }
      for (const { fileserver } of [pair.a, pair.b]) fileserver.child.kill('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const settingsOf = ({ name }: PairNode, advertSeconds: number) => `
global_defs { vrrp_version 3 }
vrrp_instance phones {
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 50
  priority ${name === 'a' ? 110 : 100}
  advert_int ${advertSeconds}
  virtual_ipaddress { ${vip}/32 dev eth0 }
}
`
