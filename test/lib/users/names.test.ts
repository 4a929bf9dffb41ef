import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { defaultConfig } from '../../../lib/base/config.ts'
import { ProbeFiles } from '../../../lib/files/probe-files.ts'
import { UserNames } from '../../../lib/users/names.ts'

const { families, longestExtension } = defaultConfig().userData
const names = new UserNames({ families, longestExtension, uploads: ['-boot.log', '-Directory.xml'] })

const meaning = (name: string) => {
  const asked = names.parse(name)
  if (asked === undefined) return undefined
  return asked.kind === 'upload' ? `upload of ${asked.mac}` : `${asked.extension ?? 'bare'} ${asked.data}`
}

const rows: [name: string, meaning: string | undefined][] = [
  ['4711_96xxdata.txt', '4711 96xxdata.txt'],
  ['4711_16xxdata.txt', '4711 16xxdata.txt'],
  ['4711_9610data.txt', '4711 9610data.txt'],
  ['4711_4610data_sip.txt', '4711 4610data_sip.txt'],
  ['a12B_4620data.txt', 'a12B 4620data.txt'],
  ['4711_96XXDATA.TXT', '4711 96xxdata.txt'],
  ['4620data.txt', 'bare 4620data.txt'],
  ['4610data_sip.txt', 'bare 4610data_sip.txt'],
  ['4711_4621data.txt', '4711 4620data.txt'],
  ['4711_4622data.txt', '4711 4620data.txt'],
  ['4625data_sip.txt', 'bare 4620data_sip.txt'],
  ['4711_4630data.txt', undefined],
  ['4711_96xxdata.txt.bak', undefined],
  ['_96xxdata.txt', undefined],
  ['47 11_96xxdata.txt', undefined],
  ['47.11_96xxdata.txt', undefined],
  [`${'1'.repeat(32)}_96xxdata.txt`, `${'1'.repeat(32)} 96xxdata.txt`],
  [`${'1'.repeat(33)}_96xxdata.txt`, undefined],
  ['4711__96xxdata.txt', undefined],
  ['46xxsettings.txt', undefined],
  ['0004F2ABCDEF-boot.log', 'upload of 0004f2abcdef'],
  ['0004f2abcdef-directory.xml', 'upload of 0004f2abcdef'],
  ['0004f2abcdef-app.log', undefined],
  ['0004f2abcde-boot.log', undefined],
  ['', undefined],
]
for (const [name, expected] of rows)
  test(`${JSON.stringify(name.slice(0, 40))} means ${expected ?? "no user's file"}`, () => {
    assert.equal(meaning(name), expected)
  })

test('extensions that differ in case are two users; what follows them is one, whatever its case', () => {
  const fileOf = (name: string) => {
    const asked = names.parse(name)
    assert.ok(asked)
    return names.fileOf(asked)
  }
  assert.equal(fileOf('ab_96XXdata.txt'), 'ab_96xxdata.txt')
  assert.equal(fileOf('AB_96xxdata.TXT'), 'AB_96xxdata.txt')
  assert.equal(fileOf('0004F2ABCDEF-DIRECTORY.xml'), '0004f2abcdef/0004f2abcdef-directory.xml')
})

test('a bare name lies under the extension of the phone', () => {
  assert.equal(
    names.fileOf({ kind: 'backup', extension: undefined, data: '4620data.txt' }, '4711'),
    '4711_4620data.txt',
  )
})

test('who has saved nothing gets what the family of the phone needs, or of the file where the phone is unknown', () => {
  assert.equal(names.whenMissing('J179D02A', '96xxdata.txt'), 'empty')
  assert.equal(names.whenMissing('9630', '96xxdata.txt'), 'notFound')
  assert.equal(names.whenMissing(undefined, '96xxdata.txt'), 'notFound')
  assert.equal(names.whenMissing(undefined, 'J100data.txt'), 'empty')
})

test('whatever is asked for, a file never lies outside, and never under another extension', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('', '_96xxdata.txt'),
      (text, end) => {
        const asked = names.parse(text + end)
        if (asked?.kind !== 'backup' || asked.extension === undefined) return
        const file = names.fileOf(asked)
        assert.match(file, /^[0-9A-Za-z]{1,32}_[\w]+\.txt$/)
        assert.ok(file.startsWith(`${asked.extension}_`))
        assert.ok(text.startsWith(asked.extension))
      },
    ),
  )
})

test('d109: the user of the current watchdog may be longer than extensions are', () => {
  const probes = new ProbeFiles()
  const short = new UserNames({ families, longestExtension: 5, uploads: [] }, probes)
  const name = 'watchdog0123456789abcdef_96xxdata.txt'
  assert.equal(short.parse(name), undefined)
  probes.begin('0123456789abcdef')
  assert.deepEqual(short.parse(name), {
    kind: 'backup',
    extension: 'watchdog0123456789abcdef',
    data: '96xxdata.txt',
  })
  assert.equal(short.parse('watchdog00000000000000aa_96xxdata.txt'), undefined)
  assert.equal(short.parse('471100_96xxdata.txt'), undefined)
})
