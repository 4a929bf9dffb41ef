import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  blind,
  door,
  missed,
  nineDoors,
  ok,
  other,
  quickRules,
  server,
  Simulation,
  usualRules,
  type World,
} from '../support/watchdog-simulation.ts'

/** Everything answers, but for what is dead now. Acts mend what they are said to mend. */
function worldOf(mends: Record<string, (rung: string, probe: string) => void> = {}) {
  const dead = new Set<string>()
  const world: World = {
    find: (name) => (dead.has(name) ? missed() : ok),
    act: (rung, probe) => {
      mends[rung]?.(rung, probe)
      return { ms: 500, ok: true, why: '' }
    },
  }
  return { dead, world }
}

const all = [server, ...nineDoors]

test('a killed file server is restarted within five seconds of the first miss, once, in one incident', () => {
  const { dead, world } = worldOf({ graceful: () => dead.clear() })
  const simulation = new Simulation(all, world).run(20_000)
  for (const { name } of all) dead.add(name)
  simulation.run(120_000)
  const firstMiss = simulation.done.find(
    ({ effect }) => effect.do === 'note' && 'to' in effect && effect.to === 'suspect',
  )
  assert.ok((simulation.when('restart') ?? Infinity) - (firstMiss?.atMs ?? 0) < 5_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down', 'recovered'],
  )
  assert.equal(new Set(simulation.messages.map(({ incident }) => incident)).size, 1)
  assert.equal(simulation.state.incidents.closed[0]?.probes.length, 10)
})

test('d115: hours on the clock on the wall, back and forth, change nothing', () => {
  const { world } = worldOf()
  const simulation = new Simulation(all, world).run(20_000)
  simulation.wallShiftMs = 7_200_000
  simulation.run(40_000)
  simulation.wallShiftMs = -36_000_000
  simulation.run(60_000)
  assert.deepEqual([simulation.acts, simulation.told], [[], []])
  assert.ok(Object.values(simulation.state.probes).every(({ verdict }) => verdict.health === 'ok'))
})

test('d115: what was asked before the watchdog stood still is not judged, only asked again', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation(all, world, { ...quickRules, failureLimit: 1 }).run(20_050)
  for (const { name } of all) dead.add(name)
  simulation.run(21_100) // the questions are under way
  dead.clear()
  simulation.standStill(3_600_000)
  const before = simulation.done.length
  simulation.run(simulation.atMs + 30_000)
  const since = simulation.done.slice(before).map(({ effect }) => effect)
  assert.ok(since.some((effect) => effect.do === 'note' && 'what' in effect && effect.what === 'stood still'))
  assert.ok(!since.some(({ do: what }) => what === 'tell' || what === 'restart' || what === 'reopen'))
})

test('after standing still nothing is done about what was down before it was asked anew', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server], world).run(20_000)
  dead.add('file server')
  simulation.run(25_900)
  const acts = simulation.acts.length
  simulation.standStill(600_000)
  dead.clear()
  simulation.run(simulation.atMs + 20_000)
  assert.equal(simulation.acts.length, acts)
})

test('a deaf door is opened anew, and nothing else happens', () => {
  const { dead, world } = worldOf({ reopen: (_, probe) => dead.delete(probe) })
  const simulation = new Simulation(all, world).run(20_000)
  dead.add('tftp 69')
  simulation.run(120_000)
  assert.deepEqual(simulation.acts, ['reopen tftp 69'])
  assert.deepEqual(simulation.told, ['down: tftp 69 is down', 'recovered: tftp 69 is well again after 5 s'])
  assert.match(simulation.messages[0]?.text ?? '', /Now: trying to open tftp 69 anew/)
  assert.match(simulation.messages[1]?.text ?? '', /What mended it: the attempt to open tftp 69 anew/)
})

test('a file server that hangs is restarted gracefully, and hard when that fails', () => {
  const { dead, world } = worldOf()
  const hanging: World = {
    ...world,
    act: (rung) => {
      if (rung === 'hard') dead.clear()
      return { ms: 2_000, ok: rung === 'hard', why: rung === 'hard' ? '' : 'it does not end' }
    },
  }
  const simulation = new Simulation(all, hanging).run(20_000)
  for (const { name } of all) dead.add(name)
  simulation.run(60_000)
  assert.deepEqual(simulation.acts, ['restart graceful', 'restart hard'])
  assert.ok((simulation.state.incidents.closed[0]?.closedMs ?? Infinity) < 35_000)
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down', 'recovered'],
  )
})

