import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ConfigError } from '../../../lib/base/complaint.ts'
import { defaultConfig } from '../../../lib/base/config.ts'
import { loadConfig, type ConfigSources } from '../../../lib/base/load-config.ts'
import { isRoot } from '../../../lib/base/process.ts'
import { temporaryFolder } from '../../support/folder.ts'

async function fileWith(t: TestContext, text: string | Buffer): Promise<string> {
  const file = join(await temporaryFolder(t), 'twintone.toml')
  writeFileSync(file, text)
  return file
}

/** What is wrong, a line each, with the file called FILE. */
function complaintsOf(sources: ConfigSources): string[] {
  try {
    loadConfig(sources)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.replaceAll(sources.file ?? 'settings', 'FILE').split('\n')
  }
  return []
}

test('without a file everything is at its default, and paths start at the working folder', () => {
  const { certificate, key, certsFolder, ...https } = loadConfig({}).https
  const { certificate: _c, key: _k, certsFolder: _f, ...expected } = defaultConfig().https
  assert.deepEqual(https, expected)
  assert.equal(certificate, join(process.cwd(), 'certs/server.pem'))
  assert.equal(key, join(process.cwd(), 'certs/server.key'))
  assert.equal(certsFolder, join(process.cwd(), 'certs'))
})

const ways: {
  kind: string
  setting: string
  file: string
  env: [string, string, unknown]
  flag: [string, unknown]
}[] = [
  {
    kind: 'list',
    setting: 'http.ports',
    file: '[http]\nports = [1000]',
    env: ['TWINTONE_HTTP_PORTS', '2000,2001', [2000, 2001]],
    flag: ['3000', [3000]],
  },
  {
    kind: 'table',
    setting: 'https.profileOfPort',
    file: '[https.profileOfPort]\n411 = "modern"',
    env: ['TWINTONE_HTTPS_PROFILE_OF_PORT', '{ 411 = "legacy" }', { 411: 'legacy' }],
    flag: ['{ 411 = "authenticate-only" }', { 411: 'authenticate-only' }],
  },
  {
    kind: 'rows of tables',
    setting: 'tftp.quirks',
    file: '[[tftp.quirks]]\nmodel = "file"',
    env: ['TWINTONE_TFTP_QUIRKS', '[{ model = "env" }]', [{ model: 'env', refuse: [] }]],
    flag: ['{ model = "flag" }', [{ model: 'flag', refuse: [] }]],
  },
  {
    kind: 'bool',
    setting: 'tftp.singlePort',
    file: 'tftp.singlePort = false',
    env: ['TWINTONE_TFTP_SINGLE_PORT', 'true', true],
    flag: ['false', false],
  },
  {
    kind: 'whole number',
    setting: 'tftp.maxWindowSize',
    file: '[tftp]\nmaxWindowSize = 2',
    env: ['TWINTONE_TFTP_MAX_WINDOW_SIZE', '3', 3],
    flag: ['4', 4],
  },
  {
    kind: 'number',
    setting: 'access.sessionSeconds',
    file: '[access]\nsessionSeconds = 1',
    env: ['TWINTONE_ACCESS_SESSION_SECONDS', '2.5', 2.5],
    flag: ['3', 3],
  },
  {
    kind: 'text',
    setting: 'node.name',
    file: '[node]\nname = "file"',
    env: ['TWINTONE_NODE_NAME', 'env', 'env'],
    flag: ['flag=1', 'flag=1'],
  },
]

for (const {
  kind,
  setting,
  file,
  env: [variable, word, fromEnvironment],
  flag: [flag, fromFlag],
} of ways) {
  test(`flag beats environment beats file for a ${kind}`, async (t) => {
    const sources = { file: await fileWith(t, file) }
    const environment = { [variable]: word }
    const value = (more: ConfigSources) => {
      const [section = '', key = ''] = setting.split('.')
      return (loadConfig({ ...sources, ...more }) as Record<string, Record<string, unknown>>)[section]?.[key]
    }
    assert.notDeepEqual(value({}), fromEnvironment)
    assert.deepEqual(value({ environment }), fromEnvironment)
    assert.deepEqual(value({ environment, overrides: [`${setting}=${flag}`] }), fromFlag)
  })
}

