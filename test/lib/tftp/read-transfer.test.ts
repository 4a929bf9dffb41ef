import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadTransfer, type Step, type TransferPlan } from '../../../lib/tftp/read-transfer.ts'
import { seededRandom } from '../../support/random.ts'
import { simulate } from '../../support/tftp-simulation.ts'

const plan: TransferPlan = {
  size: 1_300, // blocks of 512, 512, 276
  blockSize: 512,
  windowSize: 1,
  withOptions: false,
  timeoutMs: 1_000,
  exactTimeoutMs: undefined,
  giveUpMs: 30_000,
}
const send = (from: number, to = from): Step => ({ do: 'send', from, to })
const wait: Step = { do: 'wait' }

/** A transfer that has begun at time 0, with all its blocks at hand. */
function begun(changes: Partial<TransferPlan> = {}): ReadTransfer {
  const transfer = new ReadTransfer({ ...plan, ...changes }, 0)
  transfer.ready(Infinity, 0)
  return transfer
}

test('one block after the other, each when the one before is acknowledged', () => {
  const transfer = new ReadTransfer(plan, 0)
  assert.deepEqual(transfer.ready(3, 0), send(1))
  assert.deepEqual(transfer.ack(1, 1), send(2))
  assert.deepEqual(transfer.ack(2, 2), send(3))
  assert.equal(transfer.ackedBytes, 1_024)
  assert.deepEqual(transfer.ack(3, 3), { do: 'done' })
  assert.equal(transfer.ackedBytes, 1_300)
  assert.equal(transfer.resent, 0)
})

test('with options the OACK is block 0, and its acknowledgement brings the first block', () => {
  const transfer = new ReadTransfer({ ...plan, withOptions: true }, 0)
  assert.deepEqual(transfer.ready(3, 0), send(0))
  assert.deepEqual(transfer.ack(0, 1), send(1))
})

test('d25: a file of whole blocks ends with an empty one', () => {
  const transfer = begun({ size: 1_024 })
  assert.deepEqual(transfer.ack(1, 1), send(2))
  assert.deepEqual(transfer.ack(2, 2), send(3))
  assert.deepEqual(transfer.ack(3, 3), { do: 'done' })
  assert.equal(transfer.ackedBytes, 1_024)
})

test('d25: an empty file is one empty block', () => {
  const transfer = new ReadTransfer({ ...plan, size: 0 }, 0)
  assert.deepEqual(transfer.ready(1, 0), send(1))
  assert.deepEqual(transfer.ack(1, 1), { do: 'done' })
  assert.equal(transfer.ackedBytes, 0)
})

test('a window is sent whole, and the next one when its last block is acknowledged', () => {
  const transfer = begun({ size: 5_000, windowSize: 4, withOptions: true })
  assert.deepEqual(transfer.ack(0, 1), send(1, 4))
  assert.deepEqual(transfer.ack(4, 2), send(5, 8))
  assert.deepEqual(transfer.ack(8, 3), send(9, 10))
  assert.deepEqual(transfer.ack(10, 4), { do: 'done' })
})

test('an acknowledgement inside the window says where to go on from', () => {
  const transfer = begun({ size: 9_000, windowSize: 4, withOptions: true })
  transfer.ack(0, 1)
  assert.deepEqual(transfer.ack(2, 2), send(3, 6))
  assert.equal(transfer.resent, 2)
  assert.deepEqual(transfer.ack(2, 2), wait) // told once more by a block that was still on its way
  assert.deepEqual(transfer.ack(6, 3), send(7, 10))
})

test('d22: a repeated acknowledgement brings no data', () => {
  const transfer = begun({ size: 9_000 })
  transfer.ack(1, 1)
  const before = transfer.deadline
  for (let times = 0; times < 100; times += 1) assert.deepEqual(transfer.ack(1, 2), wait)
  assert.equal(transfer.deadline, before)
})

