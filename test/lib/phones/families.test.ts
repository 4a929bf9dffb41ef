import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { FamilyRow } from '../../../lib/base/settings/snmp.ts'
import {
  candidates,
  familiesWith,
  objectsOf,
  readExtension,
  readMac,
  readPhone,
  readWord,
  type Answers,
  type SnmpValue,
} from '../../../lib/phones/families.ts'

const avaya = '1.3.6.1.4.1.6889'
const builtIn = familiesWith([])
const octets = (text: string) => Buffer.from(text, 'latin1')

test('the built-in families are 46xx, 96x0, 16xx and 96x1', () => {
  assert.deepEqual(namesOf(builtIn), ['46xx', '96x0', '16xx', '96x1'])
})

for (const [identifier, family] of [
  [`${avaya}.1.69.1.5`, '46xx'],
  [`${avaya}.1.69.2.3`, '96x0'],
  [`${avaya}.1.69.3.1`, '16xx'],
  [`${avaya}.1.69.6`, '96x1'],
] as const) {
  test(`a phone with sysObjectID ${identifier} is a ${family}`, () => {
    assert.deepEqual(namesOf(candidates(builtIn, identifier)), [family])
  })
}

test('an identifier that only begins with the same digits is another one', () => {
  assert.deepEqual(namesOf(candidates(builtIn, `${avaya}.1.69.10`)), ['46xx', '96x0', '16xx', '96x1'])
})

test('a phone whose identifier nobody has, or that has none, is tried as each family', () => {
  assert.equal(candidates(builtIn, '1.3.6.1.4.1.8072.3.2.10').length, 4)
  assert.equal(candidates(builtIn, undefined).length, 4)
})

test('own families come first, and one with the name of a built-in takes its place', () => {
  const own = [row({ family: 'H323' }), row({ family: '46xx', sysObjectId: `${avaya}.1.69.1` })]
  assert.deepEqual(namesOf(familiesWith(own)), ['H323', '46xx', '96x0', '16xx', '96x1'])
})

test('an own family without an identifier is tried before the one that the identifier names', () => {
  const families = familiesWith([row({ family: 'H323' })])
  assert.deepEqual(namesOf(candidates(families, `${avaya}.1.69.2.3`)), ['H323', '96x0'])
})

test('a dot before an own object identifier means nothing', () => {
  const [own] = familiesWith([row({ sysObjectId: '.1.3.6', extension: '.1.2.3.0', mac: '.1.2.5.0' })])
  assert.deepEqual(own, row({ sysObjectId: '1.3.6', extension: '1.2.3.0', mac: '1.2.5.0' }))
})

test('a phone is asked for the objects that its family has', () => {
  assert.deepEqual(objectsOf(row({})), ['1.2.3.0', '1.2.4.0'])
  assert.equal(objectsOf(rowOf('46xx')).length, 5)
})

test('a 46xx tells all of itself', () => {
  assert.deepEqual(readPhone(rowOf('46xx'), answers46xx('4711')), {
    is: 'phone',
    phone: {
      family: '46xx',
      model: '4620D01A',
      extension: '4711',
      mac: '00040d1a2b3c',
      serial: '05N510103567',
      version: 'a20d01b2_3.bin',
    },
  })
})

test('a phone without the extension object is of another family', () => {
  assert.deepEqual(readPhone(rowOf('96x0'), answers46xx('4711')), { is: 'other' })
})

test('a phone that keeps its model, MAC, serial number and version to itself is known by its extension', () => {
  const only: Answers = new Map([[rowOf('16xx').extension, octets('88')]])
  assert.deepEqual(readPhone(rowOf('16xx'), only), {
    is: 'phone',
    phone: { family: '16xx', model: '', extension: '88' },
  })
})

test('of user@domain the user is the extension', () => {
  assert.equal(readExtension(octets('4711@sip.example.com')), '4711')
  assert.equal(readExtension(octets('4711@[2001:db8::1]:5061')), '4711')
})

test('an own family may have its extension as a number', () => {
  assert.equal(readExtension(4711), '4711')
  assert.equal(readExtension(-1), undefined)
})

test('an extension has up to 32 digits and letters', () => {
  assert.equal(readExtension(octets('a'.repeat(32))), 'a'.repeat(32))
  assert.equal(readExtension(octets('a'.repeat(33))), undefined)
})

for (const [what, said] of [
  ['a path', '../../x'],
  ['a command', '1;rm'],
  ['5 kB', '7'.repeat(5_000)],
  ['nothing', ''],
  ['0', '0'],
  ['a path before a domain', '../x@example.com'],
  ['a path as the domain', '4711@../../x'],
  ['no user', '@example.com'],
  ['a line end after it', '4711\n'],
  ['a NUL after it', '4711\0'],
  ['a space before it', ' 4711'],
  ['a full-width digit', '\xef\xbc\x94'],
  ['an Arabic digit', '\xd9\xa4'],
] as const) {
  test(`d43 an extension that is ${what} is refused`, () => {
    assert.equal(readExtension(octets(said)), undefined)
    assert.equal(readPhone(rowOf('46xx'), answers46xx(said)).is, 'refused')
  })
}

