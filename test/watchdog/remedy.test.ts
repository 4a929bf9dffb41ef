import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSubject } from '../../watchdog/probe.ts'
import {
  began,
  ended,
  forgotten,
  isRestart,
  mended,
  noRemedies,
  type Remedies,
} from '../../watchdog/remedies.ts'
import { ladderOf, nextAct, planFor, type Patient } from '../../watchdog/remedy.ts'
import type { Rules } from '../../watchdog/rules.ts'
import { momentAt, usualRules } from '../support/watchdog-simulation.ts'

const tftp: ProbeSubject = { kind: 'door', protocol: 'tftp', port: 69 }
const hourMs = 3_600_000

const patientAt = (atMs: number, change: Partial<Patient> = {}): Patient => ({
  incident: 'i',
  probe: 'tftp 69',
  about: tftp,
  flapping: false,
  askedMs: atMs,
  ...change,
})

/** Nothing helps: what is done when, in seconds, as long as it stays down. Looked at every second. */
function played(
  untilMs: number,
  rules: Rules = usualRules,
  change: Partial<Patient> = {},
  actIsOk = true,
): string[] {
  let remedies: Remedies = noRemedies
  const acts: string[] = []
  for (let atMs = 0; atMs <= untilMs; atMs += 1_000) {
    const act = nextAct([patientAt(atMs, change)], remedies, momentAt(atMs), rules)
    if (act === undefined) continue
    acts.push(`${act.rung} ${atMs / 1_000}`)
    remedies = ended(began(remedies, act), [act.probe], actIsOk, momentAt(atMs), rules)
  }
  return acts
}

test('a door is opened anew, then the file server restarted gracefully, then hard, later each time', () => {
  assert.deepEqual(played(1_000_000), ['reopen 0', 'graceful 20', 'hard 80', 'hard 200'])
})

test('the file server as a whole begins with a restart', () => {
  assert.deepEqual(played(1_000_000, usualRules, { about: { kind: 'process' } }), [
    'graceful 0',
    'hard 60',
    'hard 180',
  ])
})

test('an attempt that failed makes room for the next one soon', () => {
  assert.deepEqual(played(1_000_000, usualRules, {}, false), [
    'reopen 0',
    'graceful 10',
    'hard 20',
    'hard 80',
  ])
})

test('after an hour there is room for one more, and so on', () => {
  const acts = played(3 * hourMs, usualRules, { about: { kind: 'process' } })
  assert.deepEqual(acts.slice(0, 5), ['graceful 0', 'hard 60', 'hard 180', 'hard 3600', 'hard 4080'])
})

for (const kind of ['machine', 'refusal'] as const) {
  test(`nothing is done about ${kind}, and that is not called giving up`, () => {
    assert.deepEqual(played(100_000, usualRules, { about: { kind } }), [])
    const plan = planFor(patientAt(0, { about: { kind } }), noRemedies, 0, usualRules)
    assert.equal(plan.do === 'nothing' && plan.final, false)
  })
}

for (const { what, rules, acts } of [
  { what: 'acting is switched off', rules: { mayAct: false }, acts: [] },
  { what: 'nothing is allowed', rules: { reopensPerHour: 0, restartsPerHour: 0 }, acts: [] },
  {
    what: 'no restarts are allowed',
    rules: { restartsPerHour: 0, reopensPerHour: 2 },
    acts: ['reopen 0', 'reopen 20'],
  },
  {
    what: 'nobody can restart',
    rules: { mayRestart: false, reopensPerHour: 2 },
    acts: ['reopen 0', 'reopen 20'],
  },
  {
    what: 'no reopens are allowed',
    rules: { reopensPerHour: 0, restartsPerHour: 2 },
    acts: ['graceful 0', 'hard 60'],
  },
] as const) {
  test(`when ${what}, ${acts.length === 0 ? 'nothing is done' : `this is: ${acts.join(', ')}`}`, () => {
    assert.deepEqual(played(1_000_000, { ...usualRules, ...rules }), acts)
  })
}

