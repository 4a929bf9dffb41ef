import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contradictions } from '../../../lib/base/config-rules.ts'
import { configSchema } from '../../../lib/base/config.ts'

const complaintsAbout = (tree: unknown) =>
  [...contradictions(configSchema.parse(tree), (setting) => ({ source: `where ${setting} is` }))].map(
    ({ source, setting, problem, fix }) => [source, setting, problem, fix],
  )

test('the defaults do not contradict each other', () => {
  assert.deepEqual(complaintsAbout({}), [])
})

test('a port that two doors want is a contradiction', () => {
  assert.deepEqual(
    complaintsAbout({ http: { ports: [80, 411] }, https: { ports: [411] }, status: { port: 80 } }),
    [
      ['where https.ports is', 'https.ports', 'port 411 is also in http.ports', 'give each its own'],
      ['where status.port is', 'status.port', 'port 80 is also in http.ports', 'give each its own'],
    ],
  )
})

test('a port named twice in one list is a contradiction', () => {
  assert.deepEqual(
    complaintsAbout({ http: { ports: [80, 80] } }).map(([, setting, problem]) => [setting, problem]),
    [['http.ports', 'port 80 is also in http.ports']],
  )
})

test('a door that is switched off wants no port; TFTP may have the number of a TCP port', () => {
  assert.deepEqual(complaintsAbout({ http: { enabled: false, ports: [411] }, tftp: { port: 411 } }), [])
  assert.deepEqual(complaintsAbout({ https: { enabled: false, ports: [80], clientAuth: 'require' } }), [])
  assert.deepEqual(complaintsAbout({ status: { enabled: false, port: 80 } }), [])
})

test('a TLS profile for a port that is not served is a contradiction', () => {
  assert.deepEqual(
    complaintsAbout({ https: { ports: [411], profileOfPort: { 411: 'legacy', 443: 'legacy' } } }).map(
      ([, , problem]) => problem,
    ),
    ['port 443 is not in https.ports'],
  )
})

test('client certificates need their authorities', () => {
  const about = (https: unknown) => complaintsAbout({ https }).map(([, setting]) => setting)
  assert.deepEqual(about({ clientAuth: 'require' }), ['https.clientAuth'])
  assert.deepEqual(about({ clientAuth: 'request' }), ['https.clientAuth'])
  assert.deepEqual(about({ clientAuth: 'require', clientCa: 'ca.pem' }), [])
})

test('the ports of transfers are a range that goes up', () => {
  const about = (transferPorts: string) =>
    complaintsAbout({ tftp: { transferPorts } }).map(([, setting]) => setting)
  for (const range of ['0-10', '50999-50000', '65000-65536'])
    assert.deepEqual(about(range), ['tftp.transferPorts'], range)
  for (const range of ['', '1-65535', '50000-50000']) assert.deepEqual(about(range), [], range)
})

test('passive ports are a range that goes up, and FTP wants its ports for itself', () => {
  const about = (tree: unknown) => complaintsAbout(tree).map(([, setting]) => setting)
  assert.deepEqual(about({ ftp: { passivePorts: '50999-50000' } }), ['ftp.passivePorts'])
  assert.deepEqual(about({ ftp: { port: 80 } }), ['ftp.port'])
  assert.deepEqual(about({ ftp: { implicitTlsPorts: [990, 411] } }), ['ftp.implicitTlsPorts'])
  assert.deepEqual(about({ ftp: { enabled: false, port: 80 } }), [])
})

test('credentials are asked for over HTTPS only', () => {
  const about = (protocols: string[]) =>
    complaintsAbout({
      userData: { policies: [{ network: '10.0.0.0/8', protocols, policy: 'credentials' }] },
    }).map(([, setting]) => setting)
  assert.deepEqual(about(['https']), [])
  assert.deepEqual(about(['http', 'https']), ['userData.policies.0.policy'])
})

test('SNMP has what its version needs', () => {
  const about = (snmp: unknown) => complaintsAbout({ snmp }).map(([, setting]) => setting)
  assert.deepEqual(about({ community: '' }), ['snmp.community'])
  const v3 = { version: 'v3', user: 'twintone', authKey: '12345678', privKey: '12345678', community: '' }
  assert.deepEqual(about(v3), [])
  assert.deepEqual(about({ ...v3, user: '' }), ['snmp.user'])
  assert.deepEqual(about({ ...v3, authKey: '1234567', privKey: '' }), ['snmp.authKey', 'snmp.privKey'])
  assert.deepEqual(about({ ...v3, authProtocol: 'none' }), ['snmp.privProtocol'])
  assert.deepEqual(about({ version: 'v3', user: 'x', authProtocol: 'none', privProtocol: 'none' }), [])
})

