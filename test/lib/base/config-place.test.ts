import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf } from '../../../lib/base/config-place.ts'

const lineIn = (lines: readonly string[], setting: string) => lineOf(lines.join('\n'), setting.split('.'))

test('a setting is found in its table, not in another one with the same key', () => {
  const file = ['[http]', 'enabled = true', '', '[https]', 'enabled = false']
  assert.equal(lineIn(file, 'http.enabled'), 2)
  assert.equal(lineIn(file, 'https.enabled'), 5)
})

test('a setting that is not in the file has the line of the table around it, or none', () => {
  const file = ['# nothing above', '[http]', 'enabled = true']
  assert.equal(lineIn(file, 'http.ports'), 2)
  assert.equal(lineIn(file, 'tftp.port'), undefined)
  assert.equal(lineIn([''], 'tftp.port'), undefined)
})

test('dotted keys, quoted keys, spaces and indents are read as TOML reads them', () => {
  const file = ['http.enabled = true', '[ "https" ]', '  "ports" = [411]', 'profileOfPort . 411 = "legacy"']
  assert.equal(lineIn(file, 'http.enabled'), 1)
  assert.equal(lineIn(file, 'https.ports'), 3)
  assert.equal(lineIn(file, 'https.profileOfPort.411'), 4)
})

test('of several lines that lead equally far, the first one counts', () => {
  const file = ['[https]', 'profileOfPort.411 = "legacy"', 'profileOfPort.443 = "modern"']
  assert.equal(lineIn(file, 'https.profileOfPort'), 2)
})

test('a key inside an inline table is where the inline table is', () => {
  const file = ['[https]', 'ports = [411]', 'profileOfPort = { 411 = "legacy", 443 = "modern" }']
  assert.equal(lineIn(file, 'https.profileOfPort.443'), 3)
})

test('each row of a list of tables has lines of its own', () => {
  const file = ['[[tftp.quirks]]', 'model = "a"', '[[tftp.quirks]]', 'model = "b"', '[tftp]', 'port = 69']
  assert.equal(lineIn(file, 'tftp.quirks.0.model'), 2)
  assert.equal(lineIn(file, 'tftp.quirks.1.model'), 4)
  assert.equal(lineIn(file, 'tftp.quirks.1.modell'), 3)
  assert.equal(lineIn(file, 'tftp.port'), 6)
})

test('a table inside a row belongs to the row before it, and a list inside a row counts anew', () => {
  const file = ['[[a]]', '[a.b]', 'x = 1', '[[a.c]]', '[[a]]', '[a.b]', 'x = 2', '[[a.c]]', 'y = 3']
  assert.equal(lineIn(file, 'a.0.b.x'), 3)
  assert.equal(lineIn(file, 'a.1.b.x'), 7)
  assert.equal(lineIn(file, 'a.1.c.0.y'), 9)
})

test('a value of several lines has the line it begins on, and what follows it keeps its own', () => {
  const file = ['[http]', 'ports = [', '  80, # ports = [', '  "]",', '  99999,', ']', 'enabled = 1']
  assert.equal(lineIn(file, 'http.ports.2'), 2)
  assert.equal(lineIn(file, 'http.enabled'), 7)
})

test('what looks like a setting or a table inside a string of several lines is text', () => {
  const quotes = ['"""', "'''"]
  for (const quote of quotes) {
    const file = [
      '[node]',
      `name = ${quote}`,
      '[http]',
      'enabled = 1',
      'name = 2',
      quote,
      'x = 3',
      '[http]',
      'enabled = 4',
    ]
    assert.equal(lineIn(file, 'node.name'), 2)
    assert.equal(lineIn(file, 'node.x'), 7)
    assert.equal(lineIn(file, 'http.enabled'), 9)
  }
})

test('Windows line ends and a byte order mark do not move lines', () => {
  assert.equal(lineOf('\uFEFF[http]\r\nports = [\r\n80\r\n]\r\nenabled = 1\r\n', ['http', 'enabled']), 5)
})

test('a key named like something every object has is only found where it is written', () => {
  assert.equal(lineIn(['[http]', 'x = 1'], 'http.x.constructor'), 2)
  assert.equal(lineIn(['[http]', 'x = 1', 'constructor = 2'], 'http.constructor'), 3)
})
