import { hostname } from 'node:os'
import { FileserverLink } from '../../ha/agent/fileserver.ts'
import { reignPath, ReignFile, type OpenReign } from '../../ha/agent/reign-file.ts'
import { loadPairKeys } from '../../ha/keys/load.ts'
import { endsOf } from '../../ha/link/ends.ts'
import { Link } from '../../ha/link/link.ts'
import { VipHook } from '../../ha/vip/hook.ts'
import { vipSettings } from '../../ha/vip/settings.ts'
import { systemClock } from '../../lib/base/clock.ts'
import type { Command } from '../../lib/base/command.ts'
import type { Config } from '../../lib/base/config.ts'
import { controlSocketPath } from '../../lib/base/control-socket.ts'
import { silentLog } from '../../lib/base/log.ts'
import { configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'

const [clock, log] = [systemClock, silentLog]

/** How long the other node may take to prove that it is itself, before it can be told. */
const proveMs = 400
const repeatMs = 30

export const clearCommand: Command = {
  name: 'clear',
  summary: 'Cleans up after an agent that has ended: systemd runs it (ExecStopPost).',
  usage: 'clear [--config FILE]',
  help: `
Removes the floating address, has the file server refuse saves, and tells the other node that it may take over, so that
it need not wait. Harmless when the agent has done so itself. Not for a node whose agent is running.
${nodeHelp}`,
  options: nodeOptions,
  async run({ options }, io) {
    const config = configOf(options)
    const name = config.node.name || hostname()
    const { remote } = endsOf(name, config.pair)
    const file = new ReignFile(reignPath(config.run.folder))
    const reign = file.read()
    const dropped = await new VipHook(vipSettings(config), { clock }).release(reign?.epoch ?? 0)
    if (!dropped.ok) {
      io.stderr(`ha clear: the floating address could not be removed: ${dropped.why}\n`)
      return 1
    }
    if (reign === undefined) return 0
    const fileserver = new FileserverLink(controlSocketPath(config.run.folder, 'fileserver'))
    await fileserver.close({ role: 'standby', epoch: reign.epoch, active: undefined, insync: [] })
    const why = `the agent of ${name} has ended`
    const told = [await tellOther(config, name, reign), await tellEtcd(config, name, remote.name, reign, why)]
    file.remove()
    io.stdout(`${why}: ${told.join(', ')}\n`)
    return 0
  },
}

/** First, since it is the quicker way: the other node then asks for the role at once. */
async function tellOther(config: Config, name: string, { epoch }: OpenReign): Promise<string> {
  const { uuid, secret } = loadPairKeys(config.pair.folder, name, clock.wallTime())
  const link = new Link({ ...endsOf(name, config.pair), cluster: uuid, secret, clock, log })
  await link.start()
  const untilMs = clock.now() + proveMs
  let told = 0
  while (clock.now() < untilMs && told < 3) {
    if (link.send({ type: 'RELEASE', epoch })) told += 1
    await clock.sleep(repeatMs)
  }
  await link.stop()
  return told > 0 ? 'the other node was told' : 'the other node was not reached'
}

/** For a node that was not reached, or comes later. */
async function tellEtcd(config: Config, me: string, other: string, { nonce }: OpenReign, why: string) {
  // Loading it takes longer than all the rest.
  const [{ Etcd }, { Claims }] = await Promise.all([
    import('../../ha/etcd/etcd.ts'),
    import('../../ha/agent/claims.ts'),
  ])
  const { etcdMs: timeoutMs } = config.pairTiming
  const etcd = await Etcd.open({ ...config.pairEtcd, timeoutMs, hedgeMs: timeoutMs / 3 }, { clock, log })
  try {
    const claims = new Claims(etcd, { cluster: config.pair.cluster, me, other })
    const { record } = await claims.look()
    const handTo = record.insync?.nodes.includes(other) === true ? { handTo: other } : {}
    const { outcome } = await claims.release({ nonce, why, ...handTo })
    return outcome === 'confirmed' ? 'etcd knows' : 'another reign has begun'
  } catch {
    return 'etcd does not answer'
  } finally {
    etcd.close()
  }
}
