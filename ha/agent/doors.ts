import { askControl } from '../../lib/base/control-socket.ts'
import type { FileserverLink } from './fileserver.ts'

const watchdogMs = 500

/** What is wrong with this node's doors: that the file server is silent, or what the watchdog sees, where one runs. */
export async function doorsFault(
  fileserver: FileserverLink,
  watchdogSocket: string,
): Promise<string | undefined> {
  if (fileserver.failure !== undefined) return `the file server does not answer: ${fileserver.failure}`
  return openIncident(watchdogSocket)
}

async function openIncident(socketPath: string): Promise<string | undefined> {
  interface Watched {
    open: { about: string; why: string; probes: string[] }[]
  }
  // Without a watchdog there is nobody to say so.
  const watched = await askControl<Watched>(socketPath, '/status', { timeoutMs: watchdogMs }).catch(
    () => undefined,
  )
  const incident = watched?.open.find(({ about }) => about === 'fault')
  return incident === undefined ? undefined : `${incident.probes.join(', ')}: ${incident.why}`
}
