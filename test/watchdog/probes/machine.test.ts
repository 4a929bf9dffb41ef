import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import {
  availablePercent,
  clockProbe,
  diskProbe,
  memoryProbe,
  overloadOf,
  processorIn,
  processorProbe,
  shortageOf,
  stolenShare,
} from '../../../watchdog/probes/machine.ts'
import { loneParts, run, whyOf } from '../../support/lone-probe.ts'

const roomy = { bavail: 50, blocks: 100, ffree: 50, files: 100 }

test('too little space, or too few inodes, is a shortage', () => {
  assert.equal(shortageOf(roomy, 5), undefined)
  assert.match(shortageOf({ ...roomy, bavail: 4 }, 5) ?? '', /only 4\.0 % of the space is free.*wants 5 %/)
  assert.match(shortageOf({ ...roomy, ffree: 1 }, 5) ?? '', /only 1\.0 % of the inodes/)
  assert.equal(shortageOf({ ...roomy, ffree: 0, files: 0 }, 5), undefined)
})

test('a file is written to the disk of the data and taken away', async (t) => {
  const parts = await loneParts(t, (config) => {
    config.watchdog.diskFreePercent = 0
  })
  const folder = parts.config.data.folder
  const finding = await run(diskProbe({ what: 'data', folder, writesTo: join(folder, '.state') }, parts))
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.ok('sync' in finding.phases)
  assert.deepEqual(readdirSync(join(folder, '.state')), [])
})

test('d116: a disk that cannot be written to is a miss of the disk, not blindness', async (t) => {
  const parts = await loneParts(t)
  const disk = { what: 'data', folder: parts.config.data.folder, writesTo: join('/proc') }
  const finding = await run(diskProbe(disk, parts))
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /^writing and syncing \/proc\/\.watchdog-[0-9a-f]{16}: /)
})

test('a disk with less than is wanted, and a folder that is not there, have missed', async (t) => {
  const parts = await loneParts(t, (config) => {
    config.watchdog.diskFreePercent = 100
  })
  assert.match(whyOf(await run(diskProbe({ what: 'log', folder: '/proc/../tmp' }, parts))), /wants 100 %/)
  assert.match(
    whyOf(await run(diskProbe({ what: 'log', folder: '/nowhere' }, parts))),
    /no such file or folder/,
  )
})

test('memory is what programs could have', async (t) => {
  assert.equal(availablePercent('MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable:  250 kB\n'), 25)
  assert.equal(availablePercent('MemTotal: 1000 kB\n'), undefined)
  assert.equal((await run(memoryProbe(await loneParts(t)))).outcome, 'ok')
})

test('what the hypervisor takes away is read from /proc/stat', () => {
  const before = processorIn('cpu  100 0 100 700 0 0 0 0 0 0\ncpu0 1 1 1 1\n')
  const now = processorIn('cpu  200 0 200 800 0 0 0 700 5 5\n')
  assert.deepEqual(before, { all: 900, stolen: 0 })
  assert.equal(stolenShare(before, now), 0.7)
  assert.equal(stolenShare(before, { all: 950, stolen: 50 }), 0)
})

test('more load than processors can bear is told', () => {
  assert.equal(overloadOf(8, 2), undefined)
  assert.equal(overloadOf(12.34, 2), 'the load of the last five minutes is 12.3 on 2 processors')
})

test('a processor that has no time for us makes us blind', async (t) => {
  const parts = await loneParts(t)
  const still = { ...systemClock, now: () => 0, sleep: async () => {} }
  assert.equal((await run(processorProbe({ ...parts, clock: still }))).outcome, 'ok')
  let now = 0
  const clock = {
    ...systemClock,
    now: () => now,
    sleep: async () => {
      now += 5_000
    },
  }
  const finding = await run(processorProbe({ ...parts, clock }))
  assert.equal(finding.outcome, 'blind')
  assert.match(finding.why, /a timer fired 4980 ms late/)
})

test('d115: a clock that jumps makes us blind once, whichever way', async (t) => {
  let wall = 1_000_000
  const clock = { ...systemClock, now: () => 0, wallTime: () => new Date(wall) }
  const probe = clockProbe({ ...(await loneParts(t)), clock })
  assert.equal((await run(probe)).outcome, 'ok')
  wall += 1_000 // an adjustment
  assert.equal((await run(probe)).outcome, 'ok')
  wall += 3_600_000
  assert.match(whyOf(await run(probe)), /set forward by 3600 s/)
  assert.equal((await run(probe)).outcome, 'ok')
  wall -= 3_600_000
  assert.match(whyOf(await run(probe)), /set back by 3600 s/)
})
