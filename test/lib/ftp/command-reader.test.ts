import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandReader, longestLine, type Line } from '../../../lib/ftp/command-reader.ts'

/** Feeds the pieces (one byte a character) and returns all lines. */
function read(...pieces: string[]): Line[] {
  const reader = new CommandReader()
  const lines: Line[] = []
  for (const piece of pieces) {
    reader.feed(Buffer.from(piece, 'latin1'))
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line)
  }
  return lines
}

const commands = (...texts: string[]): Line[] => texts.map((text) => ({ type: 'command', text }))

test('d50: commands are the same however they are cut into packets', () => {
  const bytes = 'USER a\r\nPASS b\r\nNOOP\r\n'
  const whole = commands('USER a', 'PASS b', 'NOOP')
  assert.deepEqual(read(bytes), whole)
  assert.deepEqual(read(...bytes.split('')), whole)
  for (let cut = 1; cut < bytes.length; cut += 1) {
    assert.deepEqual(read(bytes.slice(0, cut), bytes.slice(cut)), whole)
  }
})

test('a line may end with LF alone, and empty lines are nothing', () => {
  assert.deepEqual(read('NOOP\n\r\n\n\r\nQUIT\n'), commands('NOOP', 'QUIT'))
})

test('spaces and a CR within a line are part of it', () => {
  assert.deepEqual(read('CWD  a b \r\n', 'STOR a\rb\r\n'), commands('CWD  a b ', 'STOR a\rb'))
})

test("d50: telnet's bytes are taken out, wherever a packet ends", () => {
  const abort = '\xff\xf4\xff\xf2ABOR\r\n'
  assert.deepEqual(read(abort), commands('ABOR'))
  assert.deepEqual(read(...abort.split('')), commands('ABOR'))
  assert.deepEqual(read('NO\xff\xf1OP\r\n'), commands('NOOP'), 'no operation')
  assert.deepEqual(read('NO\xff\xfb\x01OP\xff\xfe\x03\r\n'), commands('NOOP'), 'options')
  assert.deepEqual(read('NO\xff\xfa\x18\x00x\xff\xffy\xff\xf0OP\r\n'), commands('NOOP'), 'subnegotiation')
})

test('ABOR is understood when urgent bytes of it were lost on the way', () => {
  assert.deepEqual(read('\xff\xf4\xf2ABOR\r\n'), commands('ABOR'), 'without the IAC before DM')
  assert.deepEqual(read('ABOR\r'), commands('ABOR'), 'without the LF')
  assert.deepEqual(read('ABOR\r', '\nNOOP\r\n'), commands('ABOR', 'NOOP'), 'the LF comes later')
  assert.deepEqual(read('STOR\r'), [], 'only ABOR')
})

test('a doubled IAC is a byte of the line, and no UTF-8', () => {
  assert.deepEqual(read('CWD \xff\xff\r\n'), [{ type: 'unreadable', why: 'notUtf8' }])
})

test('UTF-8 is read strictly', () => {
  assert.deepEqual(read('CWD \xc3\xa4\r\n'), commands('CWD ä'))
  assert.deepEqual(
    read('\xef\xbb\xbfNOOP\r\n'),
    commands('\ufeffNOOP'),
    'a mark of byte order is not dropped',
  )
  for (const bytes of ['\xe4', '\xc0\xae\xc0\xae', '\xed\xa0\x80', '\xf4\x90\x80\x80']) {
    assert.deepEqual(read(`CWD ${bytes}\r\nNOOP\r\n`), [
      { type: 'unreadable', why: 'notUtf8' },
      ...commands('NOOP'),
    ])
  }
})

test('d50: a line that is too long is skipped up to its end', () => {
  const longest = 'x'.repeat(longestLine)
  assert.deepEqual(read(`${longest}\nNOOP\n`), commands(longest, 'NOOP'))
  assert.deepEqual(read(`${longest}xx\r\nNOOP\r\n`), [
    { type: 'unreadable', why: 'tooLong' },
    ...commands('NOOP'),
  ])
})

test('d50: bytes without an end are no FTP, with telnet in them or not', () => {
  for (const bytes of ['x', '\xff\xff', 'x\xff\xf1']) {
    assert.deepEqual(read(bytes.repeat(100_000)).at(0), { type: 'foreign' })
  }
  assert.deepEqual(read(`\xff\xfa${'x'.repeat(100_000)}`).at(0), { type: 'foreign' }, 'in a subnegotiation')
})

test('d39: the first byte of TLS is no FTP, at once', () => {
  assert.deepEqual(read('\x16\x03\x01'), [{ type: 'foreign' }])
})

test('d36: what was discarded is forgotten, whole lines and half ones', () => {
  const reader = new CommandReader()
  reader.feed(Buffer.from('AUTH TLS\r\nUSER evil\r\nPA'))
  assert.deepEqual(reader.next(), { type: 'command', text: 'AUTH TLS' })
  reader.discard()
  assert.equal(reader.next(), undefined)
  reader.feed(Buffer.from('NOOP\r\n'))
  assert.deepEqual(reader.next(), { type: 'command', text: 'NOOP' })
})
