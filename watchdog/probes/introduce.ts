import { askControl } from '../../lib/base/control-socket.ts'

/**
 * The file server believes for a while what a phone said, so after a start of the watchdog it may take our phone for
 * that of the run before, whose files are not ours. Once for each address it is told to ask again; when that fails, the
 * probe will say what came of it.
 */
export function introducer(socketPath: string): (address: string, signal: AbortSignal) => Promise<void> {
  const introduced = new Set<string>()
  return async (address, signal) => {
    if (introduced.has(address) || signal.aborted) return
    const url = `/ask?address=${encodeURIComponent(address)}`
    await askControl(socketPath, url, { method: 'POST', timeoutMs: 2_000 }).then(
      () => introduced.add(address),
      () => {},
    )
  }
}