test('with a pair, the other node is asked to take over when a hard restart did not help, once in an hour', () => {
  const acts = played(1_000_000, { ...usualRules, hasPair: true })
  assert.deepEqual(acts, ['reopen 0', 'graceful 20', 'hard 80', 'hand over 140', 'hard 200'])
  assert.deepEqual(ladderOf(tftp, usualRules).includes('hand over'), false)
})

test('what comes and goes gets the smallest thing only, within its budget', () => {
  const acts = played(hourMs - 1_000, usualRules, { flapping: true })
  assert.ok(acts.length > 0 && acts.length <= 6, acts.join())
  assert.ok(acts.every((act) => act.startsWith('reopen')))
})

test('the next attempt waits until the probe was asked after the one before', () => {
  assert.deepEqual(played(1_000_000, usualRules, { askedMs: -1 }), ['reopen 0'])
})

test('only one thing is done at a time', () => {
  const act = nextAct([patientAt(0)], noRemedies, momentAt(0), usualRules)
  assert.ok(act)
  const other = patientAt(0, { probe: 'http 80', about: { kind: 'process' } })
  assert.equal(nextAct([other], began(noRemedies, act), momentAt(1_000), usualRules), undefined)
})

test('a restart counts for all that were down: none of them is restarted for again at once', () => {
  const process = patientAt(0, { probe: 'file server', about: { kind: 'process' } })
  const act = nextAct([process], noRemedies, momentAt(0), usualRules)
  assert.ok(act && isRestart(act.rung))
  const remedies = ended(began(noRemedies, act), ['file server', 'tftp 69'], true, momentAt(0), usualRules)
  assert.equal(nextAct([patientAt(59_000)], remedies, momentAt(59_000), usualRules), undefined)
})

test('what mended is done again the next time, what did not is passed over until it is forgotten', () => {
  const act = nextAct([patientAt(0)], noRemedies, momentAt(0), usualRules)
  assert.ok(act)
  const tried = ended(began(noRemedies, act), ['tftp 69'], true, momentAt(0), usualRules)
  const planAt = (remedies: Remedies) => planFor(patientAt(600_000), remedies, 600_000, usualRules).do
  assert.equal(planAt(tried), 'graceful')
  assert.equal(planAt(mended(tried, 'tftp 69')), 'reopen')
  assert.equal(planAt(forgotten(tried, () => true, true)), 'reopen')
  assert.equal(planAt(forgotten(tried, (probe) => probe !== 'tftp 69', false)), 'graceful')
})

test('forgetting does not give back what was spent of the hour', () => {
  let remedies = noRemedies
  for (let atMs = 0; atMs < 3; atMs += 1) {
    const act = {
      rung: 'hard',
      incident: 'i',
      probe: 'file server',
      startedMs: atMs,
      startedWall: '',
    } as const
    remedies = ended(began(remedies, act), ['file server'], true, momentAt(atMs), usualRules)
  }
  const patient = patientAt(1_000_000, { probe: 'file server', about: { kind: 'process' } })
  const plan = planFor(
    patient,
    forgotten(remedies, () => true, true),
    1_000_000,
    usualRules,
  )
  assert.equal(plan.do, 'nothing')
})

test('it is given up only when the effect of the last attempt is known', () => {
  const rules = { ...usualRules, restartsPerHour: 1 }
  const process = { probe: 'file server', about: { kind: 'process' } } as const
  const act = nextAct([patientAt(0, process)], noRemedies, momentAt(0), rules)
  assert.ok(act)
  const remedies = ended(began(noRemedies, act), ['file server'], true, momentAt(0), rules)
  const isFinal = (atMs: number, askedMs: number) => {
    const plan = planFor(patientAt(atMs, { ...process, askedMs }), remedies, atMs, rules)
    return plan.do === 'nothing' && plan.final
  }
  assert.equal(isFinal(59_000, 59_000), false)
  assert.equal(isFinal(60_000, -1), false)
  assert.equal(isFinal(60_000, 60_000), true)
})
