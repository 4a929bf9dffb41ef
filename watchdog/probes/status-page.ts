import type { Probe } from '../probe.ts'
import { Missed } from './attempt.ts'
import { askHttp } from './http-request.ts'
import { fileServerProbe, probeOf, type ProbeParts } from './parts.ts'
import { targetOf } from './target.ts'

/** The status page answers. We come from 127.0.0.1, as `status.allow` lets in unless it was changed. */
export function statusPageProbe(parts: ProbeParts): Probe {
  const { addresses, port } = parts.config.status
  const target = targetOf(addresses, port, '127.0.0.1')
  const identity = {
    name: 'status page',
    about: { kind: 'process' },
    dependsOn: [fileServerProbe],
  } as const
  return probeOf(identity, parts, async (attempt) => {
    attempt.ask(`GET of /healthz on port ${port}`)
    const { status, body } = await askHttp(attempt, { target, method: 'GET', path: '/healthz' })
    if (status === 403)
      attempt.warnings.push(
        `the status page is not for ${target.from}, so it cannot be probed; add it to status.allow`,
      )
    else if (status !== 200) throw new Missed(String(status))
    else if (!body.includes('"ok"'))
      throw new Missed('200 with something else than the health of a file server')
  })
}
