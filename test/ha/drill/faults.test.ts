import assert from 'node:assert/strict'
import { readdir, readFile, statfs } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { systemClock } from '../../../lib/base/clock.ts'
import { defaultConfig } from '../../../lib/base/config.ts'
import { askControl, controlSocketPath } from '../../../lib/base/control-socket.ts'
import { addressesBack, routesBack } from '../../../ha/drill/faults-network.ts'
import { playFault } from '../../../ha/drill/play.ts'
import { obstacles, scenarios, type Here, type Scenario } from '../../../ha/drill/scenarios.ts'
import { startEtcd, withEtcd } from '../../support/etcd-cluster.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { openPairNetwork, withPairNetwork, type Host } from '../../support/pair-network.ts'
import { member, node, wellPair } from '../../support/pair-status.ts'
import { needsRoot } from '../../support/programs.ts'
import { startScript } from '../../support/script.ts'
import { until } from '../../support/until.ts'

const called = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  assert.ok(found)
  return found
}

const context = { clock: systemClock, signal: new AbortController().signal, tell: () => {} }

async function here(t: TestContext, status: Partial<Here['status']> = {}): Promise<Here> {
  const config = defaultConfig()
  config.run.folder = config.data.folder = await temporaryFolder(t)
  return { status: wellPair(status), config }
}

const stateOf = async (pid: number): Promise<string | undefined> =>
  /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''))?.[1]

test('a killed agent is started again as it was started, unless it runs', async (t) => {
  const place = await here(t)
  const socket = controlSocketPath(place.config.run.folder, 'agent')
  const agent = await startScript(
    t,
    `import { controlSocket } from 'LIB/base/control-socket.ts'
    const socket = controlSocket(${JSON.stringify(socket)}, (app) => app.get('/status', () => ({ pid: process.pid, mark: process.env.MARK ?? '' })))
    await socket.start(() => {})
    console.log('up')`,
  )
  await agent.says('up')
  const { pid = 0 } = agent.child
  const fault = await called('kill-daemon').fault?.({ ...place, status: wellPair({ pid }) })
  assert.ok(fault)
  assert.deepEqual(await playFault(fault, 10, context), [])
  assert.equal((await agent.ended).signal, 'SIGKILL')
  const again = await until(() => askControl<{ pid: number }>(socket, '/status').catch(() => undefined))
  t.after(() => process.kill(again.pid, 'SIGKILL'))
  assert.notEqual(again.pid, pid)
  // Now it runs, and is left alone.
  assert.deepEqual(await playFault({ inflict: [], undo: fault.undo }, 10, context), [])
  assert.equal((await askControl<{ pid: number }>(socket, '/status')).pid, again.pid)
})

test('an agent that is not here cannot be killed or frozen', async (t) => {
  const place = await here(t, { pid: 2 ** 22 + 1 })
  for (const name of ['kill-daemon', 'freeze-agent'])
    await assert.rejects(
      async () => called(name).fault?.(place),
      /the agent \(process \d+\) is not on this machine/,
    )
})

test(
  'the member of etcd that leads stands still for a while, when it is on this machine',
  withEtcd,
  async (t) => {
    const etcd = await startEtcd(t, { members: 1 })
    const { endpoint, pid } = await etcd.leader()
    const leader = member('A', { endpoint, isLeader: true })
    const members = { etcd: { reached: true, members: [leader], leader: 'A' } }
    const fault = await called('etcd-leader-loss').fault?.(await here(t, members))
    assert.ok(fault)
    const playing = playFault(fault, 500, context)
    await until(async () => ((await stateOf(pid)) === 'T' ? true : undefined))
    assert.deepEqual(await playing, [])
    await etcd.healthy()
  },
)

test('a member of etcd elsewhere is left alone', async (t) => {
  const elsewhere = { etcd: { reached: true, members: [member('w', { isLeader: true })], leader: 'w' } }
  const place = await here(t, elsewhere)
  await assert.rejects(
    async () => called('etcd-leader-loss').fault?.(place),
    /10\.0\.0\.3:2379, which is not this machine/,
  )
})

test('the disk is full but for a megabyte, and is empty again', needsRoot('mount a tmpfs'), async (t) => {
  const place = await here(t)
  const { folder } = place.config.data
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  try {
    await fillAndEmpty(place)
  } finally {
    await execa('umount', ['-l', folder])
  }
})

async function fillAndEmpty(place: Here): Promise<void> {
  const { folder } = place.config.data
  const fault = await called('disk-full').fault?.(place)
  assert.ok(fault)
  const freeMb = async () => {
    const { bavail, bsize } = await statfs(folder)
    return (bavail * bsize) / 1_048_576
  }
  const playing = playFault(fault, 500, context)
  await until(async () => ((await freeMb()) <= 1 ? true : undefined))
  assert.deepEqual(await playing, [])
  assert.ok((await freeMb()) > 7)
  assert.deepEqual(await readdir(folder), [])
}

const routes = [
  { dst: '10.0.0.0/24', protocol: 'kernel', prefsrc: '10.0.0.1' },
  { dst: 'default', gateway: '10.0.0.254', protocol: 'static', metric: 100 },
  { dst: '10.9.0.0/16', protocol: 'boot' },
  { family: '-6', dst: 'default', gateway: 'fe80::1', protocol: 'ra' },
  { family: '-6', dst: 'fd00::/8', gateway: 'fd77::254', protocol: 'boot' },
]

