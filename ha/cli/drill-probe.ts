import { systemClock } from '../../lib/base/clock.ts'
import { UsageError, type Io, type OptionValues } from '../../lib/base/command.ts'
import { configOf } from '../../lib/base/node-options.ts'
import { listenForStop } from '../../lib/base/process.ts'
import { show } from '../../lib/base/table.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { measuredText } from '../drill/report.ts'
import { targetsOf, type DrilledNode, type Targets } from '../drill/targets.ts'
import { exits } from './change.ts'
import { everyMsIn, localMeter, ownTargets } from './measuring.ts'
import { durationIn, wordIn } from './words.ts'

export const probeOptions = {
  for: { type: 'string' },
  vip: { type: 'string' },
  node: { type: 'string', multiple: true },
  targets: { type: 'string' },
} as const

export const probeHelp = `
      --for TIME           how long; otherwise until Ctrl-C
      --vip ADDRESS        the floating address, on a host without the pair's settings; doors at their usual ports
      --node NAME=ADDRESS  a node, whose own address is asked afterwards for what was saved; may be repeated`

/** Measures and nothing else: on a witness, a client, or over ssh for a drill that cuts its own host off. */
export async function probe(options: OptionValues, io: Io): Promise<number> {
  const forMs = options['for'] === undefined ? Infinity : durationIn(options, 'for')
  const meter = await localMeter(targetsIn(options), io)
  const stop = listenForStop()
  meter.start()
  await wait(forMs, stop.signal)
  const measured = await meter.finish()
  stop.dispose()
  show(io, options, measured, measuredText(measured))
  return exits.done
}

/** A timer holds no more than this; nobody measures for longer. */
const longestMs = 2 ** 31 - 1

const wait = (ms: number, signal: AbortSignal) =>
  systemClock.sleep(Math.min(ms, longestMs), signal).catch(() => {})

function targetsIn(options: OptionValues): Targets {
  const packed = wordIn(options, 'targets')
  if (packed !== undefined) return unpacked(packed)
  const everyMs = everyMsIn(options)
  const vip = wordIn(options, 'vip')
  if (vip === undefined) return ownTargets(configOf(options), everyMs)
  return targetsOf(usualDoors(options), { vip, nodes: nodesIn(options), everyMs })
}

/** Without a settings file those of \`--set\` count all the same. */
function usualDoors(options: OptionValues): Config {
  const named = options['config'] !== undefined || options['set'] !== undefined
  return named ? configOf(options) : defaultConfig()
}

/** What \`ha drill run\` on another host passes to us. @throws UsageError */
function unpacked(text: string): Targets {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Targets
  } catch (cause) {
    throw new UsageError('--targets is made by `ha drill run --probe-from`', { cause })
  }
}

function nodesIn({ node }: OptionValues): DrilledNode[] {
  return (Array.isArray(node) ? node : []).map((text) => {
    const [, name, address] = /^([\w-]+)=(\S+)$/.exec(String(text)) ?? []
    if (name === undefined || address === undefined) throw new UsageError('say --node NAME=ADDRESS')
    return { name, address }
  })
}