test('each restart is preceded by its evidence, and followed by the message', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server], world).run(10_000)
  dead.add('file server')
  simulation.run(15_000)
  const kinds = simulation.done.map(({ effect }) => effect.do).filter((what) => what !== 'note')
  assert.deepEqual(kinds.slice(0, 3), ['evidence', 'restart', 'tell'])
})

test('d113: a file server that dies again and again gets its budget of restarts, one word that we gave up, and reminders', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server, door('http', 80)], world).run(10_000)
  dead.add('file server').add('http 80')
  simulation.run(3_500_000)
  assert.deepEqual(simulation.acts, ['restart graceful', 'restart hard', 'restart hard'])
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down', 'gave up', 'reminder', 'reminder'],
  )
})

for (const { ms, kinds } of [
  { ms: 10, kinds: ['down', 'recovered', 'down', 'recovered', 'down', 'flapping', 'recovered'] },
  { ms: 500, kinds: ['flapping', 'recovered'] }, // two misses each time: never down
]) {
  test(`d113: a door that is up three seconds and down three for two minutes costs its budget at most, and one notice (${ms} ms)`, () => {
    const flapping: World = {
      find: (name, atMs) =>
        name === 'http 80' && atMs > 20_000 && atMs < 140_000 && Math.floor(atMs / 3_000) % 2 === 0
          ? { outcome: 'missed', ms, why: 'connection refused' }
          : ok,
    }
    const simulation = new Simulation(all, flapping).run(900_000)
    assert.ok(simulation.acts.length <= 6, simulation.acts.join())
    assert.ok(simulation.acts.every((act) => act === 'reopen http 80'))
    assert.deepEqual(
      simulation.messages.map(({ kind }) => kind),
      kinds,
    )
  })
}

test('what flapped and then stays down is said to be, and mended as anything else', () => {
  const simulation = new Simulation([server, door('http', 80)], {
    find: (name, atMs) =>
      name === 'http 80' && atMs > 20_000 && (atMs > 140_000 || Math.floor(atMs / 3_000) % 2 === 0)
        ? { outcome: 'missed', ms: 10, why: 'connection refused' }
        : ok,
  }).run(900_000)
  assert.ok(simulation.acts.includes('restart graceful'))
  assert.match(simulation.told.find((line) => line.startsWith('reminder')) ?? '', /http 80 is still down/)
})

test('nobody hears of misses that pass', () => {
  const simulation = new Simulation(all, {
    find: (name, atMs) => (name === 'http 80' && Math.floor(atMs / 1_000) % 20 < 2 ? missed() : ok),
  }).run(120_000)
  assert.deepEqual([simulation.acts, simulation.told], [[], []])
  assert.deepEqual(simulation.state.incidents.closed, [])
})

test('a blind watchdog does nothing, says so once, and again when it sees', () => {
  const dark: World = {
    find: (name, atMs) => {
      if (atMs < 20_000 || atMs > 80_000) return ok
      return name.startsWith('ftp') ? blind : missed()
    },
  }
  const simulation = new Simulation(all, dark).run(200_000)
  assert.deepEqual(simulation.acts, [])
  assert.deepEqual(
    simulation.told.filter((line) => /blind|sees/.test(line)),
    [
      'blind: the watchdog cannot see: its own address 127.6.9.1 is gone',
      'recovered: the watchdog sees again after 58 s',
    ],
  )
  assert.match(
    simulation.messages.find(({ kind }) => kind === 'down')?.text ?? '',
    /nothing is done while the watchdog cannot see/,
  )
})

test('findings of a blind watchdog alone make no incident of any door', () => {
  const simulation = new Simulation(all, { find: (_, atMs) => (atMs < 20_000 ? ok : blind) }).run(120_000)
  assert.deepEqual(simulation.acts, [])
  assert.deepEqual(
    simulation.state.incidents.open.map(({ about }) => about),
    ['blind'],
  )
  assert.equal(simulation.messages.length, 1)
})

