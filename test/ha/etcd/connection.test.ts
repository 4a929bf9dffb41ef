import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connection } from '../../../ha/etcd/connection.ts'
import { EtcdUnavailable } from '../../../ha/etcd/unavailable.ts'
import { openEtcd, put } from '../../support/etcd.ts'
import { startEtcd, withEtcd } from '../../support/etcd-cluster.ts'
import { freePort, startProgram } from '../../support/program.ts'
import { startTcpRelay } from '../../support/tcp-relay.ts'
import { until } from '../../support/until.ts'

test(
  'a connection whose other end has vanished is given up after two failures at most',
  withEtcd,
  async (t) => {
    const cluster = await startEtcd(t, { members: 1 })
    const relay = await startTcpRelay(t, cluster.endpoints[0] ?? '')
    const through = { endpoints: [relay.endpoint], tls: undefined }
    const [{ etcd }, { etcd: other }] = [
      await openEtcd(t, through, { timeoutMs: 300 }),
      await openEtcd(t, through), // does not notice, and holds on to its connection
    ]
    for (const each of [etcd, other]) await until(() => put(each, 'a', 'before').catch(() => undefined))
    relay.swallow()
    // It is in progress when the connection is given up.
    const hangs = etcd.txn({ reads: ['a'] }, { timeoutMs: 2_000 }).catch((error: unknown) => error)
    await assert.rejects(put(etcd, 'a', 'lost'), EtcdUnavailable)
    // etcd3 may already have let go of it: two timers of the same length decide.
    await put(etcd, 'a', 'lost, maybe').catch((error: unknown) => assert.ok(error instanceof EtcdUnavailable))
    const after = await etcd.txn({ puts: [{ key: 'a', value: 'after' }] }, { timeoutMs: 3_000 })
    assert.equal(after.succeeded, true)
    assert.ok((await hangs) instanceof EtcdUnavailable)
  },
)

test('one connection serves all calls to a member, and closing ends it', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const relay = await startTcpRelay(t, cluster.endpoints[0] ?? '')
  const { etcd } = await openEtcd(t, { endpoints: [relay.endpoint], tls: undefined })
  await put(etcd, 'a', 'x')
  assert.equal(await etcd.keepLease(await etcd.grantLease(60)), true)
  await etcd.members(5_000)
  await etcd.list('/')
  assert.deepEqual([relay.connections, relay.open()], [1, 1])
  etcd.close()
  await until(() => relay.open() === 0 || undefined)
})

test(
  'a lease that was granted already, by the same question asked twice, is granted',
  withEtcd,
  async (t) => {
    const { endpoints, etcdctl } = await startEtcd(t, { members: 1 })
    const member = new Connection(endpoints[0] ?? '', { tls: undefined, login: undefined })
    t.after(() => member.close())
    for (let times = 0; times < 2; times += 1) await member.grantLease('1234abcd', 60, 5_000)
    assert.equal(await etcdctl(['lease', 'list']), 'found 1 leases\n000000001234abcd')
  },
)

test('a proxy of the environment is not for etcd', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const proxy = `http://127.0.0.1:${await freePort()}`
  const names = ['grpc_proxy', 'http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']
  const env = { ...Object.fromEntries(names.map((name) => [name, proxy])), no_proxy: '', no_grpc_proxy: '' }
  const program = startProgram(t, ['--input-type=module', '-e', asksOnce, ...cluster.endpoints], env)
  assert.equal(await program.ended, 0, program.output())
  assert.equal(program.output(), 'true\n')
})

const asksOnce = `
const { Connection } = await import('./ha/etcd/connection.ts')
const member = new Connection(process.argv[1], { tls: undefined, login: undefined })
console.log((await member.transact({ puts: [{ key: 'a', value: 'x' }] }, 5000)).succeeded)
member.close()
`
