/**
 * A node's floating addresses as a process, for tests that put it into a network namespace.
 *
 *   vip-program.ts hold SETTINGS-AS-JSON    takes them, and renews them four times a second
 *   vip-program.ts idle SETTINGS-AS-JSON    is on standby
 *
 * Prints JSON lines: {event: 'started' | 'taken' | 'duplicate' | 'not renewed' | 'stopped', ...} and {ran} for each
 * program that it ran. SIGTERM stops it in good order.
 */
import type { VipSettings } from '../../ha/vip/settings.ts'
import { vipSettings } from '../../ha/vip/settings.ts'
import { Vip } from '../../ha/vip/vip.ts'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock as clock } from '../../lib/base/clock.ts'
import { defaultConfig } from '../../lib/base/config.ts'
import { openLog } from '../../lib/base/log.ts'
import { runHook } from '../../lib/base/run-hook.ts'

const say = (line: object) => console.log(JSON.stringify(line))
const [task, settings = '{}'] = process.argv.slice(2)
const { log } = openLog('vip', { file: '', sizeMb: 1, count: 1, stdout: true, detailed: true })
const vip = new Vip(
  { ...vipSettings(defaultConfig()), interface: 'eth0', ...(JSON.parse(settings) as Partial<VipSettings>) },
  {
    clock,
    log,
    alarms: new Alarms({ clock, log }),
    onDuplicate: (address, mac) => say({ event: 'duplicate', address, mac }),
    run: (program, args, options) => {
      say({ ran: args[0] })
      return runHook(program, args, options)
    },
  },
)
const stopping = new AbortController()
process.on('SIGTERM', () => stopping.abort())
await vip.start()
say({ event: 'started' })
if (task === 'hold') say({ event: 'taken', ...(await vip.acquire(1)) })
while (!stopping.signal.aborted) {
  await clock.sleep(250, stopping.signal).catch(() => {})
  if (task !== 'hold' || stopping.signal.aborted) continue
  const outcome = await vip.renew()
  if (!outcome.ok) say({ event: 'not renewed', ...outcome })
}
await vip.stop()
say({ event: 'stopped' })
process.exit()