test('in maintenance nothing is judged, done or told, and it ends by itself', () => {
  const { dead, world } = worldOf({ graceful: () => dead.clear() })
  const simulation = new Simulation(all, world).run(20_000)
  simulation.happens({ type: 'maintenance on', untilMs: 600_000, why: 'new switch' })
  for (const { name } of all) dead.add(name)
  simulation.run(599_000)
  assert.deepEqual([simulation.acts, simulation.told], [[], []])
  simulation.run(620_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
})

test('maintenance can be ended before its time', () => {
  const { dead, world } = worldOf({ graceful: () => dead.clear() })
  const simulation = new Simulation([server], world).run(10_000)
  simulation.happens({ type: 'maintenance on', untilMs: 600_000, why: 'new switch' })
  dead.add('file server')
  simulation.run(20_000).happens({ type: 'maintenance off' })
  simulation.run(30_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
})

test('a watchdog that may only tell says what it would do', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation(all, world, { ...quickRules, mayAct: false }).run(20_000)
  dead.add('tftp 69')
  simulation.run(120_000)
  assert.deepEqual([simulation.acts, simulation.told], [[], ['down: tftp 69 is down']])
  assert.match(simulation.messages[0]?.text ?? '', /acting is switched off.*it would open tftp 69 anew/)
})

test('d116: a full disk restarts nothing: a warning, and critical once a door cannot save', () => {
  const disk = other('disk of data', 'machine')
  const doors = [
    door('http', 80, ['file server', 'disk of data']),
    door('ftp', 21, ['file server', 'disk of data']),
  ]
  const { dead, world } = worldOf()
  const simulation = new Simulation([server, disk, ...doors], world).run(20_000)
  dead.add('disk of data')
  simulation.run(60_000)
  dead.add('http 80').add('ftp 21')
  simulation.run(120_000)
  dead.clear()
  simulation.run(140_000)
  assert.deepEqual(simulation.acts, [])
  assert.deepEqual(
    simulation.messages.map(({ kind, severity }) => `${kind} ${severity}`),
    ['warning warning', 'down critical', 'recovered critical'],
  )
  assert.equal(new Set(simulation.messages.map(({ incident }) => incident)).size, 1)
})

test('d116: when the doors notice the full disk first, it is one message all the same', () => {
  const disk = other('disk of data', 'machine')
  const { dead, world } = worldOf()
  const simulation = new Simulation(
    [server, disk, door('http', 80, ['file server', 'disk of data'])],
    world,
    { ...usualRules, graceMs: 0 },
  ).run(200_000)
  dead.add('http 80')
  simulation.run(210_000)
  dead.add('disk of data')
  simulation.run(500_000)
  assert.deepEqual(simulation.acts, [])
  assert.equal(new Set(simulation.messages.map(({ incident }) => incident)).size, 1)
})

test('a door that breaks while the disk is nearly full, but does not need it, is mended', () => {
  const { dead, world } = worldOf({ reopen: (_, probe) => dead.delete(probe) })
  const simulation = new Simulation([server, other('disk of log', 'machine'), door('tftp', 69)], world).run(
    20_000,
  )
  dead.add('disk of log')
  simulation.run(60_000)
  dead.add('tftp 69')
  simulation.run(80_000)
  assert.deepEqual(simulation.acts, ['reopen tftp 69'])
})

test('what must be refused and is allowed is told, and nothing is restarted for it', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([...all, other('forbidden path', 'refusal')], world).run(20_000)
  dead.add('forbidden path')
  simulation.run(60_000)
  assert.deepEqual([simulation.acts, simulation.told], [[], ['down: forbidden path is down']])
})

test('with a limit of one, a door is not blamed before the file server was asked', () => {
  const { dead, world } = worldOf({ graceful: () => dead.clear() })
  const rules = { ...quickRules, intervalMs: 30_000, suspectMs: 2_000, failureLimit: 1 }
  const simulation = new Simulation([...nineDoors, server], world, rules).run(100_000)
  for (const { name } of all) dead.add(name)
  simulation.run(200_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
  assert.deepEqual(
    simulation.told.map((line) => line.replace(/ and \d more| after .*/g, '')),
    ['down: file server is down', 'recovered: file server is well again'],
  )
})

test('two doors that fail at the same time are one incident, and each is opened anew', () => {
  const { dead, world } = worldOf({ reopen: (_, probe) => dead.delete(probe) })
  const simulation = new Simulation(all, world).run(20_000)
  dead.add('http 80').add('tftp 69')
  simulation.run(60_000)
  assert.deepEqual(simulation.acts.toSorted(), ['reopen http 80', 'reopen tftp 69'])
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down', 'recovered'],
  )
})