test('d22: old acknowledgements, and those of blocks not yet sent, change nothing', () => {
  const transfer = begun({ size: 90_000 })
  for (let block = 1; block <= 9; block += 1) transfer.ack(block, block)
  for (const number of [0, 1, 8, 11, 12, 40_000, 65_535]) assert.deepEqual(transfer.ack(number, 20), wait)
  assert.deepEqual(transfer.ack(10, 21), send(11))
})

test('d22: a window lost at its first block is sent again on one repeated acknowledgement, and on no further one', () => {
  const transfer = begun({ size: 90_000, windowSize: 4, withOptions: true })
  transfer.ack(0, 1)
  transfer.ack(4, 2)
  assert.deepEqual(transfer.ack(4, 3), send(5, 8))
  for (let times = 0; times < 100; times += 1) assert.deepEqual(transfer.ack(4, 4), wait)
  assert.deepEqual(transfer.ack(8, 5), send(9, 12))
})

test('d22: the echo of a window that was sent twice does not have the next one sent twice', () => {
  const transfer = begun({ size: 90_000, windowSize: 4, withOptions: true })
  transfer.ack(0, 1)
  assert.deepEqual(transfer.tick(transfer.deadline), send(1, 4)) // needlessly: the answer was only late
  assert.deepEqual(transfer.ack(4, 2_000), send(5, 8))
  assert.deepEqual(transfer.ack(4, 2_001), wait) // the answer to the second copy
  assert.deepEqual(transfer.ack(8, 2_002), send(9, 12))
  assert.deepEqual(transfer.ack(8, 2_003), send(9, 12)) // now it means something again
})

test('an unanswered block is sent again after growing waits, none longer than two seconds', () => {
  const transfer = begun({ size: 9_000, timeoutMs: 300 })
  transfer.ack(1, 100) // measured: 100 ms, so 300 to wait
  const gaps: number[] = []
  let before = 100
  while (gaps.length < 6) {
    const at = transfer.deadline
    gaps.push(at - before)
    assert.deepEqual(transfer.tick(at), send(2))
    before = at
  }
  assert.deepEqual(gaps, [300, 600, 1_200, 2_000, 2_000, 2_000])
})

test('nothing is sent again before its time', () => {
  const transfer = begun()
  assert.deepEqual(transfer.tick(999), wait)
  assert.deepEqual(transfer.tick(1_000), send(1))
})

test('d28: a phone that makes no progress for the set time is given up, whatever it says', () => {
  const transfer = begun({ size: 9_000 })
  transfer.ack(1, 500)
  let now = 500
  let sends = 0
  for (;;) {
    now = transfer.deadline
    const step = transfer.tick(now)
    if (step.do === 'giveUp') break
    sends += 1
    transfer.ack(1, now + 1)
  }
  assert.equal(now, 30_500)
  assert.ok(sends < 25, `${sends} sends`)
})

test('d26: before the first answer there are three packets, then silence until the end', () => {
  const transfer = new ReadTransfer({ ...plan, withOptions: true }, 0)
  const steps: Step[] = [transfer.ready(3, 0)]
  const times = [0]
  while (steps.at(-1)?.do !== 'giveUp') {
    times.push(transfer.deadline)
    steps.push(transfer.tick(transfer.deadline))
  }
  assert.deepEqual(steps, [send(0), send(0), send(0), wait, { do: 'giveUp' }])
  assert.deepEqual(times, [0, 1_000, 3_000, 5_000, 30_000])
})

test('d26: a phone that asks again before it has answered gets the first packet again, and only then', () => {
  const transfer = begun()
  assert.deepEqual(transfer.askedAgain(500), send(1))
  assert.deepEqual(transfer.ack(1, 600), send(2))
  assert.deepEqual(transfer.askedAgain(700), wait)
})

