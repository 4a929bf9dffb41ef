import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { scopeOfReply, type FailureScope, type Stage } from '../../../lib/offsite/failure.ts'
import { dueFiles, isAlarming, waitMs, type CopiedFile } from '../../../lib/offsite/schedule.ts'
import { describeTarget, problemsOf, type Target } from '../../../lib/offsite/target.ts'

const file = (name: string, seq: number): CopiedFile => ({
  name: parseFileName(name),
  seq,
  size: 1,
  hash: name,
})

test('what is due goes in the order it was stored, those that failed before last', () => {
  const files = [file('c', 3), file('a', 1), file('b', 2), file('sent', 4)]
  const due = dueFiles(files, ({ name }) => name === 'sent', new Set([parseFileName('a')]))
  assert.deepEqual(
    due.map(({ name }) => name),
    ['b', 'c', 'a'],
  )
})

const minute = 60_000
const gaps: [failed: number, chance: number, gapMs: number][] = [
  [1, 0.5, minute],
  [2, 0.5, 2 * minute],
  [3, 0, 3.2 * minute],
  [6, 0.5, 32 * minute],
  [7, 0.5, 60 * minute],
  [7, 0.999, 60 * minute],
  [1_000, 0.5, 60 * minute],
]
for (const [failed, chance, gapMs] of gaps) {
  test(`after ${failed} failed rounds the server is tried again in ${gapMs / minute} minutes, by chance ${chance}`, () => {
    assert.equal(waitMs('server down', failed, 1_440 * minute, chance), gapMs)
  })
}

test('a round that got everything through is followed by the next at its time', () => {
  assert.equal(waitMs('all sent', 0, 5 * minute, 0.5), 5 * minute)
})

test('a file that is refused for ever does not make new ones wait longer than usual', () => {
  assert.equal(waitMs('some refused', 9, 5 * minute, 0.5), 5 * minute)
})

test('gaps begin with the usual time where that is shorter than a minute', () => {
  assert.equal(waitMs('server down', 1, 1_000, 0.5), 1_000)
  assert.equal(waitMs('server down', 3, 1_000, 0.5), 4_000)
})

const dayMs = 86_400_000
const alarming: [what: string, failing: Parameters<typeof isAlarming>[0], alarm: boolean][] = [
  ['nine rounds in a few hours', { rounds: 9, sinceMs: 0, needsPerson: false }, false],
  ['ten rounds', { rounds: 10, sinceMs: 0, needsPerson: false }, true],
  ['a day, over restarts', { rounds: 1, sinceMs: -dayMs, needsPerson: false }, true],
  ['less than a day', { rounds: 1, sinceMs: 1 - dayMs, needsPerson: false }, false],
  ['a login that is refused', { rounds: 1, sinceMs: 0, needsPerson: true }, true],
]
for (const [what, failing, alarm] of alarming) {
  test(`${what}: ${alarm ? 'an alarm' : 'no alarm yet'}`, () => {
    assert.equal(isAlarming(failing, 0), alarm)
  })
}

const replies: [code: number, stage: Stage, scope: FailureScope][] = [
  [421, 'greeting', 'server'],
  [530, 'greeting', 'server'],
  [530, 'login', 'settings'],
  [430, 'login', 'settings'],
  [421, 'login', 'server'],
  [502, 'encryption', 'settings'],
  [431, 'encryption', 'server'],
  [553, 'file', 'file'],
  [550, 'file', 'file'],
  [450, 'file', 'file'],
  [452, 'file', 'server'],
  [426, 'file', 'server'],
  [421, 'file', 'server'],
  [530, 'file', 'settings'],
]
for (const [code, stage, scope] of replies) {
  test(`${code} at the stage of ${stage} is about the ${scope}`, () => {
    assert.equal(scopeOfReply(code, stage), scope)
  })
}

const target: Target = {
  host: 'backup.example.com',
  port: 21,
  user: 'copy',
  password: 'secret',
  folder: '/phones',
  tls: 'explicit',
  authorities: '',
  everyMinutes: 60,
  timeoutMs: 1_000,
}

test('the target is described without its password', () => {
  assert.equal(describeTarget(target), 'ftpes://copy@backup.example.com:21/phones')
  assert.equal(describeTarget({ ...target, host: '::1', tls: 'none', folder: '' }), 'ftp://copy@[::1]:21/')
})

test('settings that would become commands, and a host that is an address of a page, are named', () => {
  assert.deepEqual(problemsOf(target), [])
  assert.deepEqual(
    problemsOf({ ...target, folder: 'x\r\nDELE y', password: 'a\nb' }).map(({ setting }) => setting),
    ['ftpCopy.password', 'ftpCopy.folder'],
  )
  for (const host of ['ftp://backup.example.com', 'user@backup.example.com', 'backup example', 'host/folder'])
    assert.equal(problemsOf({ ...target, host })[0]?.setting, 'ftpCopy.host', host)
})
