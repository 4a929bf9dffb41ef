import type { Draft } from './draft.ts'
import { dropped, faultOf, isReminderDue, joined, opened, type Incident } from './incidents.ts'
import { settleBlindness, settleNotices } from './notices.ts'
import { isRestart } from './remedies.ts'
import type { Watched } from './supervision.ts'
import { isInTrouble, isWell, type Verdict } from './verdict.ts'

/** Brings the incidents in line with how the probes stand now, and tells what a person should hear of it. */
export function settleIncidents(draft: Draft): void {
  dropPassed(draft)
  openSuspects(draft)
  tellDown(draft)
  joinHidden(draft)
  closeMended(draft)
  tellFlapping(draft)
  settleNotices(draft)
  settleBlindness(draft)
  remind(draft)
}

const faults = ({ state }: Draft): Incident[] => state.incidents.open.filter(({ about }) => about === 'fault')

const isNews = (verdict: Verdict) => isInTrouble(verdict) || verdict.flapping === true

/** Suspected, and well again before anybody was told. */
function dropPassed(draft: Draft): void {
  for (const { id, probe, told } of faults(draft)) {
    const verdict = draft.state.probes[probe]?.verdict
    if (told === undefined && (verdict === undefined || !isNews(verdict))) {
      draft.setIncidents(dropped(draft.state.incidents, id))
    }
  }
}

function openSuspects(draft: Draft): void {
  for (const [probe, { about, verdict }] of draft.probes) {
    if (!isNews(verdict) || verdict.behind !== undefined) continue
    if (faultOf(draft.state.incidents, probe) !== undefined) continue
    const severity = about.kind === 'machine' ? 'warning' : 'critical'
    const opening = { about: 'fault', probe, slug: probe, severity, why: verdict.why } as const
    draft.setIncidents(opened(draft.state.incidents, opening, draft.now).incidents)
  }
}

function tellDown(draft: Draft): void {
  for (const [name, watched] of draft.probes) {
    const { about, verdict } = watched
    const own = faultOf(draft.state.incidents, name)
    if (verdict.health !== 'down' || verdict.behind !== undefined || own?.told !== undefined) continue
    if (own === undefined) continue
    const cause = faults(draft).find((each) => isSameTrouble(draft, each, own, watched))
    if (cause !== undefined) {
      draft.setIncidents(joined(draft.state.incidents, cause.id, [name]))
      if (about.kind !== 'machine') makeCritical(draft, cause.id)
      continue
    }
    draft.setIncidents(joined(draft.state.incidents, own.id, hiddenBy(draft, name)))
    tellFirst(draft, own.id, own.severity === 'critical' ? 'down' : 'warning', verdict.why)
  }
}

function tellFirst(draft: Draft, id: string, told: 'down' | 'warning', why: string): void {
  const incident = draft.state.incidents.open.find((each) => each.id === id)
  if (incident !== undefined) draft.tell(told, { ...incident, told, why })
}

/** What was a warning, a disk that fills, now keeps a door from serving. */
function makeCritical(draft: Draft, id: string): void {
  const incident = draft.state.incidents.open.find((each) => each.id === id)
  if (incident?.told !== 'warning') return
  draft.tell('down', { ...incident, told: 'down', severity: 'critical' })
}

/** Those that were suspected, or missed, because of this one. */
const hiddenBy = (draft: Draft, name: string): string[] =>
  draft.probes
    .filter(([, { dependsOn, verdict }]) => dependsOn.includes(name) && verdict.behind !== undefined)
    .map(([child]) => child)

/**
 * One cause, one incident: it needs what is down, went down after a restart of that incident, or at about the same time
 * as another of the same file server.
 */
function isSameTrouble(draft: Draft, other: Incident, own: Incident, { about, dependsOn }: Watched): boolean {
  if (other.told === undefined || other.id === own.id) return false
  if (about.kind === 'machine' || about.kind === 'refusal') return false
  const { intervalMs, suspectMs, graceMs } = draft.rules
  const togetherMs = intervalMs + suspectMs
  const followsRestart = other.tried.some(({ rung, endedMs }) => {
    const afterMs = own.openedMs - endedMs
    return isRestart(rung) && afterMs >= 0 && afterMs <= graceMs + togetherMs
  })
  const isAtSameTime = Math.abs(own.openedMs - other.openedMs) <= togetherMs
  return other.probes.some((name) => {
    const member = draft.state.probes[name]
    if (member === undefined) return false
    if (dependsOn.includes(name) && isInTrouble(member.verdict)) return true
    const isRelated =
      member.dependsOn.includes(own.probe) ||
      dependsOn.includes(name) ||
      member.dependsOn.some((each) => dependsOn.includes(each) && isServer(draft, each))
    return isRelated && (followsRestart || isAtSameTime)
  })
}

const isServer = ({ state }: Draft, name: string) => state.probes[name]?.about.kind === 'process'

function joinHidden(draft: Draft): void {
  for (const [name, { verdict }] of draft.probes) {
    if (verdict.behind === undefined) continue
    const cause = faultOf(draft.state.incidents, verdict.behind)
    const own = faultOf(draft.state.incidents, name)
    if (cause?.told !== undefined && own?.told === undefined) {
      draft.setIncidents(joined(draft.state.incidents, cause.id, [name]))
    }
  }
}

/** It ends once all it is about are well, and nothing is being done about it any more. */
function closeMended(draft: Draft): void {
  for (const { id, told, probes, tried } of faults(draft)) {
    if (told === undefined || draft.state.remedies.acting?.incident === id) continue
    const areWell = probes.every((name) => {
      const verdict = draft.state.probes[name]?.verdict
      return verdict === undefined || isWell(verdict)
    })
    const wasRestarted = tried.some(({ rung }) => isRestart(rung))
    if (areWell && !(wasRestarted && areStillComing(draft))) draft.close(id)
  }
}

/** Since the restart, some have not answered yet: should they stay away, that is the same trouble. */
const areStillComing = ({ state, now, probes }: Draft): boolean =>
  probes.some(([name, { verdict }]) => {
    const isOthers = faultOf(state.incidents, name)?.told !== undefined
    return !isOthers && (verdict.graceUntilMs > now.atMs || verdict.health === 'suspect')
  })

/** Said once instead of every down and up; when it stays down after all, that is said, too. */
function tellFlapping(draft: Draft): void {
  for (const incident of faults(draft)) {
    const verdicts = incident.probes.flatMap((name) => draft.state.probes[name]?.verdict ?? [])
    const flaps = verdicts.some((each) => each.flapping === true)
    const { flapping: wasTold, told = 'flapping', ...calm } = incident
    if (flaps && wasTold === undefined) draft.tell('flapping', { ...incident, told, flapping: true })
    const isDown = verdicts.some(({ health }) => health === 'down')
    if (flaps || wasTold === undefined || !isDown) continue
    draft.tell(told === 'down' ? 'reminder' : 'down', { ...calm, told: 'down' })
  }
}

function remind(draft: Draft): void {
  if (draft.inMaintenance) return
  for (const incident of draft.state.incidents.open) {
    if (!isReminderDue(incident, draft.now.atMs)) continue
    draft.tell('reminder', { ...incident, reminders: incident.reminders + 1 })
  }
}