test("routes are put back but for the kernel's own, those through a gateway after those that make it reachable", () => {
  assert.deepEqual(
    routesBack(routes, 'eth0').map((act) => (act.do === 'run' ? act.args.join(' ') : '')),
    [
      '-4 route replace 10.9.0.0/16 dev eth0 proto boot',
      '-4 route replace default via 10.0.0.254 dev eth0 proto static metric 100',
      '-6 route replace fd00::/8 via fd77::254 dev eth0 proto boot',
    ],
  )
})

test('addresses of IPv6 are put back, but for floating ones and what routers gave', () => {
  const links = [
    {
      addr_info: [
        { local: 'fd77::1', prefixlen: 64 },
        { local: 'fd77::50', prefixlen: 128 },
        { local: '2001:db8::7', prefixlen: 64, dynamic: true },
        {}, // as ip(8) puts it for what it was told to leave out
      ],
    },
  ]
  assert.deepEqual(
    addressesBack(links, 'eth0', ['fd77::50']).map((act) => (act.do === 'run' ? act.args.join(' ') : '')),
    ['-6 address replace fd77::1/64 dev eth0 nodad'],
  )
})

/** Plays it inside that host; `during` is called while the fault lasts. */
async function playOn(host: Host, name: string, during: () => Promise<void>): Promise<void> {
  const ours = (path: string) => new URL(`../../../${path}`, import.meta.url).href
  const program = host.startNode([
    '--input-type=module-typescript',
    '--eval',
    `import { scenarios } from '${ours('ha/drill/scenarios.ts')}'
    import { playFault } from '${ours('ha/drill/play.ts')}'
    import { systemClock } from '${ours('lib/base/clock.ts')}'
    import { defaultConfig } from '${ours('lib/base/config.ts')}'
    const config = defaultConfig()
    config.pair.interface = 'eth0'
    const fault = await scenarios.find(({ name }) => name === '${name}').fault({ config, status: {} })
    const stop = new AbortController()
    process.once('SIGTERM', () => stop.abort())
    const context = { clock: systemClock, signal: stop.signal, tell: (line) => console.log(line) }
    const left = await playFault(fault, 60_000, context)
    console.log('left ' + JSON.stringify(left))`,
  ])
  await program.says(/(?:ip link set|nft )/)
  await during()
  program.child.kill('SIGTERM')
  await program.says('left []')
}

test('a link that was down is up again, with its addresses and routes', withPairNetwork, async (t) => {
  const network = await openPairNetwork(t, { gateway: true })
  const [a, c] = [network.host('a'), network.host('c')]
  await a.run(['ip', '-6', 'route', 'add', 'default', 'via', 'fd77::254'])
  const state = async () => [
    await a.run(['ip', '-4', 'route', 'show', 'dev', 'eth0']),
    await a.run(['ip', '-6', 'route', 'show', 'default']),
    (await a.run(['ip', '-br', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'global'])).replaceAll(
      /\s+/g,
      ' ',
    ),
  ]
  const before = await state()
  assert.match(before.join('\n'), /default via 10\.77\.0\.254/)
  await playOn(a, 'nic-down', async () => {
    await until(async () => ((await c.reaches(a.address)) ? undefined : true))
  })
  assert.deepEqual(await state(), before)
  assert.ok(await c.reaches(a.address))
  assert.ok(await c.reaches(a.address6))
})

test(
  'a host that is cut off hears nobody but ssh and itself, and everybody again afterwards',
  withPairNetwork,
  async (t) => {
    const network = await openPairNetwork(t)
    const [a, c] = [network.host('a'), network.host('c')]
    const listens = (port: number) =>
      `require('net').createServer((s) => s.end('hello')).listen(${port}, () => console.log('up'))`
    for (const port of [22, 8_080]) await a.startNode(['-e', listens(port)]).says('up')
    const hears = (from: Host, port: number) =>
      from.run(['curl', '-s', '--max-time', '1', '--http0.9', `http://${a.address}:${port}/`]).then(
        (text) => text === 'hello',
        () => false,
      )
    assert.ok(await hears(c, 8_080))
    await playOn(a, 'isolate', async () => {
      await until(async () => ((await hears(c, 8_080)) ? undefined : true))
      assert.ok(await hears(c, 22), 'ssh')
      assert.ok(await hears(a, 8_080), 'itself')
    })
    assert.ok(await hears(c, 8_080))
    assert.equal(await a.run(['nft', 'list', 'tables']), '')
  },
)

const against: readonly [string, Parameters<typeof wellPair>[0], string[]][] = [
  ['kill-daemon', {}, []],
  ['kill-daemon', { node: 'B' }, ['B is not active; run it on A']],
  ['planned', { node: 'B' }, []],
  ['planned', { active: undefined }, ['no node is active']],
  ['disk-full', { paused: { by: 'alice', why: 'cables' } }, ['paused by alice: cables']],
  ['isolate', { insync: ['A'] }, ['B not in sync']],
  ['etcd-leader-loss', {}, []],
  [
    'etcd-leader-loss',
    { etcd: { reached: true, members: [member('A')], leader: undefined } },
    ['it is not known which member of etcd leads'],
  ],
  [
    'freeze-agent',
    { nodes: [node('A', { role: 'active' }), node('B')], insync: [] },
    ['A and B not in sync'],
  ],
]

for (const [name, change, expected] of against) {
  test(`against ${name} speaks ${expected.join(', ') || 'nothing'}`, () => {
    assert.deepEqual([...obstacles(called(name), wellPair(change))], expected)
  })
}
