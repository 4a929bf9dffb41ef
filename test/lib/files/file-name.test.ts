import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseFileName } from '../../../lib/files/file-name.ts'
import type { RefusalReason } from '../../../lib/files/refusal.ts'
import { harmlessNames, hostileNames, wireBytes } from '../../support/hostile-names.ts'
import { refusedAs } from '../../support/refused.ts'
import { words } from '../../support/words.ts'

function assertRefused(names: readonly string[], reason: RefusalReason = 'badName'): void {
  for (const name of names) assert.throws(() => parseFileName(name), refusedAs(reason), JSON.stringify(name))
}

test('names that phones ask for come back as they are', () => {
  for (const name of harmlessNames) assert.equal(parseFileName(name), name)
})

test('d13: the empty name and a name that ends with a slash are folders, which are not listed', () => {
  assertRefused(['', 'firmware/', 'firmware/J100/'], 'notFound')
})

test('d1: a way up is refused, however it is written', () => {
  assertRefused(
    words(String.raw`
      .. ../46xxsettings.txt ../../../../etc/passwd firmware/../46xxsettings.txt a/b/../../../x
      ..\46xxsettings.txt firmware\..\..\x ....//x ....\\x ..//x .../x a/.../x ./x a/./x ..;/x ..:/x
    `),
  )
  assertRefused(['. ./x', '.. /x', ' ../x', '..\0/x', '.\u200b./x', '.\u202e./x'])
})

test('d1: what is still encoded after the door decoded it once is refused, not decoded again', () => {
  assertRefused(
    words(`
      %2e%2e/x %2e%2e%2fx ..%2fx ..%5cx %252e%252e%252fx %c0%ae%c0%ae/x %e0%80%ae/x %u002e./x
      46xx%73ettings.txt 46xxsettings.txt%00.scr 100% % %zz
    `),
  )
})

test('d1: characters that only look like dots and slashes lead nowhere else', () => {
  const pathOf = (name: string) => join('/srv', parseFileName(name))
  assert.equal(pathOf('\uff0e\uff0e\uff0fpasswd'), '/srv/\uff0e\uff0e\uff0fpasswd')
  assert.equal(pathOf('\u2025\u2044x'), '/srv/\u2025\u2044x')
  // Overlong UTF-8 (C0 AE C0 AF), should a door ever take the bytes for Latin-1.
  assert.equal(pathOf('\u00c0\u00ae\u00c0\u00afx'), '/srv/\u00c0\u00ae\u00c0\u00afx')
})

test('d2: absolute names, drives, network shares and URLs are refused', () => {
  assertRefused(
    words(String.raw`
      /etc/passwd //etc/passwd \etc\passwd \\host\share\a.txt //host/share/a.txt /
      C:\boot.ini c:/boot.ini C:boot.ini \\?\C:\boot.ini \\.\COM1
      file:///etc/passwd file:etc/passwd http://x/y
    `),
  )
  assert.throws(() => parseFileName('/etc/passwd'), { detail: 'an absolute name' })
})

test('d3: control bytes, line ends, lone surrogates and invisible characters are refused wherever they stand', () => {
  const codes = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index)]
  const control = codes.map((code) => String.fromCharCode(code))
  const invisible = ['\ud800', '\udfff', '\udc00\ud800', '\ufeff', '\u200b', '\u202e', '\u2028', '\u2066']
  for (const char of [...control, ...invisible])
    assertRefused([`${char}a.txt`, `a${char}b.txt`, `a.txt${char}`, `firmware/${char}/a.txt`])
})

test('d3: characters outside the basic plane are not taken for lone surrogates', () => {
  assert.equal(parseFileName('\u{1f4de}.txt'), '\u{1f4de}.txt')
})

test('d4: a name may have 255 bytes and no more', () => {
  assert.equal(parseFileName('a'.repeat(255)).length, 255)
  assert.equal(parseFileName(`${'é'.repeat(127)}a`).length, 128)
  assert.equal(parseFileName('\u{1f4de}'.repeat(63)).length, 126)
  assert.equal(parseFileName('e\u0301'.repeat(127)), 'é'.repeat(127), 'counted in the form that is looked up')
  assertRefused(['a'.repeat(256), 'é'.repeat(128), '漢'.repeat(86), '\u{1f4de}'.repeat(64)])
  assertRefused([
    'a'.repeat(4_096),
    'a'.repeat(65_000),
    `${'a/'.repeat(32_000)}a`,
    `${'../'.repeat(20_000)}x`,
  ])
})

