import { readdir, readFile } from 'node:fs/promises'
import { askControl, controlSocketPath, NotRunning } from '../../lib/base/control-socket.ts'
import type { Probe } from '../probe.ts'
import { Missed, type Attempt } from './attempt.ts'
import { fileServerProbe, probeOf, type ProbeParts } from './parts.ts'

/** Beyond this, phones notice. */
const lateLoopMs = 200
const fewDescriptorsLeft = 0.8

/** The file server as a whole: it answers on its control socket, in time, and has room to work. */
export function processProbe(parts: ProbeParts): Probe {
  const { run, watchdog } = parts.config
  const socketPath = controlSocketPath(run.folder, 'fileserver')
  const identity = { name: fileServerProbe, about: { kind: 'process' }, dependsOn: [] } as const
  return probeOf(identity, parts, async (attempt) => {
    attempt.ask('status over the control socket')
    const answer = await statusOf(attempt, socketPath, watchdog.timeoutMs)
    lookAtLoop(attempt, answer)
    await lookAtDescriptors(attempt, answer)
  })
}

/** What we read of the answer; `lib/status/snapshot.ts` has all of it. */
interface StatusAnswer {
  process?: { pid?: number; loopLagMs?: { p99?: number } }
}

async function statusOf(attempt: Attempt, socketPath: string, timeoutMs: number): Promise<StatusAnswer> {
  const broken = Promise.withResolvers<never>()
  const breakOff = () => broken.reject(attempt.signal.reason)
  attempt.signal.addEventListener('abort', breakOff)
  try {
    const asking = attempt.phase('answer', () =>
      askControl<StatusAnswer>(socketPath, '/status', { timeoutMs }),
    )
    return await Promise.race([asking, broken.promise])
  } catch (error) {
    throw error instanceof NotRunning ? new Missed(error.message, { cause: error }) : error
  } finally {
    attempt.signal.removeEventListener('abort', breakOff)
  }
}

function lookAtLoop(attempt: Attempt, { process }: StatusAnswer): void {
  const p99 = process?.loopLagMs?.p99 ?? 0
  attempt.add('loopLag', p99)
  if (p99 > lateLoopMs)
    attempt.warnings.push(
      `the file server is overloaded: its event loop runs up to ${Math.round(p99)} ms late`,
    )
}

async function lookAtDescriptors(attempt: Attempt, { process }: StatusAnswer): Promise<void> {
  const pid = process?.pid
  if (pid === undefined) throw new Missed('an answer without a process id; another program may be answering')
  const [open, limits] = await Promise.all([
    readdir(`/proc/${pid}/fd`).catch(() => undefined),
    readFile(`/proc/${pid}/limits`, 'utf8').catch(() => ''),
  ])
  const most = mostOpenFiles(limits)
  // Another user's process keeps them to itself.
  if (open === undefined || most === undefined) return
  if (open.length > fewDescriptorsLeft * most)
    attempt.warnings.push(
      `the file server has ${open.length} of ${most} descriptors open; raise LimitNOFILE of its unit`,
    )
}

/** The soft limit in /proc/<pid>/limits (proc(5)); undefined: there is none. */
export function mostOpenFiles(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}