test('a phone that negotiated a timeout has it kept, without growing', () => {
  const transfer = begun({ size: 9_000, withOptions: true, exactTimeoutMs: 3_000 })
  transfer.ack(0, 10)
  assert.equal(transfer.deadline, 3_010)
  assert.deepEqual(transfer.tick(3_010), send(1))
  assert.equal(transfer.deadline, 6_010)
})

test('a phone that negotiated a timeout longer than our patience gets one more packet before it is given up', () => {
  const transfer = begun({ size: 9_000, withOptions: true, exactTimeoutMs: 255_000 })
  assert.deepEqual(transfer.tick(30_000), { do: 'giveUp' }) // it has not shown that it exists
  const proven = begun({ size: 9_000, withOptions: true, exactTimeoutMs: 255_000 })
  proven.ack(0, 10)
  assert.deepEqual(proven.tick(255_010), send(1))
  assert.deepEqual(proven.tick(proven.deadline), { do: 'giveUp' })
})

test('a block that is not at hand is sent as soon as it is, and the phone is not blamed for the wait', () => {
  const transfer = new ReadTransfer({ ...plan, size: 9_000 }, 0)
  assert.deepEqual(transfer.ready(1, 0), send(1))
  assert.deepEqual(transfer.ack(1, 1), wait)
  assert.equal(transfer.deadline, Infinity)
  assert.deepEqual(transfer.ready(4, 40_000), send(2))
  assert.deepEqual(transfer.tick(transfer.deadline), send(2))
  assert.deepEqual(transfer.ack(2, 43_000), send(3))
})

test('a window goes out as far as its blocks are at hand, and the rest when it comes', () => {
  const transfer = new ReadTransfer({ ...plan, size: 9_000, windowSize: 8, withOptions: true }, 0)
  transfer.ready(5, 0)
  assert.deepEqual(transfer.ack(0, 1), send(1, 5))
  assert.equal(transfer.deadline, Infinity)
  assert.deepEqual(transfer.ready(12, 50), send(6, 8))
  assert.ok(transfer.deadline < 2_000)
  assert.deepEqual(transfer.ready(18, 60), wait)
  assert.equal(transfer.resent, 0)
})

test('a phone slower than was measured is soon no longer sent everything twice', () => {
  for (const ignoresRepeated of [false, true]) {
    let blocks = 0
    const thinksMs = () => ((blocks += 1) < 50 ? 1 : 123)
    const { timeouts, server } = simulate(
      { ...plan, size: 512 * 300 },
      { random: seededRandom(1), loss: 0, delayMs: () => 0.1 },
      { thinksMs, resendMs: 60_000, giveUpMs: 60_000, ignoresRepeated },
    )
    assert.equal(server, 'done')
    assert.ok(timeouts < 30, `${timeouts} of 250 blocks were sent again`)
  }
})

test('d24: a file of 5 GiB is counted right through 160 rollovers', () => {
  const size = 5 * 2 ** 30
  const transfer = begun({ size })
  const last = size / 512 + 1
  let now = 0
  for (let block = 1; block < last; block += 1) {
    now += 0.1
    const step = transfer.ack(block & 0xffff, now)
    if (step.do !== 'send' || step.from !== block + 1) assert.fail(`after ${block}: ${JSON.stringify(step)}`)
  }
  assert.deepEqual(transfer.ack(last & 0xffff, now), { do: 'done' })
  assert.equal(transfer.ackedBytes, size)
})

test('d24: a window across the rollover is acknowledged in its middle as anywhere else', () => {
  const transfer = begun({ size: 512 * 70_000, windowSize: 16, withOptions: true })
  transfer.ack(0, 1)
  for (let block = 16; block <= 65_520; block += 16) transfer.ack(block, 2)
  assert.deepEqual(transfer.ack(65_534, 3), send(65_535, 65_550))
  assert.deepEqual(transfer.ack(0, 4), send(65_537, 65_552))
  assert.deepEqual(transfer.ack(65_535, 5), wait)
  assert.deepEqual(transfer.ack(16, 6), send(65_553, 65_568))
})
