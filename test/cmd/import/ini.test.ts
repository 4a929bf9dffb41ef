import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseIni, valueOf } from '../../../cmd/import/ini.ts'

test('a key belongs to its section: the same name may stand in two', () => {
  const ini = parseIni('[FTP]\nFTPPort=21\n[FTPS]\nFTPPort=990\n')
  assert.equal(valueOf(ini, 'FTP', 'FTPPort'), '21')
  assert.equal(valueOf(ini, 'FTPS', 'FTPPort'), '990')
  assert.equal(valueOf(ini, 'HTTP', 'FTPPort'), undefined)
  assert.deepEqual(ini.entries[1], { section: 'FTPS', key: 'FTPPort', value: '990', line: 4 })
})

test('a value is taken as it is: spaces at its edges, =, # and ; in it', () => {
  const ini = parseIni('[SNMP]\nParams= -v2c -cpublic \nAwk=| awk -F= # ; x\nEmpty=\n')
  assert.equal(valueOf(ini, 'SNMP', 'Params'), ' -v2c -cpublic ')
  assert.equal(valueOf(ini, 'SNMP', 'Awk'), '| awk -F= # ; x')
  assert.equal(valueOf(ini, 'SNMP', 'Empty'), '')
})

test('lines may end as on Windows, comments begin with # or ;, and blanks do no harm', () => {
  const ini = parseIni('; one\r\n  # two\r\n\r\n[ HTTP ]\r\n  HTTPPort = 81\r\n')
  assert.deepEqual(ini, {
    entries: [{ section: 'HTTP', key: 'HTTPPort', value: ' 81', line: 5 }],
    problems: [],
  })
})

test('the rest of a wrapped comment is told of with its line, and the file is read on', () => {
  const ini = parseIni('[HTTP]\n# where downloads\nlie\n=hour, 3=day\nsecondary file servers\nHTTPPort=81\n')
  assert.deepEqual(
    ini.problems.map(({ line, text }) => [line, text]),
    [
      [3, 'lie'],
      [4, '=…'],
      [5, 'secondary file servers'],
    ],
  )
  assert.equal(valueOf(ini, 'HTTP', 'HTTPPort'), '81')
})

test('a setting before any section, one given twice and a broken section are told of, without what may be a password', () => {
  const ini = parseIni('SUPassword=hush\n[FTP]\nSUPassword=first\nsupassword=second\n[HTTP\nHTTPPort=81\n')
  assert.deepEqual(
    ini.problems.map(({ line, text }) => [line, text]),
    [
      [1, 'SUPassword=…'],
      [4, 'supassword=…'],
      [5, '[HTTP'],
    ],
  )
  assert.match(ini.problems[1]?.why ?? '', /already given in line 3, which counts/)
  assert.equal(valueOf(ini, 'ftp', 'SUPASSWORD'), 'first')
})

test('property: any text is read, and no line gets lost', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('[FTP]', '[HTTP]', 'A=1', 'B = x', '#', '', ';', '=', '['),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const text = lines.join('\n')
      const { entries, problems } = parseIni(text)
      const told = new Set([...entries, ...problems].map((each) => each.line))
      assert.equal(told.size, entries.length + problems.length)
      assert.ok(Math.max(0, ...told) <= text.split(/\r\n?|\n/).length)
    }),
    { numRuns: 1_000 },
  )
})
