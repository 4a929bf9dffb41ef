import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Complaint } from '../../../lib/base/complaint.ts'
import { leaves } from '../../../lib/base/config-leaves.ts'
import { environmentName, fromEnvironment, fromFlags, setLeaf } from '../../../lib/base/config-overrides.ts'

function read(setting: string, word: string): unknown {
  const complaints: Complaint[] = []
  const [override] = fromFlags([`${setting}=${word}`], complaints)
  assert.deepEqual(complaints, [])
  return override?.value
}

test('every setting has an environment variable of its own', () => {
  const names = leaves().map(({ path }) => environmentName(path))
  assert.equal(new Set(names).size, leaves().length)
  for (const name of names) assert.match(name, /^TWINTONE(_[A-Z]+)+$/)
  assert.equal(environmentName(['http', 'headersTimeoutMs']), 'TWINTONE_HTTP_HEADERS_TIMEOUT_MS')
})

test('each variable leads back to its setting', () => {
  const environment = Object.fromEntries(leaves().map(({ path }) => [environmentName(path), '1']))
  const found = [...fromEnvironment(environment, [])].map(({ path }) => path)
  assert.deepEqual(
    found,
    leaves().map(({ path }) => path),
  )
})

test('variables of others are left alone, and so is the one that names the file', () => {
  const complaints: Complaint[] = []
  const environment = {
    PATH: '/bin',
    TWINTONE_CONFIG: 'a.toml',
    XTWINTONE_HTTP_PORTS: '1',
    TWINTONE_HTTP_PORTS: undefined,
  }
  assert.deepEqual([...fromEnvironment(environment, complaints)], [])
  assert.deepEqual(complaints, [])
})

test('a variable that is no setting is complained about with the nearest name', () => {
  const complaints: Complaint[] = []
  assert.deepEqual([...fromEnvironment({ TWINTONE_HTTP_PORT: '80' }, complaints)], [])
  assert.deepEqual(complaints, [
    {
      source: 'TWINTONE_HTTP_PORT',
      setting: '',
      problem: 'no setting has this name',
      fix: 'did you mean TWINTONE_HTTP_PORTS?',
    },
  ])
})

test('a flag without a known setting or without a value is complained about', () => {
  const complaints: Complaint[] = []
  assert.deepEqual([...fromFlags(['http.port=80', 'http.ports', '=80', 'http=80'], complaints)], [])
  assert.deepEqual(
    complaints.map(({ problem, fix }) => [problem, fix]),
    [
      ['"http.port=80" is not setting=value with a known setting', 'did you mean http.ports?'],
      ['"http.ports" is not setting=value with a known setting', 'did you mean http.ports?'],
      ['"=80" is not setting=value with a known setting', undefined],
      ['"http=80" is not setting=value with a known setting', undefined],
    ],
  )
})

const words: [string, string, unknown][] = [
  ['http.ports', '8080', [8080]],
  ['http.ports', '8080, 8081', [8080, 8081]],
  ['http.ports', '[8080]', [8080]],
  ['http.ports', '', ['']],
  ['http.ports', 'abc', ['abc']],
  ['http.addresses', '127.0.0.1', ['127.0.0.1']],
  ['http.addresses', '::1,10.0.0.1', ['::1', '10.0.0.1']],
  ['http.addresses', '["::1", "10.0.0.1"]', ['::1', '10.0.0.1']],
  ['status.allow', '10.1,10', ['10.1', '10']],
  ['http.enabled', 'false', false],
  ['http.enabled', 'yes', 'yes'],
  ['tftp.port', '6_900', 6900],
  ['tftp.port', '', ''],
  ['access.sessionSeconds', '1.5', 1.5],
  ['node.name', '12', '12'],
  ['node.name', '"a"', '"a"'],
  ['node.name', '', ''],
  ['https.clientCa', 'a=b', 'a=b'],
]

for (const [setting, word, value] of words) {
  test(`${setting}=${word} is read as ${JSON.stringify(value)}`, () => {
    assert.deepEqual(read(setting, word), value)
  })
}

test('tables and rows of tables are written as in the file', () => {
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
  assert.deepEqual(plain(read('https.profileOfPort', '{ 411 = "legacy" }')), { 411: 'legacy' })
  assert.deepEqual(plain(read('tftp.quirks', '{ model = "4602", maxBlockSize = 512 }')), [
    { model: '4602', maxBlockSize: 512 },
  ])
  assert.deepEqual(plain(read('tftp.quirks', '[{ model = "a" }, { model = "b" }]')), [
    { model: 'a' },
    { model: 'b' },
  ])
})

test('a value is put where the setting belongs, beside what is there', () => {
  const tree = { http: { enabled: true } }
  setLeaf(tree, ['http', 'ports'], [8080])
  setLeaf(tree, ['tftp', 'port'], 69)
  assert.deepEqual(tree, { http: { enabled: true, ports: [8080] }, tftp: { port: 69 } })
})

test('a value does not hide that the file has something else where its table should be', () => {
  const tree = { http: 80 }
  setLeaf(tree, ['http', 'ports'], [8080])
  assert.deepEqual(tree, { http: 80 })
})

test('d94: a secret is not taken from the command line, and the complaint does not repeat it', () => {
  const complaints: Complaint[] = []
  assert.deepEqual([...fromFlags(['snmp.community=geheim', 'ftpCopy.password=geheim'], complaints)], [])
  assert.deepEqual(
    complaints.map(({ setting }) => setting),
    ['snmp.community', 'ftpCopy.password'],
  )
  assert.doesNotMatch(JSON.stringify(complaints), /geheim/)
  assert.match(complaints[0]?.fix ?? '', /TWINTONE_SNMP_COMMUNITY/)
})
