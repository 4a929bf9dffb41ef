import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../../../ha/drill/report.ts'
import { historyCommand, historyText, trendText, type History } from '../../../ha/cli/history.ts'
import { drillFacts, measuredWell } from '../../support/drill.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import { run } from '../../support/run-command.ts'

const drill = (gapMs: number) => reportOf(drillFacts, measuredWell({ gapMs }))

const history: History = {
  reigns: [
    { epoch: 5, node: 'A', at: '2026-11-24T08:00:00.000Z', why: 'nobody was active' },
    { epoch: 9, node: 'B', at: '2026-11-24T10:00:00.000Z', why: 'planned by alice: firmware', by: 'alice' },
  ],
  drills: [38, 41, 35].map(drill),
}
const now = new Date('2026-11-24T10:05:00.000Z')

test('reigns and drills are told oldest first, with how long each lasted', () => {
  const text = historyText(history, 20, now)
  assert.match(text, /^ +5 +A +11-24 \d\d:00:00 +2 h +nobody was active$/m)
  assert.match(text, /^ +9 +B +11-24 \d\d:00:00 +5 min till now +planned by alice: firmware$/m)
  assert.match(text, /planned +A -> B +38 ms +200 ms +passed: longest gap 38 ms/)
  assert.match(text, /^trend of planned: last 35 ms, usual 38 ms, worst 41 ms of 3$/m)
})

test('only the last ones are told, and their length is still that of the whole story', () => {
  const text = historyText(history, 1, now)
  assert.doesNotMatch(text, /nobody was active/)
  assert.match(text, /5 min till now/)
})

test('two drills are no trend', () => {
  assert.equal(trendText(history.drills.slice(0, 2)), '')
})

test('a pair without a past says so, and where to begin', async (t) => {
  assert.equal(historyText({ reigns: [], drills: [] }, 20, now), 'no node was ever active\n')
  assert.match(historyText({ ...history, drills: [] }, 20, now), /no drill yet: `ha drill list`/)
  const { words } = await fakeAgent(t, { 'GET /history': () => history })
  const { stdout } = await run(historyCommand, ['--json', '-n', '1', ...words], undefined, 'ha')
  assert.deepEqual(JSON.parse(stdout), {
    reigns: history.reigns.slice(1),
    drills: JSON.parse(JSON.stringify(history.drills.slice(2))),
  })
})
