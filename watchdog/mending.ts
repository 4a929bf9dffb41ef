import type { Draft } from './draft.ts'
import { actWords, faultOf, withTried, type Incident } from './incidents.ts'
import { lengthOf } from './messages.ts'
import { began, ended, forgotten, isRestart, type Act, type Rung } from './remedies.ts'
import { ladderOf, nextAct, planFor, type Patient } from './remedy.ts'
import type { Watched } from './supervision.ts'
import { isInTrouble } from './verdict.ts'

/** Does the next thing about what is down, if its time has come, and says so when nothing is left to do. */
export function mend(draft: Draft): void {
  forget(draft)
  endUnreported(draft)
  const isBusy = draft.state.remedies.acting !== undefined
  if (isBusy || draft.inMaintenance || draft.isBlind) return
  const patients = patientsOf(draft)
  const act = nextAct(patients, draft.state.remedies, draft.now, draft.rules)
  if (act !== undefined) start(draft, act)
  else tellGivenUp(draft, patients)
}

/** The act has ended: it counts for all it was meant for, and their answers are awaited. */
export function acted(draft: Draft, rung: Rung, ok: boolean, why: string): void {
  const { remedies } = draft.state
  const { acting } = remedies
  if (acting?.rung !== rung) return
  const served = isRestart(rung) || rung === 'hand over' ? inTrouble(draft) : [acting.probe]
  const probes = [...new Set([acting.probe, ...served])]
  draft.set({ remedies: ended(remedies, probes, ok, draft.now, draft.rules) })
  const tried = { rung, probe: acting.probe, began: acting.startedWall, endedMs: draft.now.atMs, ok, why }
  const ids = new Set(probes.map((probe) => faultOf(draft.state.incidents, probe)?.id))
  for (const incident of draft.state.incidents.open) {
    if (ids.has(incident.id) || incident.id === acting.incident) draft.setIncident(withTried(incident, tried))
  }
  if (isRestart(rung)) giveGrace(draft)
  for (const name of isRestart(rung) ? Object.keys(draft.state.probes) : probes) draft.probeSoon(name)
}

/** What is done about an incident now, or why nothing is, in words. */
export function nextWords(draft: Draft, incident: Incident): string {
  const { acting } = draft.state.remedies
  if (acting?.incident === incident.id) return `trying to ${actWords(acting.rung, acting.probe)}`
  if (draft.inMaintenance) return 'nothing is done during maintenance'
  if (draft.isBlind) return 'nothing is done while the watchdog cannot see'
  const name = incident.probes.find((each) => draft.state.probes[each]?.verdict.health === 'down')
  const watched = name === undefined ? undefined : draft.state.probes[name]
  if (name === undefined || watched === undefined) return 'waiting whether it stays well'
  const culprit = machineInTrouble(draft, watched)
  if (culprit !== undefined) return `nothing is done: ${culprit} is in trouble, and no restart mends that`
  return planWords(draft, patientOf(incident, name, watched))
}

function planWords({ state, now, rules }: Draft, patient: Patient): string {
  const plan = planFor(patient, state.remedies, now.atMs, rules)
  if (plan.do !== 'nothing') {
    const leftMs = plan.fromMs - now.atMs
    const when = leftMs > 0 ? `in ${lengthOf(leftMs)}` : 'as soon as it was asked anew'
    return `the watchdog will ${actWords(plan.do, patient.probe)}, ${when}, if it is still down`
  }
  const [would] = rules.mayAct ? [] : ladderOf(patient.about, rules)
  const wouldDo = would === undefined ? '' : `; it would ${actWords(would, patient.probe)}`
  return `nothing is done: ${plan.why}${wouldDo}`
}

function patientsOf(draft: Draft): Patient[] {
  const { state, now } = draft
  return state.incidents.open.flatMap((incident) =>
    incident.about !== 'fault' || incident.told === undefined
      ? []
      : incident.probes.flatMap((name) => {
          const watched = state.probes[name]
          if (watched === undefined || machineInTrouble(draft, watched) !== undefined) return []
          const { health, behind, graceUntilMs, askedMs } = watched.verdict
          const isDown = health === 'down' && behind === undefined
          const isSeen = now.atMs >= graceUntilMs && askedMs >= state.sightMs - 1
          return isDown && isSeen ? [patientOf(incident, name, watched)] : []
        }),
  )
}

const patientOf = ({ id }: Incident, probe: string, { about, verdict }: Watched): Patient => ({
  incident: id,
  probe,
  about,
  flapping: verdict.flapping === true,
  askedMs: verdict.askedMs,
})

/** A full disk under a door: opening the door anew does not help. */
const machineInTrouble = ({ state }: Draft, { dependsOn }: Watched): string | undefined =>
  dependsOn.find((name) => {
    const needed = state.probes[name]
    return needed?.about.kind === 'machine' && isInTrouble(needed.verdict)
  })

const inTrouble = (draft: Draft): string[] =>
  draft.probes
    .filter(([, { verdict }]) => isInTrouble(verdict) || verdict.behind !== undefined)
    .map(([name]) => name)

function start(draft: Draft, act: Act): void {
  draft.set({ remedies: began(draft.state.remedies, act) })
  const { incident, probe, rung } = act
  const about = draft.state.probes[probe]?.about
  const reason = draft.state.probes[probe]?.verdict.why ?? ''
  const { effects } = draft
  if (rung === 'reopen') {
    if (about?.kind === 'door') {
      effects.push({ do: 'reopen', protocol: about.protocol, port: about.port, incident, probe })
    }
    return
  }
  if (!isRestart(rung)) effects.push({ do: 'hand over', incident, probe, reason })
  else {
    effects.push({ do: 'evidence', incident })
    effects.push({ do: 'restart', how: rung, incident, probe, reason })
  }
}

function tellGivenUp(draft: Draft, patients: readonly Patient[]): void {
  for (const patient of patients) {
    const incident = draft.state.incidents.open.find(({ id }) => id === patient.incident)
    if (incident === undefined || incident.gaveUp === true || incident.tried.length === 0) continue
    const plan = planFor(patient, draft.state.remedies, draft.now.atMs, draft.rules)
    if (plan.do === 'nothing' && plan.final) draft.tell('gave up', { ...incident, gaveUp: true })
  }
}

/** Nobody will report it any more: the shell was started anew, or lost it. */
function endUnreported(draft: Draft): void {
  const { acting } = draft.state.remedies
  if (acting === undefined || draft.now.atMs - acting.startedMs < draft.rules.actLimitMs) return
  const why = 'its end was never reported'
  draft.effects.push({ do: 'note', what: 'act unreported', why })
  acted(draft, acting.rung, false, why)
}

function giveGrace(draft: Draft): void {
  const graceUntilMs = draft.now.atMs + draft.rules.graceMs
  for (const [name, { verdict }] of draft.probes) {
    if (verdict.health !== 'down' && verdict.health !== 'recovering') {
      draft.setVerdict(name, { ...verdict, graceUntilMs })
    }
  }
}

function forget(draft: Draft): void {
  const { now, rules, state } = draft
  const isLongWell = (name: string) => {
    const verdict = state.probes[name]?.verdict
    if (verdict === undefined) return true
    return verdict.health === 'ok' && now.atMs - (verdict.lastMissMs ?? -Infinity) >= rules.healthyMs
  }
  const allWell = Object.keys(state.probes).every(isLongWell)
  const remedies = forgotten(state.remedies, isLongWell, allWell)
  if (remedies !== state.remedies) draft.set({ remedies })
}
