import type { Severity } from './message.ts'
import type { Rung } from './remedies.ts'
import type { Moment } from './rules.ts'

/**
 * Incidents as plain data: one from the first miss to the recovery, with one name, however many probes have the same
 * trouble. A fault is opened when a probe becomes suspect and told when it is down; if it mends before, nobody hears of it.
 */
export interface Incident {
  /** `20261124-0915-http-80`, in the time of the place. */
  id: string
  about: 'fault' | 'warning' | 'drift' | 'blind'
  /** What it began with. */
  probe: string
  /** All that have this trouble, the first included. */
  probes: string[]
  severity: Severity
  /** Kind of its first message; none was sent while this is absent. */
  told?: 'down' | 'warning' | 'blind' | 'flapping'
  why: string
  openedMs: number
  opened: string
  /** When it was last told, first or as a reminder, and how many reminders there were. */
  lastToldMs: number
  reminders: number
  tried: Tried[]
  gaveUp?: true
  /** It was told that it comes and goes. */
  flapping?: true
  acknowledgedBy?: string
  snoozed?: { untilMs: number; by: string }
}

export interface ClosedIncident extends Incident {
  closedMs: number
  closed: string
  /** What mended it. */
  cure: string
}

/** Something that was done about an incident. */
export interface Tried {
  rung: Rung
  /** The door, where it was about one. */
  probe: string
  began: string
  endedMs: number
  ok: boolean
  why: string
}

export interface Incidents {
  /** In the order they were opened. */
  open: Incident[]
  /** The latest last. */
  closed: ClosedIncident[]
  /** Names lately given, so that none is given twice, whatever the time of the place does. */
  issued: string[]
}

export const noIncidents: Incidents = { open: [], closed: [], issued: [] }

const mostClosed = 200
const mostIssued = 1_000
const mostTried = 50
const minuteMs = 60_000
/** Gaps before each reminder; the last is for all that follow. */
const reminderGapsMs = [10, 30, 120, 480, 1_440].map((minutes) => minutes * minuteMs)

export interface Opening {
  about: Incident['about']
  probe: string
  /** What the name ends with. */
  slug: string
  severity: Severity
  why: string
}

export function opened(
  incidents: Incidents,
  { slug, ...rest }: Opening,
  { atMs, wall }: Moment,
): { incidents: Incidents; incident: Incident } {
  const id = unusedName(incidents.issued, `${stampOf(wall)}-${slugOf(slug)}`)
  const since = { openedMs: atMs, opened: wall, lastToldMs: atMs, reminders: 0 }
  const incident: Incident = { id, ...rest, probes: [rest.probe], ...since, tried: [] }
  return {
    incident,
    incidents: {
      ...incidents,
      open: [...incidents.open, incident],
      issued: [...incidents.issued, id].slice(-mostIssued),
    },
  }
}

export const changedIncident = (incidents: Incidents, changed: Incident): Incidents => ({
  ...incidents,
  open: incidents.open.map((each) => (each.id === changed.id ? changed : each)),
})

/** It mended before anybody was told, or is part of another. */
export const dropped = (incidents: Incidents, id: string): Incidents => ({
  ...incidents,
  open: incidents.open.filter((each) => each.id !== id),
})

export function closed(incidents: Incidents, id: string, { atMs, wall }: Moment): Incidents {
  const incident = incidents.open.find((each) => each.id === id)
  if (incident === undefined) return incidents
  const over = { ...incident, closedMs: atMs, closed: wall, cure: cureOf(incident) }
  return { ...dropped(incidents, id), closed: [...incidents.closed, over].slice(-mostClosed) }
}

/** Other probes turn out to have the same trouble: incidents of their own that nobody was told of go. */
export function joined(incidents: Incidents, id: string, probes: readonly string[]): Incidents {
  const incident = incidents.open.find((each) => each.id === id)
  const more = probes.filter((probe) => incident?.probes.includes(probe) === false)
  if (incident === undefined || more.length === 0) return incidents
  const others = incidents.open.filter(
    (each) => !(each.about === 'fault' && each.told === undefined && more.includes(each.probe)),
  )
  return changedIncident(
    { ...incidents, open: others },
    { ...incident, probes: [...incident.probes, ...more] },
  )
}

export const withTried = (incident: Incident, tried: Tried): Incident => ({
  ...incident,
  tried: [...incident.tried, tried].slice(-mostTried),
})

/** The fault that a probe is part of. */
export const faultOf = (incidents: Incidents, probe: string): Incident | undefined =>
  incidents.open.find(({ about, probes }) => about === 'fault' && probes.includes(probe))

/** Only what is critical is told again. */
export function isReminderDue(incident: Incident, atMs: number): boolean {
  const { told, severity, acknowledgedBy, snoozed, reminders, lastToldMs } = incident
  if (told === undefined || severity !== 'critical' || acknowledgedBy !== undefined) return false
  if (snoozed !== undefined && atMs < snoozed.untilMs) return false
  return atMs - lastToldMs >= (reminderGapsMs[reminders] ?? reminderGapsMs.at(-1) ?? Infinity)
}

const rungWords: Record<Rung, (probe: string) => string> = {
  reopen: (probe) => `open ${probe} anew`,
  graceful: () => 'restart the file server gracefully',
  hard: () => 'restart the file server hard',
  'hand over': () => 'hand over to the other node',
}

/** What is done, as words that follow "to". */
export const actWords = (rung: Rung, probe: string): string => rungWords[rung](probe)

function cureOf({ about, tried }: Incident): string {
  if (about !== 'fault') return 'it ended'
  const last = tried.at(-1)
  if (last === undefined) return 'it mended by itself'
  if (last.ok) return `the attempt to ${actWords(last.rung, last.probe)}`
  return `it mended by itself; the last attempt, to ${actWords(last.rung, last.probe)}, had failed`
}

/** `2026-11-24T09:15:02+01:00` is `20261124-0915`. */
const stampOf = (wall: string) =>
  `${wall.slice(0, 10).replaceAll('-', '')}-${wall.slice(11, 16).replace(':', '')}`

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '') || 'probe'

function unusedName(issued: readonly string[], wanted: string): string {
  if (!issued.includes(wanted)) return wanted
  let number = 2
  while (issued.includes(`${wanted}-${number}`)) number += 1
  return `${wanted}-${number}`
}
