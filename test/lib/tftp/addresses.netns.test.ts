import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { isRoot } from '../../../lib/base/process.ts'
import { follow, type Program } from '../../support/program.ts'
import { withProgram } from '../../support/programs.ts'

const { skip } = withProgram('ip')
const needs = { skip: skip !== false ? skip : !isRoot() && 'needs root, to make network namespaces' }
const programs = new URL('../../support/tftp-programs.ts', import.meta.url).pathname

interface Lab {
  /** Runs `ip` in the server's namespace, whose interface is `eth0`. */
  ip(...args: string[]): Promise<unknown>
  serve(settings: object): Program
  /** Fetches a file from the phone's namespace. */
  fetch(
    address: string,
    name?: string,
    options?: object,
  ): Promise<{ from: string; bytes: number; granted?: object }>
  /** Fetches a file until the test ends. */
  beginFetch(address: string, name: string): void
}

/** Two namespaces, joined by a cable: a server with 10.77.0.1 and 10.77.0.2, and a phone with 10.77.0.99. */
async function openLab(t: TestContext): Promise<Lab> {
  const id = `tt${process.pid}-${Math.random().toString(36).slice(2, 6)}`
  const [server, phone] = [`${id}s`, `${id}p`]
  const ip = (...args: string[]) => execa('ip', args)
  for (const namespace of [server, phone]) {
    await ip('netns', 'add', namespace)
    t.after(() => ip('netns', 'delete', namespace))
    await ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }
  await ip('-n', server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', phone)
  await ip('-n', server, 'address', 'add', '10.77.0.1/24', 'dev', 'eth0')
  await ip('-n', server, 'address', 'add', '10.77.0.2/24', 'dev', 'eth0')
  await ip('-n', phone, 'address', 'add', '10.77.0.99/24', 'dev', 'eth0')
  for (const namespace of [server, phone]) await ip('-n', namespace, 'link', 'set', 'eth0', 'up')
  const inside = (namespace: string, args: string[]) => [
    'netns',
    'exec',
    namespace,
    process.execPath,
    programs,
    ...args,
  ]
  return {
    ip: (...args) => ip('-n', server, ...args),
    serve(settings) {
      const child = spawn('ip', inside(server, ['serve', JSON.stringify(settings)]), {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      t.after(() => child.kill('SIGKILL'))
      return follow(child)
    },
    beginFetch(address, name) {
      const child = spawn('ip', inside(phone, ['fetch', address, name]), { stdio: 'ignore' })
      t.after(() => child.kill('SIGKILL'))
    },
    async fetch(address, name = 'small', options = {}) {
      const { stdout } = await execa('ip', inside(phone, ['fetch', address, name, JSON.stringify(options)]), {
        timeout: 60_000,
      })
      return JSON.parse(stdout) as Awaited<ReturnType<Lab['fetch']>>
    },
  }
}

/** What the server prints when it listens on just these. */
const listening = (...addresses: string[]) => `${JSON.stringify(addresses)}\n`

test(
  'answers leave from the address that was asked, the second one of an interface, too',
  needs,
  async (t) => {
    const lab = await openLab(t)
    const server = lab.serve({ addresses: ['0.0.0.0'] })
    await server.says(listening('10.77.0.1', '10.77.0.2', '127.0.0.1'))
    for (const address of ['10.77.0.1', '10.77.0.2']) {
      assert.deepEqual(await lab.fetch(address), { from: address, bytes: 5 })
    }
  },
)

test(
  'an address that comes is served, one that goes is let go, and transfers elsewhere notice nothing',
  needs,
  async (t) => {
    const lab = await openLab(t)
    const server = lab.serve({ addresses: ['0.0.0.0'] })
    await server.says(listening('10.77.0.1', '10.77.0.2', '127.0.0.1'))
    const meanwhile = lab.fetch('10.77.0.1', 'large')
    await lab.ip('address', 'add', '10.77.0.3/24', 'dev', 'eth0')
    await server.says(listening('10.77.0.1', '10.77.0.2', '10.77.0.3', '127.0.0.1'))
    assert.equal((await lab.fetch('10.77.0.3')).from, '10.77.0.3')
    await lab.ip('address', 'delete', '10.77.0.3/24', 'dev', 'eth0')
    const before = server.output().length
    await server.says(new RegExp(`^[^]{${before}}.*"10\\.77\\.0\\.2","127\\.0\\.0\\.1"`))
    assert.deepEqual(await meanwhile, { from: '10.77.0.1', bytes: 40_000_000 })
  },
)

test('in single-port mode the transfers of an address end when it goes', needs, async (t) => {
  const lab = await openLab(t)
  const server = lab.serve({ addresses: ['10.77.0.2'], singlePort: true })
  await server.says(listening('10.77.0.2'))
  lab.beginFetch('10.77.0.2', 'large')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await lab.ip('address', 'delete', '10.77.0.2/24', 'dev', 'eth0')
  await server.says('broken: address gone')
  await server.says(listening())
})

test('a chosen address that the machine does not have yet is served when it comes', needs, async (t) => {
  const lab = await openLab(t)
  const server = lab.serve({ addresses: ['10.77.0.5'] })
  await server.says(listening())
  await lab.ip('address', 'add', '10.77.0.5/24', 'dev', 'eth0')
  await server.says(listening('10.77.0.5'))
  assert.equal((await lab.fetch('10.77.0.5')).from, '10.77.0.5')
})

test('IPv6 addresses are served when the kernel has found them to be unique', needs, async (t) => {
  const lab = await openLab(t)
  await lab.ip('address', 'add', 'fd77::1/64', 'dev', 'eth0')
  const server = lab.serve({ addresses: ['::'] })
  await server.says(/"fd77::1"/)
  await server.says(/"fe80::[^"]*%eth0"/)
})

test(
  'd17: no block is larger than the interface takes in one packet, also after its MTU has changed',
  needs,
  async (t) => {
    const lab = await openLab(t)
    const server = lab.serve({ addresses: ['0.0.0.0'] })
    await server.says('10.77.0.2')
    const granted = async () => (await lab.fetch('10.77.0.1', 'small', { blksize: 65_464 })).granted
    assert.deepEqual(await granted(), { blksize: '1468' })
    await lab.ip('link', 'set', 'eth0', 'mtu', '1400')
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // it looks once a second
    assert.deepEqual(await granted(), { blksize: '1368' })
  },
)
