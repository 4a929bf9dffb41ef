import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, describeComplaint, nearest } from '../../../lib/base/complaint.ts'

const known = ['http', 'http.ports', 'http.enabled', 'https.ports', 'tftp', 'tftp.port']

test('a complaint says where, which setting, what is wrong and what to do', () => {
  assert.equal(
    describeComplaint({
      source: 'a.toml',
      line: 3,
      setting: 'http.ports',
      problem: 'is wrong',
      fix: 'mend it',
    }),
    'a.toml:3: http.ports: is wrong; mend it',
  )
})

test('a complaint leaves out what is not known', () => {
  assert.equal(describeComplaint({ source: '--set', setting: '', problem: 'is wrong' }), '--set: is wrong')
})

test('the error has a line for each complaint, and the complaints themselves', () => {
  const complaints = [
    { source: 'a.toml', line: 1, setting: 'x', problem: 'is wrong' },
    { source: 'TWINTONE_Y', setting: 'y', problem: 'is wrong too' },
  ]
  const error = new ConfigError(complaints)
  assert.equal(error.message, 'a.toml:1: x: is wrong\nTWINTONE_Y: y: is wrong too')
  assert.deepEqual(error.complaints, complaints)
})

test('the nearest known name is proposed', () => {
  assert.deepEqual(nearest('http.prots', known), { fix: 'did you mean http.ports?' })
  assert.deepEqual(nearest('tftp.ports', known), { fix: 'did you mean tftp.port?' })
  assert.deepEqual(nearest('htpp', known), { fix: 'did you mean http?' })
})

test('nothing is proposed where nothing is near, however short the name', () => {
  assert.deepEqual(nearest('access.sessions', known), {})
  assert.deepEqual(nearest('ha', known), {})
  assert.deepEqual(nearest('x', []), {})
})
