import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { startEtcd, withEtcd } from '../support/etcd-cluster.ts'
import { isRunning } from '../support/namespace.ts'
import { openPairNetwork, withPairNetwork } from '../support/pair-network.ts'
import { startProgram } from '../support/program.ts'
import { until } from '../support/until.ts'

/** The etcd that the tests of the pair stand on. */

test('three members vote, and the two that are left go on when the leader is killed', withEtcd, async (t) => {
  const etcd = await startEtcd(t)
  await etcd.etcdctl(['put', 'name', 'before'])
  const leader = await etcd.leader()
  await leader.kill()
  const others = etcd.members.filter((each) => each !== leader).map(({ endpoint }) => endpoint)
  await until(() => etcd.etcdctl(['put', 'name', 'after'], others).catch(() => undefined))
  assert.notEqual(await etcd.leader(), leader)
  await leader.restart()
  await etcd.healthy()
  assert.equal(await etcd.etcdctl(['get', 'name', '--print-value-only'], [leader.endpoint]), 'after')
})

test('a frozen member says nothing, until it is thawed', withEtcd, async (t) => {
  const etcd = await startEtcd(t, { members: 1 })
  const get = () => etcd.etcdctl(['get', 'name', '--command-timeout=300ms'])
  etcd.member('m1').freeze()
  await assert.rejects(get)
  etcd.member('m1').thaw()
  await until(() =>
    get().then(
      () => true,
      () => undefined,
    ),
  )
})

test('two clusters of one process do not disturb each other', withEtcd, async (t) => {
  const [one, other] = await Promise.all([startEtcd(t, { members: 1 }), startEtcd(t, { members: 1 })])
  await one.etcdctl(['put', 'name', 'one'])
  assert.equal(await other.etcdctl(['get', 'name']), '')
})

test('with TLS a client needs a certificate of the authority', withEtcd, async (t) => {
  const etcd = await startEtcd(t, { members: 1, tls: true })
  await etcd.etcdctl(['put', 'name', 'value'])
  const { ca = '' } = etcd.tls?.authority ?? {}
  await assert.rejects(etcd.etcdctl(['put', 'name', 'value', `--cacert=${ca}`, '--cert=', '--key=']))
})

test(
  'members in namespaces are cut off with their hosts',
  withPairNetwork.skip === false ? withEtcd : withPairNetwork,
  async (t) => {
    const network = await openPairNetwork(t)
    const [a, b, w] = [network.host('a'), network.host('b'), network.host('w')]
    const etcd = await startEtcd(t, { hosts: [w, a, b] })
    assert.deepEqual(etcd.endpoints, ['10.77.0.3:2379', '10.77.0.1:2379', '10.77.0.2:2379'])
    await network.isolate('b')
    await until(() =>
      etcd.etcdctl(['put', 'name', 'value'], etcd.endpoints.slice(0, 2)).catch(() => undefined),
    )
    await assert.rejects(etcd.etcdctl(['get', 'name', '--command-timeout=300ms'], ['10.77.0.2:2379']))
  },
)

test(
  'nothing is left when it is removed, or when the process that started it was killed',
  withEtcd,
  async (t) => {
    const folders = () => readdirSync('/dev/shm').filter((name) => name.startsWith('twintone-etcd-'))
    const killed = startProgram(t, ['--input-type=module', '-e', forgetful])
    const pid = Number(/^etcd (\d+)$/m.exec(await killed.says(/^etcd \d+$/m))?.[1])
    const folder = folders().find((name) => name.includes(`-${killed.child.pid}-`))
    assert.ok(folder !== undefined && existsSync(`/dev/shm/${folder}`))
    killed.child.kill('SIGKILL')
    await until(() => !isRunning(pid) || undefined)
    await killed.ended
    const etcd = await startEtcd(t, { members: 1 })
    assert.ok(!folders().includes(folder))
    await etcd.remove()
    assert.deepEqual(
      folders().filter((name) => name.includes(`-${process.pid}-`)),
      [],
    )
    assert.ok(!isRunning(etcd.member('m1').pid))
  },
)

const forgetful = `
const { startEtcd } = await import('./test/support/etcd-cluster.ts')
const etcd = await startEtcd({ after() {} }, { members: 1 })
console.log('etcd', etcd.member('m1').pid)
`
