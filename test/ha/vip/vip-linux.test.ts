import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { runHook } from '../../../lib/base/run-hook.ts'
import { openPairNetwork, withPairNetwork } from '../../support/pair-network.ts'

const deploy = new URL('../../../ops/deploy/', import.meta.url).pathname
const data = {
  TWINTONE_VIP: '10.77.0.50 fd77::50',
  TWINTONE_INTERFACE: 'eth0',
  TWINTONE_LIFETIME_SECONDS: '30',
}

/** Runs a program of ops/deploy where it can do no harm: it is expected to refuse. */
async function refused(program: string, args: string[], env: Partial<typeof data>) {
  const result = await runHook(deploy + program, args, { timeoutMs: 10_000, env: { ...data, ...env } })
  assert.ok(result.outcome === 'ended' && result.exitCode === 2, JSON.stringify(result))
  return result.stderr
}

for (const address of [
  '10.0.0.50;id',
  '$(id)',
  '*',
  '-force',
  '10.0.0.50/24',
  'eth0',
  '10.0.50',
  'fd00',
  'localhost',
])
  test(`vip-linux takes no ${address} for an address`, async () => {
    assert.equal(
      await refused('vip-linux', ['check'], { TWINTONE_VIP: `10.0.0.51 ${address}` }),
      `vip-linux: TWINTONE_VIP: ${address} is no address`,
    )
  })

for (const name of ['eth0 up', '-force', 'eth0;id', 'a/b', 'eth0\nlink set lo down'])
  test(`no program takes ${JSON.stringify(name)} for an interface`, async () => {
    const env = { TWINTONE_INTERFACE: name }
    assert.equal(
      await refused('vip-linux', ['acquire'], env),
      `vip-linux: TWINTONE_INTERFACE: ${name} is no name of an interface`,
    )
    assert.match(await refused('vip-neighbours', ['announce'], env), /is no name of an interface$/)
  })

test('what is missing is named, with the setting it comes from', async () => {
  assert.match(await refused('vip-linux', ['acquire'], { TWINTONE_VIP: '' }), /TWINTONE_VIP.*pair\.vip/)
  assert.match(
    await refused('vip-linux', ['acquire'], { TWINTONE_INTERFACE: '' }),
    /TWINTONE_INTERFACE.*pair\.interface/,
  )
})

for (const seconds of ['', '0', '1.5', 'forever', '1 preferred_lft 9'])
  test(`vip-linux takes no "${seconds}" for a lifetime`, async () => {
    assert.match(
      await refused('vip-linux', ['renew'], { TWINTONE_LIFETIME_SECONDS: seconds }),
      /is no number of seconds$/,
    )
  })

test('vip-linux does one thing at a time, and only what it knows', async () => {
  assert.match(await refused('vip-linux', [], {}), /say one of acquire, renew, release, check/)
  assert.match(await refused('vip-linux', ['check', 'release'], {}), /say one of/)
  assert.match(await refused('vip-linux', ['reboot'], {}), /reboot is none of/)
})

test('vip-linux gives addresses to a machine, and says which of them it has', withPairNetwork, async (t) => {
  const { ip, hook } = await open(t)
  assert.deepEqual(await hook('check'), { exitCode: 3, stdout: '' })
  assert.deepEqual(await hook('acquire'), { exitCode: 0, stdout: '' })
  assert.deepEqual(await hook('check'), { exitCode: 0, stdout: '10.77.0.50\nfd77::50' })
  const shown = await ip('-oneline', 'address', 'show', 'dev', 'eth0')
  assert.match(
    shown,
    /inet 10\.77\.0\.50\/32 .*deprecated dynamic.*valid_lft (?:30|29)sec preferred_lft 0sec/,
  )
  assert.match(
    shown,
    /inet6 fd77::50\/128 .*nodad deprecated dynamic.*valid_lft (?:30|29)sec preferred_lft 0sec/,
  )
  await ip('address', 'delete', '10.77.0.50/32', 'dev', 'eth0')
  assert.deepEqual(await hook('check'), { exitCode: 4, stdout: 'fd77::50' })
})

test(
  'vip-linux takes addresses away wherever they are, and is content when they are nowhere',
  withPairNetwork,
  async (t) => {
    const { ip, hook } = await open(t)
    await hook('acquire')
    await ip('address', 'add', '10.77.0.50/24', 'dev', 'lo')
    const { exitCode, stdout } = await hook('release')
    assert.equal(exitCode, 0)
    assert.deepEqual(stdout.split('\n').toSorted(), ['10.77.0.50 eth0', '10.77.0.50 lo', 'fd77::50 eth0'])
    assert.deepEqual(await hook('check'), { exitCode: 3, stdout: '' })
    assert.deepEqual(await hook('release'), { exitCode: 0, stdout: '' })
  },
)

test('where IPv6 is switched off, the IPv4 address comes all the same', withPairNetwork, async (t) => {
  const { a, hook } = await open(t)
  await a.run(['sysctl', '-qw', 'net.ipv6.conf.eth0.disable_ipv6=1'])
  const ipv6First = { TWINTONE_VIP: 'fd77::50 10.77.0.50' }
  assert.equal((await hook('acquire', ipv6First)).exitCode, 1)
  assert.deepEqual(await hook('check', ipv6First), { exitCode: 4, stdout: '10.77.0.50' })
})

async function open(t: TestContext) {
  const network = await openPairNetwork(t)
  const a = network.host('a')
  const ip = (...args: string[]) => a.run(['ip', ...args])
  const hook = async (act: string, env: Partial<typeof data> = {}) => {
    const words = Object.entries({ ...data, ...env }).map(([name, value]) => `${name}=${value}`)
    try {
      return { exitCode: 0, stdout: await a.run(['env', ...words, `${deploy}vip-linux`, act]) }
    } catch (error) {
      const { exitCode, stdout } = error as { exitCode: number; stdout: string }
      return { exitCode, stdout }
    }
  }
  return { a, ip, hook }
}
