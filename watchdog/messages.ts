import { actWords, type ClosedIncident, type Incident } from './incidents.ts'
import type { Message } from './message.ts'
import type { ProbeSubject } from './probe.ts'

/** The words people are told incidents with. What comes from outside is printable already. */

export interface Telling {
  node: string
  wall: string
  atMs: number
  /** Which phones are hurt; empty if that is not known. */
  hurt: string
  about: ProbeSubject | undefined
  /** What is being done, or why nothing is. */
  next: string
}

export type Kind = 'down' | 'reminder' | 'warning' | 'blind' | 'flapping' | 'gave up'

/** Everything but the end. */
export function messageOf(kind: Kind, incident: Incident, telling: Telling): Message {
  const { hurt, next, atMs } = telling
  const isFault = incident.about === 'fault'
  return {
    ...envelope(incident, telling),
    kind,
    severity: incident.severity,
    subject: oneLine(`${telling.node}: ${headline(kind, incident, atMs)}`),
    text: paragraphs([
      sentence(incident.why),
      `Since ${shown(incident.opened)}, for ${lengthOf(atMs - incident.openedMs)}.`,
      ...(incident.probes.length > 1 ? [`Affected: ${incident.probes.join(', ')}.`] : []),
      ...(isFault && hurt !== '' ? [`Phones: ${hurt}`] : []),
      ...triedOf(incident),
      ...(isFault ? [`Now: ${next}.`] : []),
      `What to do: ${adviceOf(kind, incident, telling.about)}`,
    ]),
  }
}

export function recoveryOf(incident: ClosedIncident, telling: Telling): Message {
  const length = lengthOf(incident.closedMs - incident.openedMs)
  const what = nameOf(incident)
  const ends: Record<Incident['about'], string> = {
    fault: `${what} is well again after ${length}`,
    warning: `${what}: the warning is over after ${length}`,
    drift: `${what} answers as fast as usual again after ${length}`,
    blind: `the watchdog sees again after ${length}`,
  }
  return {
    ...envelope(incident, telling),
    kind: 'recovered',
    severity: incident.severity,
    subject: oneLine(`${telling.node}: ${ends[incident.about]}`),
    text: paragraphs([
      `From ${shown(incident.opened)} to ${shown(incident.closed)}, ${length}.`,
      sentence(`It began with: ${incident.why}`),
      ...(incident.probes.length > 1 ? [`Affected were: ${incident.probes.join(', ')}.`] : []),
      ...(incident.about === 'fault' ? [`What mended it: ${incident.cure}.`] : []),
      ...triedOf(incident),
    ]),
  }
}

/** `4 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function lengthOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}

function headline(kind: Kind, incident: Incident, atMs: number): string {
  const what = nameOf(incident)
  const length = lengthOf(atMs - incident.openedMs)
  switch (kind) {
    case 'down':
      return `${what} is down`
    case 'reminder':
      return `${incident.flapping === true ? `${what} comes and goes` : `${what} is still down`}, for ${length} now`
    case 'warning':
      return `${what}: ${incident.why}`
    case 'blind':
      return `the watchdog cannot see: ${incident.why}`
    case 'flapping':
      return `${what} comes and goes`
    case 'gave up':
      return `${what} stays down, the watchdog gave up`
  }
}

/** `http 80`, or `http 80 and 8 more`. */
function nameOf({ about, probe, probes }: Incident): string {
  if (about === 'blind') return 'the watchdog'
  return probes.length > 1 ? `${probe} and ${probes.length - 1} more` : probe
}

function triedOf({ tried }: Incident): string[] {
  if (tried.length === 0) return []
  const lines = tried.map(({ rung, probe, began, ok, why }) => {
    const how = ok ? 'done' : 'failed'
    return `  ${shown(began)}  ${actWords(rung, probe)}: ${how}${why === '' ? '' : `, ${why}`}`
  })
  return [['Tried:', ...lines].join('\n')]
}

const doorAdvice =
  '`twintone status` says whether the door is open; look for its port in the log of the file server; restart that if nothing else helps.'

const advice = {
  http: doorAdvice,
  https: `${doorAdvice} For TLS, look at the certificate and its key, and at the clock.`,
  tftp: `${doorAdvice} Another TFTP server on this machine, or a firewall, takes the port as well.`,
  ftp: `${doorAdvice} Phones log in by SNMP: look at that path and at the passive ports, too.`,
  process:
    'look at `systemctl status` and the log of the file server, and at the evidence kept with this incident; start it by hand.',
  machine:
    'make room on the disk, or mend the clock, memory or certificate it names; a restart of the file server does not help.',
  refusal:
    'something that must be refused is allowed: close the port to strangers, then look at the access lists and passwords.',
} as const

function adviceOf(kind: Kind, { about }: Incident, subject: ProbeSubject | undefined): string {
  if (about === 'blind')
    return 'look at this machine: the watchdog does not mend anything while it cannot see.'
  if (about === 'drift')
    return 'it works; look at the load of the machine, its disks and its network before it fails.'
  if (about === 'warning' && kind === 'warning') return 'it works; mend it before it does not.'
  if (subject === undefined) return 'see `watchdog status`.'
  return advice[subject.kind === 'door' ? subject.protocol : subject.kind]
}

const envelope = ({ id }: Incident, { node, wall }: Telling) => ({ incident: id, node, at: wall })

/** The time of the place, without fractions. */
const shown = (wall: string) => `${wall.slice(0, 19).replace('T', ' ')}${wall.endsWith('Z') ? ' UTC' : ''}`

const paragraphs = (parts: readonly string[]) => `${parts.join('\n\n')}\n`

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`)

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 200)
