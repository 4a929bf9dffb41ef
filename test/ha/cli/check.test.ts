import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCommand, checkText } from '../../../ha/cli/check.ts'
import { judge } from '../../../ha/agent/judge.ts'
import { coloured, plain } from '../../../ha/cli/paint.ts'
import type { PairStatus } from '../../../ha/agent/views.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import { node, wellPair } from '../../support/pair-status.ts'
import { run } from '../../support/run-command.ts'

const codes: readonly [number, Partial<PairStatus>][] = [
  [0, {}],
  [1, { nodes: [node('A', { role: 'active' }), node('B', { drift: 1 })] }],
  [2, { insync: ['A'] }],
  [3, { active: undefined }],
]

for (const [code, change] of codes) {
  test(`the exit code tells the answer: ${code}`, async (t) => {
    const { words } = await fakeAgent(t, { 'GET /status': () => wellPair(change) })
    assert.equal((await run(checkCommand, words, undefined, 'ha')).code, code)
  })
}

test('where the agent does not run, nothing could take over: exit code 2, with a sentence', async (t) => {
  const { words } = await fakeAgent(t, {}, { program: 'other' })
  const { code, stderr } = await run(checkCommand, words, undefined, 'ha')
  assert.equal(code, 2)
  assert.match(stderr, /nothing is running behind .*agent\.sock/)
})

test('the list shows each check and why it is as it is, and colours change no word', () => {
  const judgement = judge(wellPair({ paused: { by: 'alice', why: 'cables' } }))
  const text = checkText(judgement, plain)
  assert.match(text, /^no, the other node could not take over now\n\n/)
  assert.match(text, /^ok +phones are served +A is active$/m)
  assert.match(text, /^no +changes are allowed +paused by alice: cables/m)
  const painted = checkText(judgement, coloured)
  assert.notEqual(painted, text)
  // oxlint-disable-next-line no-control-regex -- what colours are made of
  assert.equal(painted.replaceAll(/\x1b\[\d+m/g, ''), text)
})

test('as JSON it is the same answer', async (t) => {
  const { words } = await fakeAgent(t, { 'GET /status': () => wellPair() })
  const { stdout } = await run(checkCommand, [...words, '--json'], undefined, 'ha')
  assert.deepEqual(JSON.parse(stdout), judge(wellPair()))
})
