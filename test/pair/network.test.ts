import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { isRunning, namespaces } from '../support/namespace.ts'
import { openPairNetwork, withPairNetwork, type Host } from '../support/pair-network.ts'
import { startProgram } from '../support/program.ts'
import { until } from '../support/until.ts'

/** The network that the tests of the pair stand on: what it is told to break is broken, and nothing else. */

test(
  'hosts reach each other by IPv4 and IPv6 as soon as the network is there',
  withPairNetwork,
  async (t) => {
    const { a, b, w, c, g } = await open(t)
    for (const { address, address6 } of [b, w, c, g]) {
      assert.ok(await a.reaches(address), address)
      assert.ok(await a.reaches(address6), address6)
    }
  },
)

test('a cut in one direction stops just that one, until it is healed', withPairNetwork, async (t) => {
  const { network, a, b, c } = await open(t)
  const [atA, atB, atC] = [await listen(a), await listen(b), await listen(c)]
  for (const host of [b, c]) assert.ok(await a.reaches(host.address)) // they know each other's MAC now
  const heal = await network.cutOneWay('a', 'b')
  await say(a, b, 'through the cut')
  await say(b, a, 'the way back')
  await say(a, c, 'elsewhere')
  await atA.heard('the way back')
  await atC.heard('elsewhere')
  await heal()
  await say(a, b, 'healed')
  assert.equal(await atB.heard('healed'), 'healed\n')
})

test('a cut of ports leaves the other ports', withPairNetwork, async (t) => {
  const { network, a, b } = await open(t)
  const [cut, other] = [await listen(b, 7_001), await listen(b, 7_002)]
  const heal = await network.cut('a', 'b', [7_001])
  await say(a, b, 'through the cut', 7_001)
  await say(a, b, 'another port', 7_002)
  await other.heard('another port')
  await heal()
  await say(a, b, 'healed', 7_001)
  assert.equal(await cut.heard('healed'), 'healed\n')
})

test('faults add up, each is healed by itself, and healAll heals all', withPairNetwork, async (t) => {
  const { network, a, b, w, c } = await open(t)
  const healB = await network.cut('a', 'b')
  await network.isolate('w')
  await network.isolate('c')
  await network.loss('w', 99)
  await network.linkDown('b')
  await network.limitMbit('a', 1)
  for (const { address } of [b, w, c]) assert.equal(await a.reaches(address), false)
  await network.linkUp('b')
  assert.equal(await a.reaches(b.address), false)
  await healB()
  await reachesAgain(a, b)
  assert.equal(await a.reaches(w.address), false)
  await network.healAll()
  for (const host of [b, w, c]) await reachesAgain(a, host)
  assert.doesNotMatch(await a.run(['tc', 'qdisc']), /tbf/)
})

test('with loss some packets arrive and some do not', withPairNetwork, async (t) => {
  const { network, a, b } = await open(t)
  assert.ok(await a.reaches(b.address))
  await network.loss('b', 30)
  // An echo is lost on its way there or back: half of them.
  const report = await a.run(['ping', '-n', '-q', '-c', '200', '-i', '0.005', '-W', '0.5', b.address])
  const lost = Number(/([\d.]+)% packet loss/.exec(report)?.[1])
  assert.ok(lost > 25 && lost < 75, report)
})

test('a pulled cable takes the carrier, and leaves the addresses', withPairNetwork, async (t) => {
  const { network, b } = await open(t)
  const carrier = async () => (await b.run(['cat', '/sys/class/net/eth0/carrier'])).trim()
  assert.equal(await carrier(), '1')
  await network.linkDown('b')
  assert.equal(await carrier(), '0')
  assert.match(await b.run(['ip', 'address', 'show', 'eth0']), /10\.77\.0\.2.*fd77::2/s)
  await network.linkUp('b')
  await until(async () => (await carrier()) === '1' || undefined)
})

test('a narrow link is narrow in both directions', withPairNetwork, async (t) => {
  const { network, a, b } = await open(t)
  await network.limitMbit('b', 1)
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const flood = ['-c', '100', '-i', '0.001', '-s', '1400', '-W', '0.5', to.address]
    const report = await from.run(['ping', '-n', '-q', ...flood])
    // 140 kB in 0.1 s, through 125 kB a second: they are held up, or find no room.
    const [, lost, tookMs] = /(\d+)% packet loss, time (\d+)ms/.exec(report) ?? []
    assert.ok(Number(lost) > 0 || Number(tookMs) > 500, report)
  }
})

test('two networks at once do not know of each other', withPairNetwork, async (t) => {
  const [one, other] = [await open(t), await open(t)]
  await one.network.isolate('a')
  assert.equal(await one.a.reaches(one.b.address), false)
  assert.equal(await other.a.reaches(other.b.address), true)
})

test('nothing is left when it is removed, whatever still runs in it', withPairNetwork, async (t) => {
  const { network, a } = await open(t)
  const program = a.start(['sleep', '1000'])
  await network.remove()
  await program.ended
  const left = await namespaces()
  assert.deepEqual(
    network.hosts.filter(({ namespace }) => left.includes(namespace)),
    [],
  )
})

test(
  'what a killed run leaves behind ends with it, or is removed by the next',
  withPairNetwork,
  async (t) => {
    const killed = startProgram(t, ['--input-type=module', '-e', forgetful])
    const [, namespace = '', pid = ''] = /^(\S+) (\d+)$/m.exec(await killed.says(/^\S+ \d+$/m)) ?? []
    killed.child.kill('SIGKILL')
    await killed.ended
    await until(() => !isRunning(Number(pid)) || undefined)
    assert.ok((await namespaces()).includes(namespace))
    await open(t)
    assert.ok(!(await namespaces()).includes(namespace))
  },
)

const forgetful = `
const { openPairNetwork } = await import('./test/support/pair-network.ts')
const a = (await openPairNetwork({ after() {} })).host('a')
console.log(a.namespace, a.start(['sleep', '1000']).child.pid)
`

async function open(t: TestContext) {
  const network = await openPairNetwork(t, { gateway: true })
  const { host } = network
  return { network, a: host('a'), b: host('b'), w: host('w'), c: host('c'), g: host('g') }
}

/** Its question for the other's MAC was lost: it asks again once a second. */
const reachesAgain = (from: Host, to: Host) =>
  until(async () => (await from.reaches(to.address)) || undefined)

const ear = `
const socket = require('node:dgram').createSocket('udp4')
socket.on('message', (text) => console.log(String(text)))
socket.bind(Number(process.argv[1]), () => console.log('listening'))
`
const mouth = `
const [text, port, address] = process.argv.slice(1)
const socket = require('node:dgram').createSocket('udp4')
socket.send(text, Number(port), address, () => socket.close())
`

/** Hears datagrams. `heard` resolves with all that came up to that one. */
async function listen(host: Host, port = 7_000) {
  const program = host.startNode(['-e', ear, String(port)])
  await program.says('listening')
  return { heard: async (text: string) => (await program.says(text)).replace('listening\n', '') }
}

const say = (from: Host, to: Host, text: string, port = 7_000) =>
  from.run([process.execPath, '-e', mouth, text, String(port), to.address])