test('two doors that fail far apart are two incidents', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation(all, world, { ...quickRules, mayAct: false }).run(20_000)
  dead.add('http 80')
  simulation.run(60_000)
  dead.add('tftp 69')
  simulation.run(80_000)
  assert.deepEqual(simulation.told, ['down: http 80 is down', 'down: tftp 69 is down'])
})

test('a certificate that ends soon is one warning, however the days go, and its end is told', () => {
  let days = 9
  const simulation = new Simulation([server, door('https', 411)], {
    find: (name) => (name === 'file server' || days > 30 ? ok : { ...ok, warning: `ends in ${days} days` }),
  }).run(20_000)
  days = 8
  simulation.run(60_000)
  days = 365
  simulation.run(80_000)
  assert.deepEqual(
    simulation.messages.map(
      ({ kind, severity, subject }) => `${kind} ${severity} ${subject.replace(/ after .*/, '')}`,
    ),
    [
      'warning warning pbx-a: https 411: ends in 9 days',
      'recovered warning pbx-a: https 411: the warning is over',
    ],
  )
  assert.equal(simulation.state.incidents.closed[0]?.why, 'ends in 8 days')
})

test('answers that take much longer than they used to are one warning, and its end', () => {
  const simulation = new Simulation([server], {
    find: (_, atMs) => ({ ...ok, ms: atMs > 60_000 && atMs < 120_000 ? 700 : 5 }),
  }).run(200_000)
  assert.deepEqual(
    simulation.told.map((line) => line.replace(/ after .*| ms.*/, '')),
    ['warning: file server: answers take 700', 'recovered: file server answers as fast as usual again'],
  )
})

test('who acknowledges is not reminded, who snoozes is when the time is over', () => {
  const { dead, world } = worldOf()
  const told = (how: 'acknowledge' | 'snooze') => {
    dead.clear()
    const simulation = new Simulation([server], world, { ...quickRules, mayAct: false }).run(10_000)
    dead.add('file server')
    simulation.run(20_000)
    const incident = simulation.state.incidents.open[0]?.id ?? ''
    simulation.happens({ type: how, incident, by: 'eva', untilMs: 1_000_000 })
    simulation.run(990_000)
    const quiet = simulation.messages.length
    simulation.run(1_100_000)
    return [quiet, simulation.messages.length]
  }
  assert.deepEqual(told('acknowledge'), [1, 1])
  assert.deepEqual(told('snooze'), [1, 2])
})

test('phones that are hurt are in the message', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server], world).run(10_000)
  simulation.happens({ type: 'hurt', text: '3 phones: 10.0.0.4, 10.0.0.5, 10.0.0.6' })
  dead.add('file server')
  simulation.run(20_000)
  assert.match(simulation.messages[0]?.text ?? '', /Phones: 3 phones: 10\.0\.0\.4/)
})

test('an act whose end is never reported counts as failed after its time, and the next is tried', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server], {
    ...world,
    act: (rung) => ({ ms: rung === 'graceful' ? 1e9 : 500, ok: true, why: '' }),
  }).run(10_000)
  dead.add('file server')
  simulation.run(190_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
  simulation.run(200_000)
  assert.deepEqual(simulation.acts, ['restart graceful', 'restart hard'])
})

test('a probe that is no longer asked ends its incident', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server, door('tftp', 69)], world, { ...quickRules, mayAct: false }).run(
    10_000,
  )
  dead.add('tftp 69')
  simulation.run(20_000).startAnew([server])
  simulation.run(30_000)
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down', 'recovered'],
  )
})

test('an open incident stays the same when the watchdog is started anew, and is not told twice', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation(all, world, { ...quickRules, reopensPerHour: 0, restartsPerHour: 0 }).run(
    20_000,
  )
  dead.add('tftp 69')
  simulation.run(30_000)
  const [before] = simulation.state.incidents.open
  simulation.startAnew(all, -5_000_000)
  simulation.run(60_000)
  assert.equal(simulation.state.incidents.open[0]?.id, before?.id)
  assert.deepEqual(simulation.told, ['down: tftp 69 is down'])
  dead.clear()
  simulation.run(90_000)
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down', 'recovered'],
  )
})

