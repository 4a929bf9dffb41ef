import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportJson, reportText, type FileReport } from '../../../../lib/base/import/report.ts'
import { carried, changed, dropped } from '../../../../lib/base/import/verdict.ts'

const report: FileReport = {
  file: 'old.cf',
  items: [
    { key: 'node', value: 'A', line: 1, ...carried({ 'pair.cluster': 'x' }) },
    { section: 'HTTP', key: 'Port', value: '81', line: 2, ...changed({ 'http.ports': [81] }, 'a list now') },
    { key: 'auth', value: '[hidden]', line: 3, ...dropped('made anew', 'anybody could forge it') },
    { key: 'bare', value: '', line: 4, ...dropped('nothing') },
  ],
  problems: [{ line: 9, text: 'evil\u001b[2J', why: 'unknown' }],
}

test('the report has a part for each outcome; settings with and without a section read naturally', () => {
  assert.equal(
    reportText([report]),
    `old.cf

carried (1)
  node A -> pair.cluster = "x"

changed in meaning (1)
  [HTTP] Port=81 -> http.ports = [81]; a list now

not carried (2)
  auth [hidden]: made anew
  bare: nothing

dangerous on the old server (1)
  auth [hidden]: anybody could forge it

not understood (1)
  line 9: evil\\x1b[2J: unknown
`,
  )
})

test('for programs it is one object for each file', () => {
  const [file] = reportJson([report]).files
  assert.deepEqual(
    [file?.carried, file?.changed, file?.notCarried, file?.dangerous, file?.notUnderstood].map(
      (part) => part?.length,
    ),
    [1, 1, 2, 1, 1],
  )
})

test('nothing of an old file reaches a terminal as it is: not in a name, a value, a setting or a note', () => {
  const evil = 'a\u001b[2J\u202e\u{e0001}"b'
  const item = { key: evil, value: evil, line: 1, ...changed({ 'node.name': evil }, `what of ${evil}?`) }
  const text = reportText([{ file: evil, items: [{ ...item, danger: evil }], problems: [] }])
  for (const char of ['\u001b', '\u202e', '\u{e0001}']) assert.equal(text.includes(char), false)
  assert.match(text, /node\.name = "a\\u001b\[2J\\u202e\\udb40\\udc01\\"b"/)
})