test('an alert that nobody could get is a contradiction', () => {
  const about = (tree: unknown) => complaintsAbout(tree).map(([, setting]) => setting)
  assert.deepEqual(about({ alertMail: { host: 'mx' } }), ['alertMail.to'])
  assert.deepEqual(about({ alertMail: { host: 'mx', to: ['noc@example.com'] } }), [])
  const trap = (more: object) => about({ alertTrap: { host: 'nms', ...more } })
  assert.deepEqual(trap({}), ['alertTrap.community'])
  assert.deepEqual(trap({ version: 'v3' }), ['alertTrap.user'])
  assert.deepEqual(trap({ version: 'v3', user: 'x', privKey: '12345678' }), ['alertTrap.privKey'])
  assert.deepEqual(trap({ version: 'v3', user: 'x', authKey: '1234567' }), ['alertTrap.authKey'])
  assert.deepEqual(trap({ version: 'v3', user: 'x', authKey: '12345678', privKey: '12345678' }), [])
})

const wholePair = {
  node: { name: 'A' },
  pair: {
    enabled: true,
    nodes: [
      { name: 'A', address: '10.0.0.1' },
      { name: 'B', address: '10.0.0.2' },
    ],
    vip: ['10.0.0.50'],
    interface: 'eth0',
  },
  pairEtcd: { endpoints: ['10.0.0.1:2379'] },
}

const aboutPair = (change: object, more: object = {}) =>
  complaintsAbout({ ...wholePair, pair: { ...wholePair.pair, ...change }, ...more }).map(
    ([, setting, problem]) => `${setting} ${problem}`,
  )

test('a pair whose settings fit together is no contradiction', () => {
  assert.deepEqual(aboutPair({}), [])
  assert.deepEqual(aboutPair({ enabled: false, nodes: [], vip: [] }), [])
})

test('a pair has two different nodes, of which this is one, and an address that is neither', () => {
  const [one, other] = wholePair.pair.nodes
  assert.deepEqual(aboutPair({ nodes: [one] }), ['pair.nodes names 1 nodes'])
  assert.deepEqual(aboutPair({ nodes: [one, { ...other, name: 'A' }] }), [
    'pair.nodes both have one name or address',
  ])
  assert.deepEqual(aboutPair({}, { node: { name: 'C' } }), ['pair.nodes this node, C, is not among them'])
  assert.deepEqual(aboutPair({ vip: ['10.0.0.2'] }), ['pair.vip 10.0.0.2 is the address of a node'])
  assert.deepEqual(aboutPair({ vip: [] }), ['pair.vip is empty'])
  assert.deepEqual(aboutPair({ preferred: 'C' }), ['pair.preferred C is no node of pair.nodes'])
  assert.deepEqual(aboutPair({}, { pairEtcd: {} }), ['pairEtcd.endpoints is empty'])
})

test('a pair names the interface of its address, unless a hook of its own moves that', () => {
  assert.deepEqual(aboutPair({ interface: '' }), ['pair.interface is empty'])
  assert.deepEqual(aboutPair({ interface: '' }, { pairHooks: { vip: '/opt/move-address' } }), [])
})

test('the ports of a pair are those of no door', () => {
  const ports = { replicaPort: 80, mirrorPort: 411, healthPort: 6_091 }
  assert.deepEqual(aboutPair(ports), [
    'pair.replicaPort port 80 is also in http.ports',
    'pair.mirrorPort port 411 is also in https.ports',
    'pair.healthPort port 6091 is also in watchdog.port',
  ])
  assert.deepEqual(aboutPair({ ...ports, enabled: false }), [])
  assert.deepEqual(aboutPair({ healthPort: 0 }), [])
})

test('timings with which both nodes could serve at once are refused', () => {
  const timing = { pairTiming: { observeMs: 900 } }
  assert.match(aboutPair({}, timing).join('\n'), /pairTiming observeMs \(900\) must be at least/)
  assert.deepEqual(aboutPair({ enabled: false }, timing), [])
})
