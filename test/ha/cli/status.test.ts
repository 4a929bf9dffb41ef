import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PairStatus } from '../../../ha/agent/views.ts'
import { plain } from '../../../ha/cli/paint.ts'
import { headline, statusText } from '../../../ha/cli/status-text.ts'
import { overwriting, statusCommand } from '../../../ha/cli/status.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import { member, node, wellPair } from '../../support/pair-status.ts'
import { startProgram } from '../../support/program.ts'
import { run } from '../../support/run-command.ts'

const now = new Date('2026-11-24T10:00:30.000Z')

test('the headline says who is active, how many vote, who is in sync, where the address is, and what changed last', () => {
  assert.equal(
    headline(wellPair(), now),
    'voip1: A is active (epoch 48213) · etcd 3 of 3 · in sync 2 of 2 · address 10.0.0.50 on A · last change 2 h ago: planned by alice: firmware',
  )
})

test('a pair that is well has no footer', () => {
  assert.equal(
    statusText(wellPair(), now),
    `${headline(wellPair(), now)}

node  role     why                           saves  score   free  seen      notes
A     active   serves                        700      100  40 GB  just now
B     standby  A is active, seen 120 ms ago  700      100  40 GB  just now
`,
  )
})

const active = node('A', { role: 'active', why: 'serves', seenMs: 0 })
const footers: readonly [string, Partial<PairStatus>, RegExp][] = [
  [
    'nobody active',
    { active: undefined, vip: { addresses: ['10.0.0.50'], on: undefined } },
    /^phones get nothing: `ha explain` tells why/m,
  ],
  [
    'a pause with its end',
    { paused: { by: 'alice', why: 'cables', until: '2026-11-24T12:00:00.000Z' } },
    /^paused until 11-24 \d\d:00:00 by alice: cables; nobody takes over/m,
  ],
  ['a pause', { paused: { by: 'alice', why: 'cables' } }, /^paused by alice: cables;/m],
  ['failsafe', { failsafe: true }, /^failsafe: etcd does not answer, A serves because/m],
  [
    'etcd out of reach',
    { etcd: { reached: false, members: [member('A')], leader: undefined } },
    /^etcd does not answer this node$/m,
  ],
  [
    'etcd led from the active node',
    { etcd: { reached: true, members: [member('A', { isLeader: true })], leader: 'A' } },
    /^etcd is led from A too/m,
  ],
  [
    'a node that is stale',
    { nodes: [active, node('B', { role: 'stale' })] },
    /^B is stale: it cannot take over before/m,
  ],
  [
    'a node that is silent',
    { nodes: [active, node('B', { seenMs: 65_000 })] },
    /^B was last heard of 1 min ago$/m,
  ],
  [
    'what is set aside',
    { nodes: [active, node('B', { rescued: 3 })] },
    /^3 set aside on B: `ha rescue list` there/m,
  ],
  ['drift', { nodes: [active, node('B', { drift: 2 })] }, /^2 files changed by hand on B: .*`ha resync B`/m],
]

for (const [what, change, line] of footers) {
  test(`the footer tells of ${what}`, () => {
    assert.doesNotMatch(statusText(wellPair(), now, plain), line)
    assert.match(statusText(wellPair(change), now, plain), line)
  })
}

test('the table shows how far a node is behind, what it lacks, and what was never heard', () => {
  const behind = node('B', {
    role: 'stale',
    seq: 688,
    freeMb: 512,
    faults: ['no carrier'],
    score: 60,
    rescued: 1,
    complete: false,
  })
  assert.match(
    statusText(wellPair({ nodes: [active, behind] }), now),
    /^B +stale +.* 688 \(12 behind\) +60 +512 MB +just now +no carrier; files missing; 1 set aside$/m,
  )
  const unknown = node('B', {
    role: 'unknown',
    why: 'not heard of',
    seenMs: undefined,
    seq: undefined,
    freeMb: undefined,
  })
  assert.match(statusText(wellPair({ nodes: [active, unknown] }), now), /^B +unknown +not heard of +never$/m)
  assert.match(
    statusText(wellPair({ nodes: [active, node('B', { onStandby: true })] }), now),
    /^B +out of service /m,
  )
})

test('the command prints it, and its exit code tells whether a node is active', async (t) => {
  const { words } = await fakeAgent(t, { 'GET /status': () => wellPair() })
  const { code, stdout } = await run(statusCommand, words, undefined, 'ha')
  assert.equal(code, 0)
  assert.match(stdout, /^voip1: A is active/)
  const down = await fakeAgent(t, { 'GET /status': () => wellPair({ active: undefined }) })
  assert.equal((await run(statusCommand, down.words, undefined, 'ha')).code, 1)
  const none = await fakeAgent(t, {}, { program: 'other' })
  assert.equal((await run(statusCommand, none.words, undefined, 'ha')).code, 1)
})

test('as JSON it is what the agent said', async (t) => {
  const { words } = await fakeAgent(t, { 'GET /status': () => wellPair() })
  const { stdout } = await run(statusCommand, [...words, '--json'], undefined, 'ha')
  assert.deepEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(wellPair())))
})

test('a redrawn screen is never cleared as a whole: lines are, each as it is written, and what is below', () => {
  assert.equal(overwriting('one\ntwo\n'), '\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J')
})

test('watching goes on until it is told to end, each time with what is then', async (t) => {
  let epoch = 5
  const { words } = await fakeAgent(t, { 'GET /status': () => wellPair({ epoch: (epoch += 1) }) })
  const program = startProgram(t, ['cmd/ha.ts', 'status', '-w', ...words])
  await program.says('A is active (epoch 6)')
  await program.says('A is active (epoch 7)')
  program.child.kill('SIGINT')
  assert.equal(await program.ended, 0)
})
