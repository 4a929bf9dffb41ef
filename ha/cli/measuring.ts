import { hostname } from 'node:os'
import { systemClock } from '../../lib/base/clock.ts'
import { CommandError, UsageError, type Io, type OptionValues } from '../../lib/base/command.ts'
import type { Config } from '../../lib/base/config.ts'
import { ControlRefused, NotRunning } from '../../lib/base/control-socket.ts'
import { configOf } from '../../lib/base/node-options.ts'
import { environment } from '../../lib/base/process.ts'
import type { DrillReport } from '../agent/views.ts'
import { Measurement } from '../drill/measurement.ts'
import { RemoteMeter } from '../drill/remote-meter.ts'
import { targetsOf, type Targets } from '../drill/targets.ts'
import type { Ask } from './node.ts'
import { durationIn } from './words.ts'

/** What commands that measure have in common. */

export const everyOption = { every: { type: 'string' } } as const

export const everyHelp = `
      --every TIME         how often each door is asked, 5ms to 1s; otherwise 10ms`

const usualEveryMs = 10

/** @throws UsageError */
export function everyMsIn(options: OptionValues): number {
  const everyMs = durationIn(options, 'every', usualEveryMs)
  if (everyMs < 5 || everyMs > 1_000) throw new UsageError('--every is from 5ms to 1s')
  return everyMs
}

/** The doors behind the floating address, as this node's settings have them. @throws CommandError */
export function ownTargets(config: Config, everyMs: number): Targets {
  const { vip, nodes } = config.pair
  const [address] = vip
  if (address === undefined)
    throw new CommandError('pair.vip is empty: there is no floating address to measure at; say --no-measure')
  return targetsOf(config, { vip: address, nodes, everyMs })
}

/** Looks at the doors from this host, and tells what it will ask. */
export async function localMeter(targets: Targets, io: Io): Promise<Measurement> {
  const measurement = await Measurement.prepare(targets, { host: hostname(), clock: systemClock })
  io.stderr(
    `measuring at ${targets.vip} from ${hostname()}: ${measurement.protocols.join(', ')}, every ${targets.everyMs} ms\n`,
  )
  for (const note of measurement.notes) io.stderr(`  ${note}\n`)
  return measurement
}

/** Lets the host look at the doors, and tells what it will ask. @throws CommandError when it cannot */
export async function remoteMeter(
  host: string,
  { options, forMs }: { options: OptionValues; forMs: number },
  io: Io,
): Promise<RemoteMeter> {
  const targets = ownTargets(configOf(options), everyMsIn(options))
  const meter = new RemoteMeter({ host, targets, forMs, env: sshEnvironment(), program: 'ssh' })
  const { protocols, notes } = await meter.tryOut()
  io.stderr(
    `measuring at ${targets.vip} from ${host}: ${protocols.map(({ protocol }) => protocol).join(', ')}\n`,
  )
  for (const note of notes) io.stderr(`  ${note}\n`)
  return meter
}

function sshEnvironment(): Record<string, string> {
  const { HOME = '', SSH_AUTH_SOCK = '', USER = '' } = environment()
  return { HOME, SSH_AUTH_SOCK, USER }
}

/** The report is worth having even where the pair cannot keep it. */
export async function keepReport(ask: Ask, report: DrillReport, io: Io): Promise<void> {
  try {
    await ask('/history/drill', { method: 'POST', body: report })
  } catch (error) {
    if (!(error instanceof NotRunning || error instanceof ControlRefused)) throw error
    io.stderr(`the report is not in the history: ${error.message}\n`)
  }
}