test('d4: a name of 65,000 accents is refused by its length, for composing it would take seconds', (t) => {
  const normalize = t.mock.method(String.prototype, 'normalize')
  assertRefused(['\u0345\u0301'.repeat(32_500)])
  assert.equal(normalize.mock.callCount(), 0)
})

test('d4: eight parts are deep enough', () => {
  assert.equal(parseFileName('a/b/c/d/e/f/g/h'), 'a/b/c/d/e/f/g/h')
  assertRefused(['a/b/c/d/e/f/g/h/i'])
})

test('d5: names that mean a device, a stream or another file to Windows are refused', () => {
  assertRefused(
    words(`
      con CON con.txt Con.cfg.txt prn aux.scr NUL nul.txt com1 COM9.bin com0 lpt1 LPT9.txt
      com\u00b9 lpt\u00b3.txt CONIN$ conout$ clock$ firmware/nul aux/a.txt a.txt. a. firmware./a.txt
      a.txt::$DATA a.txt:stream 46XXSE~1.TXT FIRMWA~1/a.bin a<b a>b a|b a?b a*b a"b
    `),
  )
  assertRefused(['con .txt', 'a.txt ', ' a.txt', 'firmware /a.txt', ' '])
})

test('d5: names that only begin like a device are ordinary', () => {
  for (const name of words('console.txt auxiliary.cfg com.txt nullen.txt lpt.bin company1.txt a~b.txt'))
    assert.equal(parseFileName(name), name)
})

test('d6: both Unicode forms of a name are one name', () => {
  assert.equal(parseFileName('Mlf_Franc\u0327ais.xml'), 'Mlf_Fran\u00e7ais.xml')
  assert.equal(parseFileName('\u212bngstr\u00f6m.txt'), '\u00c5ngstr\u00f6m.txt')
})

test('d6: a name is judged as it is looked up, in its composed form', () => {
  assert.equal(parseFileName('a<\u0338b.txt'), 'a\u226eb.txt')
  assert.equal(parseFileName('a\u037eb.txt'), 'a;b.txt')
  assertRefused(['a<b\u0338.txt'])
})

test('d11: dot files are refused, also as folders', () => {
  assertRefused(words('.htaccess .git/config firmware/.hidden .state/journal/1 .'))
})

test('empty folder names are refused', () => {
  assertRefused(words('a//b a///b /a //a/b'))
})

function assertSafe(name: string): void {
  let safe: string
  try {
    safe = parseFileName(name)
  } catch (error) {
    assert(refusedAs('badName', 'notFound')(error), String(error))
    return
  }
  const path = join('/srv/HTTPdata', safe)
  assert.equal(path, `/srv/HTTPdata/${safe}`, 'nothing in it is resolved away')
  assert(!path.split('/').includes('..'))
  assert.doesNotMatch(path, /[\p{Cc}\p{Cs}\\:]/u)
  assert(Buffer.byteLength(safe) <= 255)
  assert.equal(parseFileName(safe), safe, 'it means the same when it is parsed again')
}

const hostilePieces = [
  ...words(String.raw`.. . / \ %2e ~1 : con .txt a`),
  ' ',
  '\0',
  '\r\n',
  '\u0301',
  '\ud800',
  '\u202e',
]

test('whatever is let through lies below the root and holds no control byte', () => {
  const piece = fc.oneof(
    fc.constantFrom(...hostilePieces),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  )
  const name = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
  fc.assert(fc.property(name, assertSafe), { numRuns: 2_000 })
})

test('d1: each of more than 10,000 generated names is refused, or lies below the root', () => {
  const names = hostileNames()
  assert(names.length > 10_000)
  assert.equal(new Set(names.map(({ name }) => name)).size, names.length)
  assert.deepEqual(hostileNames(), names, 'the same every time')
  for (const { name } of names) assertSafe(name)
})

test('generated names with a NUL are marked, and all have bytes for the wire', () => {
  for (const { name, wire } of hostileNames()) {
    assert.equal(wire === 'http-only', name.includes('\0'))
    if (name.isWellFormed()) assert.equal(wireBytes(name).toString(), name)
  }
  assert.equal(wireBytes('a\ud800b').toString('hex'), '61eda08062')
})
