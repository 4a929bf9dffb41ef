import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect, Event } from '../../watchdog/events.ts'
import type { Finding } from '../../watchdog/probe.ts'
import type { Rung } from '../../watchdog/remedies.ts'
import type { Rules } from '../../watchdog/rules.ts'
import { begin, type State } from '../../watchdog/supervision.ts'
import { step } from '../../watchdog/supervisor.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import {
  blind,
  door,
  missed,
  momentAt,
  ok,
  other,
  quickRules,
  server,
} from '../support/watchdog-simulation.ts'

const rules: Rules = {
  ...quickRules,
  intervalMs: 10_000,
  failureLimit: 2,
  graceMs: 1_000,
  reopensPerHour: 3,
  restartsPerHour: 2,
  hasPair: true,
  stallMs: 200_000,
}
const asked = [
  server,
  door('http', 80, ['file server', 'disk of data']),
  door('tftp', 69),
  door('ftp', 21),
  other('disk of data', 'machine'),
  other('forbidden path', 'refusal'),
]

const findings: readonly Finding[] = [ok, missed(), { ...ok, warning: 'ends in 9 days' }, blind].map(
  (finding) => (finding.outcome === 'blind' ? finding : { ...finding, ms: 1 }),
)

/** What a person, the world or chance does next, and how long after. */
const happening = fc.record({
  gapMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
    { weight: 3, arbitrary: fc.constant(120_000) },
    { weight: 1, arbitrary: fc.integer({ min: 300_000, max: 1_000_000 }) },
  ),
  chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  what: fc.oneof(
    { weight: 20, arbitrary: fc.constant('misses' as const) },
    { weight: 16, arbitrary: fc.constant('answers' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom('tick', 'acted', 'failed', 'warns', 'blind', 'anew' as const),
    },
    { weight: 1, arbitrary: fc.constantFrom('acknowledge', 'snooze', 'maintenance on', 'maintenance off') },
  ),
  /** Which probes answer, as bits: troubles come together. */
  who: fc.oneof(fc.constantFrom(0b10, 0b100, 0b1110, 0b111111), fc.integer({ min: 1, max: 63 })),
})
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

test('d113: whatever happens in whatever order, budgets hold, the blind do not act, and each incident is told in order', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 250, size: 'max' }), (happenings) => {
      const witness = new Witness()
      let state = begin(undefined, asked, momentAt(0), rules)
      let atMs = 0
      for (const each of happenings) {
        atMs += each.gapMs
        for (const event of eventsOf(each, state, atMs)) {
          if (event === 'anew') {
            witness.startsAnew()
            state = begin(copied(state), asked, momentAt(atMs), rules)
            continue
          }
          const twin = step(copied(state), event, rules)
          const { state: after, effects } = step(state, event, rules)
          assert.deepEqual(twin.effects, effects, 'stored and loaded it does something else')
          assert.equal(JSON.stringify(twin.state), JSON.stringify(after))
          witness.sees(event, after, effects)
          state = after
        }
      }
    }),
    fuzzRuns(40),
  )
})

const copied = (state: State) => JSON.parse(JSON.stringify(state)) as State

function eventsOf({ what, who, chance }: Happening, state: State, atMs: number): (Event | 'anew')[] {
  const moment = { ...momentAt(atMs), chance }
  const incident = state.incidents.open[0]?.id ?? 'none'
  const rung: Rung = state.remedies.acting?.rung ?? 'hard'
  const found = (index: number, bits = who) =>
    asked
      .filter((_, bit) => (bits & (1 << bit)) !== 0)
      .map(({ name }): Event => ({ ...moment, type: 'finding', name, finding: findings[index] ?? ok }))
  switch (what) {
    case 'answers':
      return found(0, who % 4 === 1 ? who : 0b111111)
    case 'misses':
      return found(1)
    case 'warns':
      return found(2)
    case 'blind':
      return [...found(3).slice(0, 1), ...found(3).slice(0, 1)]
    case 'tick':
      return [{ ...moment, type: 'tick' }]
    case 'acted':
    case 'failed':
      return [{ ...moment, type: 'acted', rung, ok: what === 'acted', why: '' }]
    case 'anew':
      return ['anew']
    case 'acknowledge':
      return [{ ...moment, type: 'acknowledge', incident, by: 'eva' }]
    case 'snooze':
      return [{ ...moment, type: 'snooze', incident, untilMs: atMs + 60_000, by: 'eva' }]
    case 'maintenance on':
      return [{ ...moment, type: 'maintenance on', untilMs: atMs + 20_000, why: 'a new switch' }]
    case 'maintenance off':
      return [{ ...moment, type: 'maintenance off' }]
  }
}

const hourMs = 3_600_000

/** Remembers all that was done and said, and objects. */
class Witness {
  readonly #acts: { what: string; atMs: number }[] = []
  readonly #toldOf = new Map<string, string[]>()
  readonly #openedMs = new Map<string, number>()
  #isUnderWay = false

  /** What was under way is nobody's any more. */
  startsAnew(): void {
    this.#isUnderWay = false
  }

  sees(event: Event, state: State, effects: readonly Effect[]): void {
    const isUnreported = effects.some((effect) => 'what' in effect && effect.what === 'act unreported')
    if (event.type === 'acted' || isUnreported) this.#isUnderWay = false
    for (const effect of effects) {
      if (effect.do === 'tell') this.#hears(effect.message.incident, effect.message.kind)
      if (effect.do === 'reopen') this.#watches(`reopen ${effect.probe}`, rules.reopensPerHour, state)
      if (effect.do === 'restart') this.#watches('restart', rules.restartsPerHour, state)
      if (effect.do === 'hand over') this.#watches('hand over', 1, state)
    }
    this.#counts(state)
  }

  #watches(what: string, budget: number, { nowMs, maintenance, probes }: State): void {
    assert.equal(maintenance, undefined, `${what} in maintenance`)
    assert.ok(
      Object.values(probes).every(({ verdict }) => verdict.blind === undefined),
      `${what} while blind`,
    )
    assert.ok(!this.#isUnderWay, `${what} while another act is under way`)
    this.#isUnderWay = true
    this.#acts.push({ what, atMs: nowMs })
    const lately = this.#acts.filter((act) => act.what === what && nowMs - act.atMs < hourMs)
    assert.ok(lately.length <= budget, `${what} ${lately.length} times in an hour`)
  }

  #hears(incident: string, kind: string): void {
    const before = this.#toldOf.get(incident) ?? []
    assert.ok(!before.includes('recovered'), `${kind} of ${incident} after its end`)
    if (kind === 'down' || kind === 'gave up')
      assert.ok(!before.includes(kind), `${kind} of ${incident} twice`)
    const isFirst = before.length === 0
    assert.equal(
      isFirst,
      isFirst && /^(?:down|warning|blind|flapping)$/.test(kind),
      `${incident} begins with ${kind}`,
    )
    this.#toldOf.set(incident, [...before, kind])
  }

  #counts({ incidents }: State): void {
    assert.ok(incidents.closed.length <= 200)
    const all = [...incidents.open, ...incidents.closed]
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'a name twice')
    for (const { id, openedMs } of all) {
      assert.equal(this.#openedMs.get(id) ?? openedMs, openedMs, `${id} was given twice`)
      this.#openedMs.set(id, openedMs)
    }
  }
}
