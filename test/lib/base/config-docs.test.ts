import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'smol-toml'
import { chosenToml, exampleToml, referencePage } from '../../../lib/base/config-docs.ts'
import { leaves } from '../../../lib/base/config-leaves.ts'
import { configSchema, defaultConfig } from '../../../lib/base/config.ts'

const commentedSetting = /^# (?=\w+ = )/gm

test('the example file is valid as it is, and changes nothing', () => {
  assert.deepEqual(configSchema.parse(parse(exampleToml())), defaultConfig())
})

test('the example file with every commented setting in force names each setting once, at its default', () => {
  const text = exampleToml()
  assert.equal(text.match(commentedSetting)?.length, leaves().length)
  assert.equal(JSON.stringify(parse(text.replaceAll(commentedSetting, ''))), JSON.stringify(defaultConfig()))
})

test('the sentence of a setting stands above it', () => {
  assert.match(exampleToml(), /^# Serve TFTP\.\n# enabled = true\n# UDP port\.\n# port = 69\n/m)
})

test('chosen settings are in force, the others stay comments', () => {
  const choices = {
    'http.ports': [8080],
    'data.folder': '/srv/"odd"\\name',
    'https.profileOfPort': { 411: 'legacy' },
    'tftp.quirks': [{ model: '4602', refuse: ['blksize'] }],
    'access.sessionSeconds': 0.5,
  }
  const text = exampleToml(choices)
  const config = configSchema.parse(parse(text))
  assert.deepEqual(config, {
    ...defaultConfig(),
    http: { ...defaultConfig().http, ports: [8080] },
    data: { ...defaultConfig().data, folder: '/srv/"odd"\\name' },
    https: { ...defaultConfig().https, profileOfPort: { 411: 'legacy' } },
    tftp: { ...defaultConfig().tftp, quirks: [{ model: '4602', refuse: ['blksize'] }] },
    access: { ...defaultConfig().access, sessionSeconds: 0.5 },
  })
  assert.equal(text.match(commentedSetting)?.length, leaves().length - 5)
})

test('a chosen setting is one line, whatever is in it, so that a # comments all of it', () => {
  const text = exampleToml({ 'node.name': 'two\nlines' })
  assert.match(text, /^name = "two\\nlines"$/m)
})

test('the reference page has a row of five cells for each setting', () => {
  const rows = referencePage()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  assert.equal(rows.length, leaves().length)
  for (const row of rows) assert.equal(row.split(/(?<!\\)\|/).length, 7, row)
})

test('a row of the reference page tells setting, default, what is allowed, meaning and variable', () => {
  assert.match(
    referencePage(),
    /## \[tftp\]\n[^#]*\n\| `port` \| `69` \| a whole number from 1 to 65535 \| UDP port\. \| `TWINTONE_TFTP_PORT` \|\n/,
  )
})

test('what was chosen can be had alone, section by section in the order of the settings', () => {
  const choices = { 'pair.vip': ['10.0.0.50'], 'node.name': 'a "b"', 'pair.cluster': 'voip1', 'none.such': 1 }
  assert.equal(
    chosenToml(choices),
    '[node]\nname = "a \\"b\\""\n\n[pair]\ncluster = "voip1"\nvip = ["10.0.0.50"]\n',
  )
  assert.equal(chosenToml({}), '')
})