test('d43 what a phone said instead of an extension is shown short and harmless', () => {
  const reading = readPhone(rowOf('46xx'), answers46xx(`\x1b[2J"${'x'.repeat(100)}`))
  assert.deepEqual(reading, {
    is: 'refused',
    why: `answered with an extension that is none, "\\x1b[2J"${'x'.repeat(35)}…"; only digits and letters are taken`,
  })
})

test('whoever is not logged in hears so', () => {
  const why = 'answered, but nobody is logged in: its extension is empty'
  assert.deepEqual(readPhone(rowOf('46xx'), answers46xx('')), { is: 'refused', why })
})

for (const [said, mac] of [
  [Buffer.from('00040d1a2b3c', 'hex'), '00040d1a2b3c'],
  [octets('00:04:0D:1A:2B:3C'), '00040d1a2b3c'],
  [octets('00-04-0d-1a-2b-3c'), '00040d1a2b3c'],
  [octets('0004.0d1a.2b3c'), '00040d1a2b3c'],
  [octets('00040D1A2B3C'), '00040d1a2b3c'],
  [Buffer.alloc(6), undefined],
  [octets('00:04:0D:1A:2B'), undefined],
  [octets('00:04:0D:1A:2B:3C:4D'), undefined],
  [octets('no MAC'.padEnd(12)), undefined],
  [47, undefined],
  [undefined, undefined],
] as const) {
  test(`a MAC said as ${shown(said)} is ${mac ?? 'none'}`, () => {
    assert.equal(readMac(said), mac)
  })
}

for (const [said, word] of [
  [octets('J129D02A'), 'J129D02A'],
  [octets('4620\0\0\0\0'), '4620'],
  [octets('  9608 '), '9608'],
  [octets('S96x1_SALBR7_1 (b4)'), 'S96x1_SALBR7_1 (b4)'],
  [octets('../../etc/passwd'), undefined],
  [octets('<script>'), undefined],
  [octets('\x1b[31m4620'), undefined],
  [octets('4'.repeat(65)), undefined],
  [octets(''), undefined],
  [4620, '4620'],
  [undefined, undefined],
] as const) {
  test(`a model said as ${shown(said)} is ${word ?? 'none'}`, () => {
    assert.equal(readWord(said), word)
  })
}

const anyValue: fc.Arbitrary<SnmpValue> = fc.oneof(
  fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 600 }).map((text) => Buffer.from(text)),
  fc.stringMatching(/^[0-9A-Za-z@./;\\]{0,40}$/).map((text) => Buffer.from(text)),
  fc.string(),
  fc.integer(),
)

test('d43 whatever a phone says, an extension is 1 to 32 digits and letters, and stood at the beginning of it', () => {
  fc.assert(
    fc.property(anyValue, (said) => {
      const extension = readExtension(said)
      if (extension === undefined) return
      assert.match(extension, /^[0-9A-Za-z]{1,32}$/)
      assert.ok(String(said).startsWith(extension))
    }),
    { numRuns: 5_000 },
  )
})

test('whatever a phone says, a MAC is twelve hex digits, and a model has no slash, no control byte and an end', () => {
  fc.assert(
    fc.property(anyValue, (said) => {
      assert.match(readMac(said) ?? '000000000001', /^[\da-f]{12}$/)
      assert.match(readWord(said) ?? '4620', /^[0-9A-Za-z][\w .+()-]{0,63}$/)
    }),
    { numRuns: 5_000 },
  )
})

function rowOf(name: string): FamilyRow {
  const found = builtIn.find((each) => each.family === name)
  assert.ok(found)
  return found
}

function row(changes: Partial<FamilyRow>): FamilyRow {
  return { family: 'own', extension: '1.2.3.0', model: '1.2.4.0', ...changes }
}

const namesOf = (rows: readonly FamilyRow[]) => rows.map((each) => each.family)

function answers46xx(extension: string): Answers {
  return new Map<string, SnmpValue>([
    [`${avaya}.2.69.1.4.9.0`, octets(extension)],
    [`${avaya}.2.69.1.1.2.0`, octets('4620D01A')],
    [`${avaya}.2.69.1.1.9.0`, Buffer.from('00040d1a2b3c', 'hex')],
    [`${avaya}.2.69.1.1.6.0`, octets('05N510103567')],
    [`${avaya}.2.69.1.3.2.0`, octets('a20d01b2_3.bin')],
  ])
}

function shown(value: SnmpValue | undefined): string {
  return Buffer.isBuffer(value) ? JSON.stringify(value.toString('latin1')) : String(value)
}
