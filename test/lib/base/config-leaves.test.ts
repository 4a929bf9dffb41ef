import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedAt, knownNames, leaves } from '../../../lib/base/config-leaves.ts'
import { defaultConfig } from '../../../lib/base/config.ts'

const leaf = (setting: string) => leaves().find(({ path }) => path.join('.') === setting)

test('the leaves are all settings of the schema, with the defaults it gives them', () => {
  const tree: Record<string, Record<string, unknown>> = {}
  for (const { path, default: value } of leaves()) {
    const [section = '', key = '', ...deeper] = path
    assert.deepEqual(deeper, [], 'the generated pages know sections with settings, nothing deeper')
    tree[section] = { ...tree[section], [key]: value }
  }
  assert.deepEqual(tree, defaultConfig())
})

test('every setting has a sentence for the reference page', () => {
  assert.deepEqual(
    leaves().filter(({ description }) => !/^[A-Z].*\.$/.test(description)),
    [],
  )
})

test('a setting knows its kind, that of its rows, and what is allowed', () => {
  assert.deepEqual(leaf('http.ports'), {
    path: ['http', 'ports'],
    kind: 'list',
    rowKind: 'number',
    default: [80, 81],
    description: 'TCP ports. Phones fetch firmware on 81, then 80.',
    allowed: 'a list of at least one: a whole number from 1 to 65535',
    secret: false,
  })
  assert.equal(leaf('snmp.community')?.secret, true)
  assert.equal(leaf('status.allow')?.rowKind, 'string')
  assert.equal(leaf('tftp.quirks')?.rowKind, 'table')
  assert.equal(leaf('https.profileOfPort')?.kind, 'table')
  assert.equal(leaf('access.sessionSeconds')?.kind, 'number')
  assert.equal(leaf('http.enabled')?.kind, 'boolean')
  assert.equal(leaf('https.profile')?.kind, 'string')
})

test('what is allowed is known for tables, rows of lists and settings in them', () => {
  assert.equal(allowedAt(['http', 'ports', 3]), 'a whole number from 1 to 65535')
  assert.equal(allowedAt(['https', 'profileOfPort', '411']), '"modern", "legacy" or "authenticate-only"')
  assert.equal(allowedAt(['tftp', 'quirks', 0, 'refuse', 1]), '"blksize", "tsize", "timeout" or "windowsize"')
  assert.equal(allowedAt(['tftp', 'transferPorts']), '"first-last", or empty')
  assert.equal(allowedAt(['node']), 'a table of name')
})

test('tables, settings and the settings in rows have names that can be proposed', () => {
  const names = knownNames()
  for (const name of ['tftp', 'tftp.port', 'tftp.quirks', 'tftp.quirks.model'])
    assert.ok(names.includes(name), name)
  assert.equal(new Set(names).size, names.length)
})
