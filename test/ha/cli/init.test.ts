import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'smol-toml'
import { initCommand } from '../../../ha/cli/init.ts'
import { loadPairKeys } from '../../../ha/keys/load.ts'
import { configSchema } from '../../../lib/base/config.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { run as runCommand } from '../../support/run-command.ts'

const run = (...words: string[]) => runCommand(initCommand, words, undefined, 'ha')

const etcd = ['10.0.0.9:2379', '10.0.0.2:2379', '10.0.0.1:2379'].flatMap((endpoint) => ['--etcd', endpoint])
const nodes = ['--node', 'A=10.0.0.1', '--node', 'B=10.0.0.2']
const description = ['--cluster', 'voip1', ...nodes, '--vip', '10.0.0.50', '--interface', 'eth0', ...etcd]

const places = async (t: TestContext) => {
  const folder = await temporaryFolder(t)
  return { folder: join(folder, 'pair'), at: (name: string) => join(folder, name) }
}

const settingsIn = (toml: string) => configSchema.parse(parse(toml))

test('it makes the keys and prints the settings of both nodes; each node can load what was made for it', async (t) => {
  const { folder } = await places(t)
  const { code, stdout, stderr } = await run(...description, '--folder', folder)
  assert.equal(code, 0)
  const [forA = '', forB = ''] = stdout.split(/(?=^# For twintone\.toml of B)/m)
  const [a, b] = [settingsIn(forA), settingsIn(forB)]
  assert.deepEqual([a.node.name, b.node.name], ['A', 'B'])
  assert.deepEqual(a.pair, b.pair)
  assert.deepEqual(a.pair.nodes, [
    { name: 'A', address: '10.0.0.1' },
    { name: 'B', address: '10.0.0.2' },
  ])
  assert.deepEqual(
    [a.pair.enabled, a.pair.cluster, a.pair.vip, a.pair.interface],
    [true, 'voip1', ['10.0.0.50'], 'eth0'],
  )
  assert.deepEqual(a.pairEtcd.endpoints, ['10.0.0.1:2379', '10.0.0.9:2379', '10.0.0.2:2379'], 'nearest first')
  assert.equal(b.pairEtcd.endpoints[0], '10.0.0.2:2379')
  const keys = [
    loadPairKeys(join(folder, 'A'), 'A', new Date()),
    loadPairKeys(join(folder, 'B'), 'B', new Date()),
  ]
  assert.equal(keys[0]?.uuid, keys[1]?.uuid)
  assert.match(stderr, /scp -p .*\/pair\/A\/\* 'root@10\.0\.0\.1:\/etc\/twintone\/pair\/'/)
  assert.match(stderr, /Keep .*\/pair\/ca\.key away from the nodes/)
  const secret = (await readFile(join(folder, 'A', 'secret'), 'utf8')).trim()
  assert.equal(`${stdout}${stderr}`.includes(secret), false)
})

test('with --write each node has its own file, and a file that exists is kept before anything is made', async (t) => {
  const { folder, at } = await places(t)
  const { code, stdout } = await run(...description, '--folder', folder, '--write', at('x.toml'))
  assert.deepEqual([code, stdout], [0, ''])
  assert.equal(settingsIn(await readFile(at('x-B.toml'), 'utf8')).node.name, 'B')
  await writeFile(at('y-B.toml'), 'mine')
  const kept = await run(...description, '--folder', at('other'), '--write', at('y.toml'))
  assert.equal(kept.code, 1)
  assert.match(kept.stderr, /y-B\.toml exists and is kept/)
  assert.deepEqual([existsSync(at('other')), existsSync(at('y-A.toml'))], [false, false])
  assert.equal(await readFile(at('y-B.toml'), 'utf8'), 'mine')
})

test('a second time it refuses; by force the old keys are kept beside the new ones', async (t) => {
  const { folder, at } = await places(t)
  const first = await run(...description, '--folder', folder, '--json')
  assert.equal((await run(...description, '--folder', folder)).code, 1)
  const second = await run(...description, '--folder', `${folder}/`, '--json', '--force')
  assert.equal(second.code, 0)
  const uuidOf = (text: string) => (JSON.parse(text) as { uuid: string }).uuid
  assert.notEqual(uuidOf(first.stdout), uuidOf(second.stdout))
  const [kept = ''] = (await readdir(at('.'))).filter((name) => name.startsWith('pair.old-'))
  assert.match(kept, /^pair\.old-\d{4}-\d\d-\d\dT/)
  assert.equal((await readFile(at(join(kept, 'A', 'uuid')), 'utf8')).trim(), uuidOf(first.stdout))
})

test('a dry run prints the settings and makes nothing', async (t) => {
  const { folder, at } = await places(t)
  const { code, stdout } = await run(...description, '--folder', folder, '--dry-run', '--write', at('x.toml'))
  assert.equal(code, 0)
  assert.match(stdout, /^vip = \["10\.0\.0\.50"\]$/m)
  assert.deepEqual(await readdir(at('.')), [])
})

test('with --json it says what was made, without a secret', async (t) => {
  const { folder } = await places(t)
  const { stdout } = await run(...description, '--folder', folder, '--json')
  const made = JSON.parse(stdout) as Record<string, unknown>
  assert.deepEqual(Object.keys(made).toSorted(), ['folder', 'nodes', 'notes', 'settings', 'uuid'])
  assert.deepEqual(made['nodes'], [
    { name: 'A', address: '10.0.0.1', folder: join(folder, 'A') },
    { name: 'B', address: '10.0.0.2', folder: join(folder, 'B') },
  ])
  const secret = (await readFile(join(folder, 'A', 'secret'), 'utf8')).trim()
  assert.equal(stdout.includes(secret), false)
})

test('--renew makes new certificates for as long as asked, and says to restart the agents', async (t) => {
  const { folder } = await places(t)
  await run(...description, '--folder', folder, '--days', '10')
  const before = loadPairKeys(join(folder, 'A'), 'A', new Date())
  const renewed = await run('--renew', '--folder', folder, '--days', '20', '--node', 'A=10.0.0.7')
  assert.equal(renewed.code, 0)
  assert.match(renewed.stderr, /restart the agents, the standby first/)
  assert.match(renewed.stderr, /root@10\.0\.0\.7:/)
  const after = loadPairKeys(join(folder, 'A'), 'A', new Date())
  assert.ok(after.validTo > before.validTo)
  assert.ok(after.secret.equals(before.secret))
  for (const wrong of [['--renew'], ['--renew', '--folder', folder, '--force']])
    assert.equal((await run(...wrong)).code, 2)
  assert.equal((await run('--renew', '--folder', join(folder, 'none'))).code, 1)
})

/** The description with other options in place of its own. */
const described = (change: Record<string, string[]>) =>
  Object.entries({
    cluster: ['voip1'],
    node: ['A=10.0.0.1', 'B=10.0.0.2'],
    vip: ['10.0.0.50'],
    ...change,
  }).flatMap(([name, values]) => values.flatMap((value) => [`--${name}`, value]))

for (const [what, change, problem] of [
  ['no name of the pair', { cluster: [] }, /--cluster: a name has letters/],
  ['a name with a slash', { node: ['A/../x=10.0.0.1', 'B=10.0.0.2'] }, /--node: a name has letters/],
  ['one node', { node: ['A=10.0.0.1'] }, /name both nodes/],
  ['three nodes', { node: ['A=10.0.0.1', 'B=10.0.0.2', 'C=10.0.0.3'] }, /name both nodes/],
  ['names that differ in case only', { node: ['A=10.0.0.1', 'a=10.0.0.2'] }, /both are called A/],
  ['one address for both', { node: ['A=10.0.0.1', 'B=10.0.0.1'] }, /both have the address 10\.0\.0\.1/],
  ['addresses of two kinds', { node: ['A=10.0.0.1', 'B=2001:db8::2'] }, /give both the same kind/],
  ['no address', { node: ['A', 'B=10.0.0.2'] }, /--node A: write NAME=ADDRESS/],
  ['a host name', { node: ['A=here', 'B=10.0.0.2'] }, /--node A=here: write NAME=ADDRESS/],
  ['no floating address', { vip: [] }, /name the floating address/],
  ['a floating address that is that of a node', { vip: ['10.0.0.2'] }, /that is the address of B/],
  [
    'a floating address in another network',
    { vip: ['10.0.1.50'] },
    /not in one network of \/24; .* --network/,
  ],
  ['a floating address twice', { vip: ['10.0.0.50', '10.0.0.50'] }, /given twice/],
  ['a multicast address', { vip: ['224.0.0.18'] }, /no address that a machine can have/],
  ['no address at all', { vip: ['0.0.0.0'] }, /no address that a machine can have/],
  [
    'a network without the nodes',
    { network: ['10.9.0.0/16'] },
    /10\.0\.0\.1 is not in the network 10\.9\.0\.0\/16/,
  ],
  ['a network that is none', { network: ['10.0.0.0/99'] }, /--network 10\.0\.0\.0\/99: write it as/],
  ['an etcd member without a port', { etcd: ['10.0.0.1'] }, /--etcd 10\.0\.0\.1: write HOST:PORT/],
  ['an interface no Linux has', { interface: ['a'.repeat(16)] }, /15 characters/],
  ['days that are none', { days: ['soon'] }, /--days soon: write a number of days/],
] as const satisfies readonly (readonly [string, Record<string, string[]>, RegExp])[]) {
  test(`${what}: refused before anything is made`, async (t) => {
    const { folder } = await places(t)
    const { code, stderr } = await run(...described(change), '--folder', folder)
    assert.equal(code, 2)
    assert.match(stderr, problem)
    assert.equal(existsSync(folder), false)
  })
}

for (const [what, change, note] of [
  ['no etcd', {}, /no --etcd: set pairEtcd\.endpoints/],
  ['two members of etcd', { etcd: ['a:1', 'b:1'] }, /etcd has 2 members here; with three/],
  ['no interface', {}, /no --interface: set pair\.interface/],
  ['floating address of another kind', { vip: ['2001:db8::50'] }, /its network was not compared/],
] as const satisfies readonly (readonly [string, Record<string, string[]>, RegExp])[]) {
  test(`${what}: noted, not refused`, async (t) => {
    const { folder } = await places(t)
    const { code, stderr } = await run(...described(change), '--folder', folder)
    assert.equal(code, 0)
    assert.match(stderr, note)
  })
}

test('a larger network, and IPv6, are as good', async (t) => {
  const { at } = await places(t)
  const larger = described({ vip: ['10.0.9.50'], network: ['10.0.0.0/16'] })
  assert.equal((await run(...larger, '--folder', at('one'))).code, 0)
  const six = described({ node: ['A=2001:db8::1', 'B=2001:db8::2'], vip: ['2001:db8::50'] })
  const { code, stderr } = await run(...six, '--folder', at('two'), '--etcd', '[2001:db8::1]:2379')
  assert.equal(code, 0)
  assert.match(stderr, /'root@\[2001:db8::1\]:/)
  loadPairKeys(at('two/A'), 'A', new Date())
})