test('of two flags for one setting the last one wins', () => {
  assert.equal(loadConfig({ overrides: ['tftp.port=1', 'tftp.port=2'] }).tftp.port, 2)
})

test('an override mends what is wrong in the file, and leaves the rest of its table', async (t) => {
  const file = await fileWith(t, '[http]\nports = ["abc"]\nenabled = false\n')
  const { http } = loadConfig({ file, overrides: ['http.ports=81'] })
  assert.deepEqual([http.ports, http.enabled], [[81], false])
})

test('all complaints come at once: outside the file first, then in the order of its lines', async (t) => {
  const file = await fileWith(
    t,
    [
      'htpp = 1',
      '[https]',
      'profile = "old"',
      '[http]',
      'prots = [80]',
      'ports = ["abc", 70000]',
      'enabled = "yes"',
      'addresses = ["10.0.0.300"]',
      'headersTimeoutMs = 1.5',
      '[[tftp.quirks]]',
      '[[tftp.quirks]]',
      'net = "10.0.0.0/8"',
      'refuse = ["blocksize"]',
      '[data]',
      'folder = ""',
    ].join('\n'),
  )
  const environment = { TWINTONE_HTTP_PORT: '80', TWINTONE_TFTP_PORT: 'abc' }
  assert.deepEqual(complaintsOf({ file, environment, overrides: ['access.maxClients=-1'] }), [
    'TWINTONE_HTTP_PORT: no setting has this name; did you mean TWINTONE_HTTP_PORTS?',
    'TWINTONE_TFTP_PORT: tftp.port: must be a whole number from 1 to 65535, not "abc"',
    '--set: access.maxClients: must be a whole number of at least 0, not -1',
    'FILE:1: htpp: no setting has this name; did you mean http?',
    'FILE:3: https.profile: must be "modern", "legacy" or "authenticate-only", not "old"',
    'FILE:5: http.prots: no setting has this name; did you mean http.ports?',
    'FILE:6: http.ports.0: must be a whole number from 1 to 65535, not "abc"',
    'FILE:6: http.ports.1: must be a whole number from 1 to 65535, not 70000',
    'FILE:7: http.enabled: must be true or false, not "yes"',
    'FILE:8: http.addresses.0: must be an IPv4 or IPv6 address, not "10.0.0.300"',
    'FILE:9: http.headersTimeoutMs: must be a whole number from 10 to 86400000, not 1.5',
    'FILE:12: tftp.quirks.1.net: no setting has this name; did you mean tftp.quirks.network?',
    'FILE:13: tftp.quirks.1.refuse.0: must be "blksize", "tsize", "timeout" or "windowsize", not "blocksize"',
    'FILE:15: data.folder: must be text that is not empty, not ""',
  ])
})

test('d73: SSLv2 and SSLv3 are refused with the reason, for all ports and for one', async (t) => {
  const file = await fileWith(t, '[https]\nprofile = "SSLv3"\nprofileOfPort = { 411 = "sslv2" }\n')
  const reason =
    'SSLv2 and SSLv3 cannot be offered by any maintained OpenSSL; choose modern, legacy or authenticate-only'
  assert.deepEqual(complaintsOf({ file }), [
    `FILE:2: https.profile: ${reason}`,
    `FILE:3: https.profileOfPort.411: ${reason}`,
  ])
})

test('a port that is no number in the table of TLS profiles is refused', async (t) => {
  const file = await fileWith(t, '[https.profileOfPort]\nphones = "legacy"\n')
  assert.deepEqual(complaintsOf({ file }), [
    'FILE:2: https.profileOfPort.phones: the name must be the number of a port',
  ])
})

test('a setting where a table belongs, and a table where a setting belongs, are told', async (t) => {
  const file = await fileWith(t, 'http = 80\n[tftp.port]\nnumber = 69\n')
  assert.deepEqual(complaintsOf({ file, overrides: ['http.ports=81'] }), [
    `FILE:1: http: must be a table of ${Object.keys(defaultConfig().http).join(', ')}, not 80`,
    'FILE:2: tftp.port: must be a whole number from 1 to 65535, not {"number":69}',
  ])
})

