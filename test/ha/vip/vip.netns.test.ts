import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openPairNetwork, withPairNetwork, type Host, type HostName } from '../../support/pair-network.ts'
import type { Program } from '../../support/program.ts'
import { withProgram } from '../../support/programs.ts'
import { until } from '../../support/until.ts'

/** The floating address against real kernels: nodes a and b, a client c, and a stranger w, each a namespace. */

const vip4 = '10.77.0.50'
const vip6 = 'fd77::50'
const program = new URL('../../support/vip-program.ts', import.meta.url).pathname
const needs = (...programs: string[]) => ({
  skip: [withPairNetwork, ...programs.map(withProgram)].map(({ skip }) => skip).find(Boolean) ?? false,
})
const ipv4 = needs('arping')
const ipv6 = needs('ndptool', 'ndisc6')

async function open(t: TestContext) {
  const network = await openPairNetwork(t)
  const host = (name: HostName) => network.host(name)
  return { network, a: host('a'), b: host('b'), w: host('w'), c: host('c') }
}

const start = (host: Host, task: 'hold' | 'idle', ...addresses: string[]) =>
  host.startNode([program, task, JSON.stringify({ addresses })])

const taken = '"event":"taken","ok":true'
const times = (running: Program, text: string) => running.output().split(text).length - 1
const addressesOf = (host: Host) => host.run(['ip', '-oneline', 'address', 'show'])
const macOf = async (host: Host) => (await host.run(['cat', '/sys/class/net/eth0/address'])).trim()
/** Which machine a host takes for that of the address. */
const knownMac = async (host: Host, address: string) =>
  /lladdr (\S+)/.exec(await host.run(['ip', 'neighbour', 'show', address]))?.[1]
const believe = (host: Host, address: string, mac: string) =>
  host.run(['ip', 'neighbour', 'replace', address, 'dev', 'eth0', 'lladdr', mac, 'nud', 'stale'])
const becomes = (host: Host, address: string, mac: string) =>
  until(async () => ((await knownMac(host, address)) === mac ? true : undefined))

/** Whether the namespace of a program has an address, read from /proc, which is quicker than to run another one. */
function seenFrom({ child }: Program) {
  const read = (file: string) => readFileSync(`/proc/${child.pid}/net/${file}`, 'utf8')
  return {
    hasIPv4: () => new RegExp(`-- ${vip4.replaceAll('.', '\\.')}$`, 'm').test(read('fib_trie')),
    hasIPv6: () =>
      read('if_inet6').startsWith('fd770000000000000000000000000050') ||
      read('if_inet6').includes('\nfd770000000000000000000000000050'),
  }
}

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test(
    `rows 6 and 7: after ${signal} of what renews it, the kernel drops the addresses by itself when their second is over`,
    ipv4,
    async (t) => {
      const { a } = await open(t)
      const witness = seenFrom(a.start(['sleep', '60']))
      const holder = start(a, 'hold', vip4, vip6)
      await holder.says(taken)
      await delay(2_000) // renewals alone have kept it beyond its lifetime
      assert.ok(witness.hasIPv4() && witness.hasIPv6())
      holder.child.kill(signal)
      const endedAt = performance.now()
      while (witness.hasIPv4() || witness.hasIPv6()) await delay(5)
      const ms = Math.round(performance.now() - endedAt)
      t.diagnostic(`gone after ${ms} ms`)
      // Mostly 1.0 to 1.25 s; a busy virtual machine has shown 1.5.
      assert.ok(ms <= 2_000, `${ms} ms`)
    },
  )
}

test('no connection of the node begins with a floating address', ipv4, async (t) => {
  const { a } = await open(t)
  await start(a, 'hold', vip4, vip6).says(taken)
  const route = async (to: string) => / src (\S+)/.exec(await a.run(['ip', 'route', 'get', to]))?.[1]
  assert.equal(await route('10.77.0.9'), a.address)
  assert.equal(await route('fd77::51'), a.address6) // to which the floating address is the nearer one
})

test(
  'row 32: a leftover, on whatever interface and with whatever prefix, is removed before anything',
  ipv4,
  async (t) => {
    const { b } = await open(t)
    await b.run(['ip', 'address', 'add', `${vip4}/24`, 'dev', 'eth0'])
    await b.run(['ip', 'address', 'add', `${vip6}/128`, 'dev', 'lo'])
    const idle = start(b, 'idle', vip4, vip6)
    await idle.says('"event":"started"')
    assert.doesNotMatch(await addressesOf(b), /10\.77\.0\.50|fd77::50/)
    assert.match(idle.output(), /"removed":\["10\.77\.0\.50 eth0","fd77::50 lo"\]/)
    assert.match(await addressesOf(b), /10\.77\.0\.2\/24.*fd77::2\/64/s)
  },
)

