import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrilledProtocol, Measured } from '../../../ha/agent/views.ts'
import { reportOf, reportText } from '../../../ha/drill/report.ts'
import { drillFacts as facts, measuredWell as well } from '../../support/drill.ts'

const verdicts: readonly [string, Measured, boolean, RegExp][] = [
  [
    'within the objective',
    well(),
    true,
    /^passed: longest gap 38 ms \(http\), the objective is 200 ms; all 90 acknowledged saves are on both nodes$/,
  ],
  ['without any gap', well({ gapMs: 0 }), true, /^passed: no gap/],
  ['just at the objective', well({ gapMs: 200 }), true, /^passed/],
  [
    'over the objective',
    well({ gapMs: 201 }),
    false,
    /^missed: longest gap 201 ms \(http\), the objective is 200 ms$/,
  ],
  [
    'lost saves',
    well({
      missing: [
        { node: 'B', file: 'drill_1' },
        { node: 'B', file: 'drill_2' },
      ],
    }),
    false,
    /^failed: 2 acknowledged saves are missing \(on B\)$/,
  ],
  [
    'two reigns at once',
    well({ epochsOverlap: true }),
    false,
    /^failed: an earlier reign answered after a later one had$/,
  ],
  [
    'a prober that was held up',
    well({ pauseMs: 450 }),
    false,
    /^not proven: the prober itself was held up for 450 ms/,
  ],
  ['a node that could not be asked', well({ unchecked: ['B'] }), false, /^not proven: B could not be asked/],
  ['nothing measured', { ...well(), protocols: [] }, false, /^not proven: nothing was measured$/],
]

for (const [title, measured, passed, verdict] of verdicts) {
  test(`verdict: ${title}`, () => {
    const report = reportOf(facts, measured)
    assert.equal(report.passed, passed)
    assert.match(report.verdict, verdict)
  })
}

test('a change that came to nothing is told first, whatever was measured', () => {
  const report = reportOf(facts, well(), 'rolled back: B did not take over')
  assert.equal(report.passed, false)
  assert.equal(report.verdict, 'rolled back: B did not take over')
})

test('the text has a line for each protocol, what was saved, the notes and the verdict', () => {
  const ftp: DrilledProtocol = {
    ...well().protocols[0]!,
    protocol: 'ftp',
    what: 'welcome and farewell',
    longestGapMs: 0,
  }
  const measured = {
    ...well({ missing: [{ node: 'B', file: 'drill_1' }] }),
    notes: ['tftp is not measured: ECONNREFUSED'],
  }
  const text = reportText(reportOf(facts, { ...measured, protocols: [...measured.protocols, ftp] }))
  assert.match(text, /^planned: A \(epoch 5\) -> B \(epoch 6\), 140 ms, by alice: firmware\n/)
  assert.match(text, /^http +301 +3 +0 +38 ms +12 ms +46xxsettings\.txt$/m)
  assert.match(text, /^ftp +301 +3 +0 +none +12 ms +welcome and farewell$/m)
  assert.match(text, /^saves: 95 tried, 90 acknowledged, 1 missing afterwards\n {2}! drill_1 is not on B$/m)
  assert.match(text, /^note: tftp is not measured: ECONNREFUSED$/m)
  assert.match(text, /^failed: 1 acknowledged saves are missing \(on B\)$/m)
})

test('a node that stayed active is told as such', () => {
  const report = reportOf({ ...facts, scenario: 'etcd-leader-loss', to: facts.from }, well())
  assert.match(reportText(report), /^etcd-leader-loss: A stayed active \(epoch 5\)/)
})