test('names that every object has are unknown settings like others', async (t) => {
  const file = await fileWith(t, '__proto__ = 1\n[http]\nconstructor = 1\n__proto__ = { ports = [1] }\n')
  assert.deepEqual(complaintsOf({ file }), [
    'FILE:1: __proto__: no setting has this name',
    'FILE:3: http.constructor: no setting has this name',
    'FILE:4: http.__proto__: no setting has this name',
  ])
})

test('a contradiction is told where the setting was given: line of the file, variable or flag', async (t) => {
  const file = await fileWith(t, '[status]\nport = 80\n')
  assert.deepEqual(complaintsOf({ file }), [
    'FILE:2: status.port: port 80 is also in http.ports; give each its own',
  ])
  assert.deepEqual(complaintsOf({ file, environment: { TWINTONE_STATUS_PORT: '81' } }), [
    'TWINTONE_STATUS_PORT: status.port: port 81 is also in http.ports; give each its own',
  ])
})

test('text that is not TOML is told with line and column', async (t) => {
  const file = await fileWith(t, '[http]\nports = [80\nenabled = true\n')
  const [complaint = '', ...more] = complaintsOf({ file })
  assert.match(complaint, /^FILE:3: Invalid TOML document: .+; look at column \d+$/)
  assert.deepEqual(more, [])
})

test('a file that is not there is told with what to do', () => {
  assert.deepEqual(complaintsOf({ file: '/no/such.toml' }), [
    'FILE: there is no such file; write a first one with `twintone init`, or name yours with --config',
  ])
})

test('a file that is not UTF-8 is told as such, not read with holes', async (t) => {
  const file = await fileWith(t, Buffer.from('[node]\nname = "B\xfcro"\n', 'latin1'))
  assert.deepEqual(complaintsOf({ file }), ['FILE: is not UTF-8 text; save it as UTF-8'])
})

test('a byte order mark and Windows line ends do no harm', async (t) => {
  const file = await fileWith(t, '\uFEFF[node]\r\nname = "x"\r\n')
  assert.equal(loadConfig({ file }).node.name, 'x')
})

test('a folder in place of the file is told', async (t) => {
  assert.match(
    complaintsOf({ file: await temporaryFolder(t) }).join(),
    /^FILE: cannot be read \(EISDIR.*; check its owner and mode$/,
  )
})

test('a file that may not be read is told', async (t) => {
  const file = await fileWith(t, '')
  chmodSync(file, 0)
  const [complaint = ''] = asOrdinaryUser(() => complaintsOf({ file }))
  assert.match(complaint, /^FILE: cannot be read \(EACCES.*; check its owner and mode$/)
})

/** Root reads everything, whatever the mode. */
function asOrdinaryUser<T>(task: () => T): T {
  if (!isRoot()) return task()
  process.seteuid?.(65_534)
  try {
    return task()
  } finally {
    process.seteuid?.(0)
  }
}

test('relative paths start at the folder of the file, whatever the working folder; empty ones stay empty', async (t) => {
  const folder = await temporaryFolder(t)
  mkdirSync(join(folder, 'etc'))
  const file = join(folder, 'etc', 'twintone.toml')
  writeFileSync(
    file,
    'run.folder = "run"\ndata.folder = "../data"\nlog.file = ""\n[https]\nkey = "/srv/key.pem"\ncertsFolder = ""\nclientCa = "ca.pem"\n',
  )
  const { run, data, log, https } = loadConfig({ file })
  assert.equal(run.folder, join(folder, 'etc/run'))
  assert.equal(data.folder, join(folder, 'data'))
  assert.equal(log.file, '')
  assert.equal(https.key, '/srv/key.pem')
  assert.equal(https.certificate, join(folder, 'etc/certs/server.pem'))
  assert.equal(https.certsFolder, '')
  assert.equal(https.clientCa, join(folder, 'etc/ca.pem'))
})
