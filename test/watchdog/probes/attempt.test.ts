import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { Blind, findingOf, Missed, type Attempt } from '../../../watchdog/probes/attempt.ts'

const forever = () => new Promise<never>(() => {})
const find = (
  body: (attempt: Attempt) => Promise<void>,
  timeoutMs = 5_000,
  signal = new AbortController().signal,
) => findingOf({ clock: systemClock, timeoutMs, signal }, body)
const systemError = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

test('a body that ends well is ok, with its phases and what it warned of', async () => {
  const finding = await find(async (attempt) => {
    await attempt.phase('read', async () => {})
    attempt.warnings.push('the certificate ends in 9 days', 'the disk is slow')
  })
  assert.equal(finding.outcome, 'ok')
  assert.deepEqual(Object.keys(finding.phases), ['read'])
  assert.equal(finding.warning, 'the certificate ends in 9 days; the disk is slow')
})

test('a miss is a sentence of what was asked, of whom, what came and after how long', async () => {
  const finding = await find(async (attempt) => {
    attempt.ask('GET of the check file on port 80')
    throw new Missed('503')
  })
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /^GET of the check file on port 80: 503 after \d+ ms$/)
})

test('a body without an end is over within the time limit, and the sentence says the limit', async () => {
  const from = performance.now()
  const finding = await find(async (attempt) => {
    attempt.ask('TFTP 69')
    await forever()
  }, 200)
  assert.equal(finding.outcome, 'missed')
  assert.equal(finding.why, 'TFTP 69: no answer within 200 ms')
  assert.ok(performance.now() - from < 5_000)
})

test('a run that is broken off says so at once, and says nothing of the probed', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 20)
  const finding = await find(forever, 60_000, controller.signal)
  assert.equal(finding.outcome, 'blind')
  assert.match(finding.why, /broken off/)
})

test('a run that is broken off before it began does nothing', async () => {
  let begun = false
  const finding = await find(
    async () => {
      begun = true
    },
    1_000,
    AbortSignal.abort(),
  )
  assert.equal(finding.outcome, 'blind')
  assert.equal(begun, false)
})

for (const code of ['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EPERM']) {
  test(`d116: ${code} is our own fault and makes the finding blind`, async () => {
    const finding = await find(async (attempt) => {
      attempt.ask('GET of the check file on port 80')
      throw systemError(code)
    })
    assert.equal(finding.outcome, 'blind')
    assert.match(finding.why, new RegExp(`^GET of the check file on port 80 could not be tried: .*${code}`))
  })
}

test('what the probed does is a miss, in words', async () => {
  for (const [code, words] of [
    ['ECONNREFUSED', 'connection refused'],
    ['ECONNRESET', 'cut off'],
    ['HPE_INVALID_CONSTANT', 'not HTTP'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS was not agreed on'],
  ] as const) {
    const finding = await find(async () => {
      throw systemError(code)
    })
    assert.equal(finding.outcome, 'missed', code)
    assert.match(finding.why, new RegExp(words))
  }
})

test('waiting for another probe is not time of this one', async () => {
  let now = 0
  const clock = { ...systemClock, now: () => now }
  const finding = await findingOf(
    { clock, timeoutMs: 60_000, signal: new AbortController().signal },
    async (attempt) => {
      now += 7
      await attempt.wait(async () => {
        now += 1_000
      })
    },
  )
  assert.deepEqual(finding, { outcome: 'ok', ms: 7, phases: {} })
})

test('an own sentence of blindness stays as it is', async () => {
  const finding = await find(async () => {
    throw new Blind('the check file cannot be written')
  })
  assert.deepEqual(finding, { outcome: 'blind', why: 'the check file cannot be written' })
})
