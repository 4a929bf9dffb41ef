import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog, type Log } from '../../../lib/base/log.ts'
import { TestClock } from '../../support/clock.ts'

function alarmsWithDiary() {
  const clock = new TestClock(0, new Date('2026-11-22T12:00:00Z'))
  const diary: string[] = []
  const note = ({ subject, text = '' }: { subject: string; text?: string }, event: string) =>
    diary.push(`${event}: ${subject} ${text}`.trim())
  const log = Object.assign(Object.create(silentLog), { error: note, info: note }) as Log
  return { alarms: new Alarms({ clock, log }), clock, diary }
}

test('an alarm is listed and logged once, however often it is raised', () => {
  const { alarms, clock, diary } = alarmsWithDiary()
  alarms.raise('list a', 'line 3 is damaged')
  clock.advance(60_000)
  alarms.raise('list a', 'line 3 is damaged')
  const since = new Date('2026-11-22T12:00:00Z')
  assert.deepEqual(alarms.list(), [{ subject: 'list a', text: 'line 3 is damaged', since }])
  assert.deepEqual(diary, ['alarm raised: list a line 3 is damaged'])
})

test('an alarm that changes its text is logged again and keeps its beginning', () => {
  const { alarms, clock, diary } = alarmsWithDiary()
  alarms.raise('list a', 'line 3 is damaged')
  clock.advance(60_000)
  alarms.raise('list a', 'the file is gone')
  assert.deepEqual(
    alarms.list().map(({ text, since }) => [text, since.toISOString()]),
    [['the file is gone', '2026-11-22T12:00:00.000Z']],
  )
  assert.equal(diary.length, 2)
})

test('an alarm that is over is not listed, and its end is logged once', () => {
  const { alarms, diary } = alarmsWithDiary()
  alarms.raise('list a', 'damaged')
  alarms.raise('list b', 'damaged')
  alarms.clear('list a')
  alarms.clear('list a')
  alarms.clear('never raised')
  assert.deepEqual(
    alarms.list().map(({ subject }) => subject),
    ['list b'],
  )
  assert.deepEqual(diary.slice(2), ['alarm over: list a'])
})

test('an alarm that comes back begins anew', () => {
  const { alarms, clock } = alarmsWithDiary()
  alarms.raise('list a', 'damaged')
  alarms.clear('list a')
  clock.advance(60_000)
  alarms.raise('list a', 'damaged')
  assert.equal(alarms.list()[0]?.since.toISOString(), '2026-11-22T12:01:00.000Z')
})

test('the list is a copy', () => {
  const { alarms } = alarmsWithDiary()
  alarms.raise('list a', 'damaged')
  alarms.list().pop()
  assert.equal(alarms.list().length, 1)
})
