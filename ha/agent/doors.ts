import { askControl } from '../../lib/base/control-socket.ts'
import type { FileserverLink } from './fileserver.ts'

const watchdogMs = 500

/** What is wrong with this node's doors: the file server is silent or can store nothing, or what a watchdog sees. */
export async function doorsFault(
  fileserver: FileserverLink,
  watchdogSocket: string,
): Promise<string | undefined> {
  if (fileserver.failure !== undefined) return `the file server does not answer: ${fileserver.failure}`
  return fileserver.view?.broken ?? openIncident(watchdogSocket)
}

async function openIncident(socketPath: string): Promise<string | undefined> {
  interface Watched {
    open: { about: string; severity: string; why: string; probes: string[] }[]
  }
  // Without a watchdog there is nobody to say so.
  const watched = await askControl<Watched>(socketPath, '/status', { timeoutMs: watchdogMs }).catch(
    () => undefined,
  )
  // Others are about the machine, and some about the pair itself: none of them would be mended by a hand-over.
  const incident = watched?.open.find(({ about, severity }) => about === 'fault' && severity === 'critical')
  return incident === undefined ? undefined : `${incident.probes.join(', ')}: ${incident.why}`
}