test('a watchdog started anew in the middle of a restart does not wait for its end', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server], {
    ...world,
    act: (rung) => ({ ms: rung === 'graceful' ? 1e9 : 500, ok: true, why: '' }),
  }).run(10_000)
  dead.add('file server')
  simulation.run(16_000).startAnew([server])
  simulation.run(28_000)
  assert.deepEqual(simulation.acts, ['restart graceful', 'restart hard'])
})

test('while the file server restarts for one door, the others may miss, and nobody hears of it', () => {
  const { dead, world } = worldOf()
  const restarting: World = {
    ...world,
    act: (rung) => {
      if (rung !== 'graceful') return { ms: 10, ok: false, why: 'no answer from the control socket' }
      for (const { name } of all) dead.add(name)
      return { ms: 4_800, ok: true, why: '' }
    },
  }
  const simulation = new Simulation(all, restarting).run(20_000)
  dead.add('tftp 69')
  simulation.run(34_500) // they miss more often than the limit, during the restart and after it
  dead.clear()
  simulation.run(60_000)
  assert.deepEqual(simulation.acts, ['reopen tftp 69', 'restart graceful'])
  assert.deepEqual(
    simulation.told.map((line) => line.replace(/ after .*/, '')),
    ['down: tftp 69 is down', 'recovered: tftp 69 is well again'],
  )
})

test('a door that does not come back from a restart belongs to the incident that was restarted for', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation(all, {
    ...world,
    act: (rung) => {
      if (rung === 'graceful') dead.delete('tftp 69')
      if (rung === 'graceful') dead.add('ftp 21')
      if (rung === 'hard') dead.clear()
      return { ms: 500, ok: true, why: '' }
    },
  }).run(20_000)
  dead.add('tftp 69')
  simulation.run(120_000)
  assert.equal(new Set(simulation.messages.map(({ incident }) => incident)).size, 1)
  assert.deepEqual(
    simulation.told.map((line) => line.replace(/ after .*/, '')),
    ['down: tftp 69 is down', 'recovered: tftp 69 and 1 more is well again'],
  )
})

test('what does not answer yet after the watchdog has started is not down until the grace time is over', () => {
  const { dead, world } = worldOf()
  for (const { name } of all) dead.add(name)
  const simulation = new Simulation(all, world).run(5_000)
  assert.deepEqual([simulation.acts, simulation.told], [[], []])
  simulation.run(9_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
})

test('what is down when maintenance begins is left alone', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation([server], world).run(10_000)
  dead.add('file server')
  simulation.run(16_000)
  simulation.happens({ type: 'maintenance on', untilMs: 900_000, why: 'a new switch' })
  simulation.run(890_000)
  assert.deepEqual(simulation.acts, ['restart graceful'])
  assert.deepEqual(
    simulation.messages.map(({ kind }) => kind),
    ['down'],
  )
})

test('one restart counts for all incidents that are open', () => {
  const { dead, world } = worldOf()
  const simulation = new Simulation(all, world, { ...quickRules, reopensPerHour: 0 }).run(20_000)
  dead.add('tftp 69')
  simulation.run(38_000)
  dead.add('http 80')
  simulation.run(50_000)
  assert.deepEqual(simulation.acts, ['restart graceful', 'restart hard', 'restart hard'])
  assert.deepEqual(
    simulation.state.incidents.open.map(({ probe, tried }) => [probe, ...tried.map(({ rung }) => rung)]),
    [
      ['tftp 69', 'graceful', 'hard', 'hard'],
      ['http 80', 'hard'],
    ],
  )
})

test('the first miss of a door has the file server asked at once', () => {
  const { dead, world } = worldOf({ graceful: () => dead.clear() })
  const outOfStep: World = {
    ...world,
    find: (name, atMs) =>
      name === 'file server' && atMs < 1_000 ? { ...ok, ms: 9_000 } : world.find(name, atMs),
  }
  const rules = { ...quickRules, intervalMs: 30_000, suspectMs: 2_000, failureLimit: 1 }
  const simulation = new Simulation(all, outOfStep, rules).run(100_000)
  for (const { name } of all) dead.add(name)
  simulation.run(200_000)
  const firstMiss = simulation.done.find(({ effect }) => 'to' in effect && effect.to === 'suspect')
  assert.ok((simulation.when('restart') ?? Infinity) - (firstMiss?.atMs ?? 0) < 2_000)
})
