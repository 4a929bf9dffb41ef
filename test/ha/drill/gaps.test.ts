import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochsIn, epochsOverlap, longestGap, summarize, type Try } from '../../../ha/drill/gaps.ts'
import { seededRandom } from '../../support/random.ts'

/** `+` answered, `-` failed, `l` answered late; one each 10 ms. A dot: nothing was asked. */
function logOf(marks: string, everyMs = 10): Try[] {
  return marks.split('').flatMap((mark, at): Try[] => {
    const startedMs = at * everyMs
    if (mark === '.') return []
    const tookMs = mark === '+' ? 3 : mark === 'l' ? 1_400 : 2_000
    const outcome = mark === '-' ? 'failed' : 'answered'
    return [{ protocol: 'http', startedMs, endedMs: startedMs + tookMs, outcome }]
  })
}

const gaps: readonly [string, string, number][] = [
  ['nothing failed: there is no gap', '++++++', 0],
  ['nothing was asked: there is no gap', '', 0],
  ['one failed between two good ones: from the start of the one to the start of the other', '+-+', 20],
  ['the longest counts, not the sum', '+-+++---++-+', 40],
  ['late is not good', '+ll+', 30],
  ['a gap that has not ended goes on at least until the last request was given up', '++--', 2_020],
  ['a gap that was there from the start is as long as it was seen', '--++', 20],
  ['a pause of the prober alone is no gap', '++......++', 0],
  ['a pause within a gap belongs to it', '+-.....-+', 80],
  ['nothing was ever answered', '---', 2_020],
]

for (const [title, marks, expected] of gaps) {
  test(`gap: ${title}`, () => {
    assert.equal(longestGap(logOf(marks)), expected)
  })
}

test('a request that fails after two seconds does not make a short outage long: starts count', () => {
  // One of a hundred fails, and is given up long after the others were answered.
  assert.equal(longestGap(logOf(`${'+'.repeat(50)}-${'+'.repeat(300)}`)), 20)
})

test('the longest gap of any log is what looking at each pair of good neighbours gives', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed)
    const marks = Array.from({ length: 60 }, () => '+++-l.'[Math.floor(random() * 6)] ?? '+').join('')
    const log = logOf(`+${marks}+`)
    assert.equal(longestGap(log), slowly(log), `seed ${seed}: ${marks}`)
  }
})

/** The definition itself: the longest interval between two good starts with bad ones, and no good ones, in it. */
function slowly(log: readonly Try[]): number {
  const isGood = (each: Try) => each.outcome === 'answered' && each.endedMs - each.startedMs <= 1_000
  let longest = 0
  for (const from of log.filter(isGood))
    for (const to of log.filter(isGood)) {
      const between = log.filter(({ startedMs }) => startedMs > from.startedMs && startedMs < to.startedMs)
      if (between.length > 0 && !between.some(isGood))
        longest = Math.max(longest, to.startedMs - from.startedMs)
    }
  return longest
}

test('the summary counts one protocol only, in whatever order answers came', () => {
  const others: Try[] = [{ protocol: 'tftp', startedMs: 0, endedMs: 2_000, outcome: 'failed' }]
  const log = [...others, ...logOf('++-l+').toReversed()]
  assert.deepEqual(summarize('http', '46xxsettings.txt', log), {
    protocol: 'http',
    what: '46xxsettings.txt',
    asked: 5,
    failed: 1,
    late: 1,
    longestGapMs: 30,
    slowestMs: 3,
    longestPauseMs: 10,
  })
})

test('the longest pause tells of a prober that was held up itself', () => {
  assert.equal(summarize('http', '', logOf('++....++')).longestPauseMs, 50)
})

const told = (epoch: number | undefined, startedMs: number, endedMs: number): Try => ({
  protocol: 'http',
  startedMs,
  endedMs,
  outcome: 'answered',
  ...(epoch === undefined ? {} : { epoch }),
})

const overlaps: readonly [string, Try[], boolean][] = [
  ['one reign after the other', [told(5, 0, 3), told(5, 10, 13), told(6, 20, 23)], false],
  ['an earlier reign after a later one', [told(5, 0, 3), told(6, 10, 13), told(5, 20, 23)], true],
  ['requests that overlap prove nothing', [told(6, 10, 25), told(5, 20, 23)], false],
  ['it started when the other ended: not after', [told(6, 10, 20), told(5, 20, 23)], false],
  ['answers that come in another order', [told(5, 20, 23), told(6, 10, 13)], true],
  ['over two protocols', [told(6, 0, 3), { ...told(5, 10, 13), protocol: 'put' }], true],
  ['answers that do not tell', [told(6, 0, 3), told(undefined, 10, 13)], false],
  ['nothing', [], false],
]

for (const [title, log, expected] of overlaps) {
  test(`two reigns at once (${expected ? 'yes' : 'no'}): ${title}`, () => {
    assert.equal(epochsOverlap(log), expected)
  })
}

test('overlap is found in any order of the log, and agrees with looking at each pair', () => {
  let found = 0
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed)
    const log = Array.from({ length: 12 }, () => {
      const startedMs = Math.floor(random() * 100)
      return told(
        5 + Math.floor((startedMs + random() * 60) / 60),
        startedMs,
        startedMs + 1 + Math.floor(random() * 30),
      )
    })
    const slow = log.some((a) => log.some((b) => a.endedMs < b.startedMs && (b.epoch ?? 0) < (a.epoch ?? 0)))
    assert.equal(epochsOverlap(log), slow, `seed ${seed}`)
    if (slow) found += 1
  }
  assert.ok(found > 20 && found < 280, `the logs are of both kinds: ${found}`)
})

test('the reigns that answered are told in order, each once', () => {
  assert.deepEqual(epochsIn([told(6, 0, 1), told(5, 0, 1), told(undefined, 0, 1), told(6, 0, 1)]), [5, 6])
})