test('a stop in good order leaves no address, no entry in the ARP table and no program', ipv4, async (t) => {
  const { a } = await open(t)
  const holder = start(a, 'hold', vip4)
  await holder.says('"ran":"watch"')
  holder.child.kill('SIGTERM')
  await holder.says('"event":"stopped"')
  assert.doesNotMatch(await addressesOf(a), /10\.77\.0\.50/)
  await until(async () => ((await knownMac(a, vip4)) === undefined ? true : undefined))
})

test('an address that somebody removes by hand is back with the next renewal', ipv4, async (t) => {
  const { a } = await open(t)
  await start(a, 'hold', vip4).says(taken)
  await a.run(['ip', 'address', 'delete', `${vip4}/32`, 'dev', 'eth0'])
  await until(async () => ((await addressesOf(a)).includes(vip4) ? true : undefined))
})

test('a client learns by IPv4 and IPv6 which machine has the address now', ipv6, async (t) => {
  const { a, b, c } = await open(t)
  for (const address of [vip4, vip6]) await believe(c, address, await macOf(b))
  await start(a, 'hold', vip4, vip6).says(taken)
  for (const address of [vip4, vip6]) await becomes(c, address, await macOf(a))
})

test(
  'row 34: a client that the first three announcements do not reach learns it from a later one',
  ipv4,
  async (t) => {
    const { network, a, b, c } = await open(t)
    const macOfB = await macOf(b)
    await believe(c, vip4, macOfB)
    const heal = await network.rules('oifname "c" ether type arp drop')
    const holder = start(a, 'hold', vip4)
    await until(() => (times(holder, '"ran":"announce"') >= 3 ? true : undefined))
    await delay(100)
    assert.equal(await knownMac(c, vip4), macOfB)
    await heal()
    await becomes(c, vip4, await macOf(a))
  },
)

test(
  'row 33: a stranger that claims the address is noticed, answered at once, and told once',
  ipv4,
  async (t) => {
    const { a, w, c } = await open(t)
    const holder = await watchingHolder(a, vip4)
    const [macOfA, macOfW] = [await macOf(a), await macOf(w)]
    await believe(c, vip4, macOfW)
    await believe(c, vip4, macOfW)
    await w.run(['ip', 'address', 'add', `${vip4}/32`, 'dev', 'eth0'])
    await w.run([
      'sh',
      '-c',
      `arping -q -U -c 1 -I eth0 ${vip4} & sleep 0.1; ip address delete ${vip4}/32 dev eth0; wait`,
    ])
    await holder.says(`{"event":"duplicate","address":"${vip4}","mac":"${macOfW}"}`)
    await becomes(c, vip4, macOfA)
    await delay(2_500)
    assert.equal(times(holder, '"event":"duplicate"'), 1)
    assert.equal(await knownMac(c, vip4), macOfA)
    assert.match(holder.output(), new RegExp(`"text":"${macOfW} claims it`))
  },
)

test('what a bridge sends back of our own announcements is no claim', ipv4, async (t) => {
  const { a, w } = await open(t)
  const holder = await watchingHolder(a, vip4)
  await believe(a, vip4, await macOf(a))
  await delay(1_200)
  await believe(a, vip4, await macOf(w))
  await holder.says(`"mac":"${await macOf(w)}"`)
  assert.equal(times(holder, '"event":"duplicate"'), 1)
})

for (const [family, address, needed] of [
  ['IPv4', vip4, ipv4],
  ['IPv6', vip6, ipv6],
] as const) {
  test(
    `row 33: a stranger that has the address and keeps silent is found by asking, ${family}`,
    needed,
    async (t) => {
      const { a, w } = await open(t)
      await w.run(['ip', 'address', 'add', `${address}/${family === 'IPv4' ? 32 : 128}`, 'dev', 'eth0'])
      const holder = start(a, 'hold', address)
      await holder.says(`{"event":"duplicate","address":"${address}","mac":"${await macOf(w)}"}`)
    },
  )
}

/** Taken a while ago, so that the kernel heeds the next claim at once. */
async function watchingHolder(host: Host, address: string): Promise<Program> {
  const holder = start(host, 'hold', address)
  await holder.says('"ran":"watch"')
  await until(async () => ((await knownMac(host, address)) === '00:00:00:00:00:00' ? true : undefined))
  await delay(1_100)
  return holder
}
