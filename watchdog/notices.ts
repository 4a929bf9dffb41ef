import type { Draft } from './draft.ts'
import { opened } from './incidents.ts'
import type { Watched } from './supervision.ts'

/** Works, but: what a success warns of, and answers that take much longer than usual. */
export function settleNotices(draft: Draft): void {
  for (const { id, about, probe } of draft.state.incidents.open) {
    const isGone = draft.state.probes[probe] === undefined
    if (isGone && (about === 'warning' || about === 'drift')) draft.close(id)
  }
  for (const [probe, { verdict }] of draft.probes) {
    settleNotice(draft, 'warning', probe, verdict.warning)
    settleNotice(draft, 'drift', probe, driftOf(verdict))
  }
}

function driftOf({ latency, last }: Watched['verdict']): string | undefined {
  if (!latency.drifting) return undefined
  const ms = last?.finding.outcome === 'ok' ? `${Math.round(last.finding.ms)} ms` : 'long'
  return `answers take ${ms}, usually ${Math.round(latency.normalMs)} ms`
}

function settleNotice(
  draft: Draft,
  about: 'warning' | 'drift',
  probe: string,
  why: string | undefined,
): void {
  const known = draft.state.incidents.open.find((each) => each.about === about && each.probe === probe)
  if (why === undefined) {
    if (known !== undefined) draft.close(known.id)
  } else if (known === undefined) {
    const opening = { about, probe, slug: `${probe} ${about}`, severity: 'warning', why } as const
    const { incidents, incident } = opened(draft.state.incidents, opening, draft.now)
    draft.setIncidents(incidents)
    draft.tell('warning', { ...incident, told: 'warning' })
  } else if (known.why !== why) draft.setIncident({ ...known, why })
}

/** One for all that cannot be asked. Once may be chance: it is told when it could not be asked twice. */
export function settleBlindness(draft: Draft): void {
  const known = draft.state.incidents.open.find(({ about }) => about === 'blind')
  if (!draft.isBlind) {
    if (known !== undefined) {
      draft.close(known.id)
      draft.lookAnew()
    }
    return
  }
  const lasting = draft.probes.find(([, { verdict }]) => (verdict.blind?.times ?? 0) > 1)
  if (known !== undefined || lasting === undefined) return
  const [probe, { verdict }] = lasting
  const why = verdict.blind?.why ?? ''
  const opening = { about: 'blind', probe, slug: 'blind', severity: 'critical', why } as const
  const { incidents, incident } = opened(draft.state.incidents, opening, draft.now)
  draft.setIncidents(incidents)
  draft.tell('blind', { ...incident, told: 'blind' })
}
