import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { ExtensionAlarms } from '../../../lib/phones/extension-alarms.ts'
import { TestClock } from '../../support/clock.ts'

const dayMs = 86_400_000
const further = 'phones with extensions that are none'

test('d43 each phone has an alarm of its own, that ends when it answers well', () => {
  const { extensions, subjects } = bench()
  extensions.raise('127.0.0.1', 'one')
  extensions.raise('127.0.0.2', 'two')
  assert.deepEqual(subjects(), ['phone 127.0.0.1', 'phone 127.0.0.2'])
  extensions.clear('127.0.0.1')
  assert.deepEqual(subjects(), ['phone 127.0.0.2'])
})

test('d43 whoever has many addresses gets 20 alarms and one for the rest', () => {
  const { extensions, subjects } = bench()
  for (let host = 1; host <= 250; host += 1) extensions.raise(`127.0.0.${host}`, 'bad')
  assert.equal(subjects().length, 21)
  assert.equal(subjects().at(-1), further)
})

test('d43 a phone that says something else each time does not change its alarm', () => {
  const { extensions, alarms } = bench()
  extensions.raise('127.0.0.1', 'one')
  extensions.raise('127.0.0.1', 'two')
  assert.deepEqual(
    alarms.list().map(({ text }) => text),
    ['one'],
  )
})

test('an alarm is over when it has not happened for a day', () => {
  const { extensions, subjects, clock } = bench()
  extensions.raise('127.0.0.1', 'bad')
  extensions.raise('127.0.0.2', 'bad')
  clock.advance(dayMs - 1)
  extensions.raise('127.0.0.1', 'bad') // again
  clock.advance(1)
  extensions.clear('127.0.0.9') // any phone that answers well
  assert.deepEqual(subjects(), ['phone 127.0.0.1'])
})

test('the alarm for the rest is over after a day without one more', () => {
  const { extensions, subjects, clock } = bench()
  for (let host = 1; host <= 21; host += 1) extensions.raise(`127.0.0.${host}`, 'bad')
  clock.advance(dayMs / 2)
  extensions.raise('127.0.0.30', 'bad')
  clock.advance(dayMs / 2)
  extensions.clear('127.0.0.9')
  assert.deepEqual(subjects(), [further])
  clock.advance(dayMs / 2)
  extensions.clear('127.0.0.9')
  assert.deepEqual(subjects(), [])
})

function bench() {
  const clock = new TestClock()
  const alarms = new Alarms({ clock, log: silentLog })
  const subjects = () => alarms.list().map(({ subject }) => subject)
  return { clock, alarms, subjects, extensions: new ExtensionAlarms({ alarms, clock }) }
}
