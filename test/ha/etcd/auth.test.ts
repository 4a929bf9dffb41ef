import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EtcdUnavailable } from '../../../ha/etcd/unavailable.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { inShort, openEtcd, put } from '../../support/etcd.ts'
import { startEtcd, withEtcd, type EtcdCluster } from '../../support/etcd-cluster.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { makeAuthority } from '../../support/test-authority.ts'
import { until } from '../../support/until.ts'

test('TLS with a client certificate of the authority is let in', withEtcd, async (t) => {
  const { etcd } = await openEtcd(t, await startEtcd(t, { members: 1, tls: true }))
  assert.equal((await put(etcd, 'a', 'x')).succeeded, true)
  const told: string[] = []
  etcd.watch('a', (change) => void told.push(inShort(change)))
  await until(() => told.includes('a=x') || undefined)
})

test('a certificate of another authority is refused, and so is none', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1, tls: true })
  const foreign = await (await makeAuthority(await temporaryFolder(t), 'foreign')).issue('node-a')
  for (const own of [foreign, { certificate: '', key: '' }]) {
    const { etcd } = await openEtcd(t, cluster, own)
    await assert.rejects(put(etcd, 'a', 'x'), EtcdUnavailable)
  }
})

test('a member whose certificate is of another authority is not believed', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1, tls: true })
  const { ca } = await makeAuthority(await temporaryFolder(t), 'foreign')
  const { etcd } = await openEtcd(t, cluster, { ca })
  await assert.rejects(put(etcd, 'a', 'x'), /etcd gave no answer \(127[\d.:]+: .*(?:certificate|issuer)/)
})

test('a member that speaks TLS is not asked without, and the other way round', withEtcd, async (t) => {
  const [encrypted, plain] = [
    await startEtcd(t, { members: 1, tls: true }),
    await startEtcd(t, { members: 1 }),
  ]
  const { etcd: withoutTls } = await openEtcd(t, { ...encrypted, tls: undefined }, { timeoutMs: 500 })
  const { etcd: withTls } = await openEtcd(t, { ...plain, tls: encrypted.tls }, { timeoutMs: 500 })
  for (const etcd of [withoutTls, withTls]) await assert.rejects(put(etcd, 'a', 'x'), EtcdUnavailable)
})

test('user and password outlive a restart of etcd, and a change of its users', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  await enableLogin(cluster)
  const { etcd } = await openEtcd(t, cluster, login)
  const told: string[] = []
  etcd.watch('/ha/', (change) => void told.push(inShort(change)))
  await put(etcd, '/ha/a', '1')
  await until(() => told.includes('/ha/a=1') || undefined)
  await cluster.member('m1').restart()
  await until(() => put(etcd, '/ha/a', '2').catch(() => undefined))
  await until(() => told.includes('/ha/a=2') || undefined)
  await cluster.etcdctl(['--user=root:root', 'user', 'add', 'somebody:else'])
  await until(() => put(etcd, '/ha/a', '3').catch(() => undefined))
  await until(() => told.includes('/ha/a=3') || undefined)
  assert.equal(await etcd.keepLease(await etcd.grantLease(60)), true)
})

test('a login that hangs is not waited for longer than any question', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  await enableLogin(cluster)
  const { etcd } = await openEtcd(t, cluster, login)
  cluster.member('m1').freeze()
  const tooLong = new AbortController()
  const outcome = await Promise.race([
    etcd.members(100),
    systemClock.sleep(1_500, tooLong.signal).then(() => 'too long'),
  ])
  tooLong.abort()
  assert.notEqual(outcome, 'too long')
})

test(
  'a wrong password, no password, and a key that is not for the user are refused in words',
  withEtcd,
  async (t) => {
    const cluster = await startEtcd(t, { members: 1 })
    await enableLogin(cluster)
    const attempt = async (settings: object, key: string) =>
      put((await openEtcd(t, cluster, settings)).etcd, key, 'x')
    await assert.rejects(
      attempt({ ...login, password: 'wrong' }, '/ha/a'),
      /authentication failed, invalid user ID or password\)$/,
    )
    await assert.rejects(attempt({}, '/ha/a'), /user name is empty\)$/)
    await assert.rejects(attempt(login, '/other'), /permission denied\)$/)
  },
)

const login = { user: 'pair', password: 'correct horse' }

/** A user who may touch what lies under /ha/. */
async function enableLogin({ etcdctl }: EtcdCluster): Promise<void> {
  for (const words of [
    ['user', 'add', 'root:root'],
    ['user', 'grant-role', 'root', 'root'],
    ['user', 'add', `${login.user}:${login.password}`],
    ['role', 'add', 'pair'],
    ['role', 'grant-permission', '--prefix=true', 'pair', 'readwrite', '/ha/'],
    ['user', 'grant-role', login.user, 'pair'],
    ['auth', 'enable'],
  ])
    await etcdctl(words)
}
