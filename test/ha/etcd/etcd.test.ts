import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EtcdUnavailable, LeaseGone } from '../../../ha/etcd/unavailable.ts'
import { openEtcd, put } from '../../support/etcd.ts'
import { startEtcd, withEtcd } from '../../support/etcd-cluster.ts'
import { startProgram } from '../../support/program.ts'
import { until } from '../../support/until.ts'

test(
  'a key is put only while its revision is the one seen, and 0 means that it is absent',
  withEtcd,
  async (t) => {
    const { etcd } = await openEtcd(t, await startEtcd(t, { members: 1 }))
    const take = (modRevision: number, value: string) =>
      etcd.txn({ compares: [{ key: 'a', modRevision }], puts: [{ key: 'a', value }], reads: ['a', 'b'] })
    const first = await take(0, 'one')
    assert.equal(first.succeeded, true)
    assert.deepEqual(first.values.get('a'), { value: 'one', modRevision: first.revision })
    const late = await take(0, 'two')
    assert.equal(late.succeeded, false)
    assert.deepEqual(
      late.values,
      new Map([
        ['a', { value: 'one', modRevision: first.revision }],
        ['b', undefined],
      ]),
    )
    const next = await take(first.revision, 'three')
    assert.equal(next.values.get('a')?.value, 'three')
    assert.ok(next.revision > first.revision)
    assert.equal(next.clusterId, first.clusterId)
  },
)

test('a transaction compares values, puts, deletes and reads together', withEtcd, async (t) => {
  const { etcd } = await openEtcd(t, await startEtcd(t, { members: 1 }))
  await etcd.txn({
    puts: [
      { key: 'term', value: 'mine' },
      { key: 'old', value: 'x' },
    ],
  })
  const change = (nonce: string) =>
    etcd.txn({
      compares: [{ key: 'term', value: nonce }],
      puts: [{ key: 'leader', value: nonce }],
      deletes: ['old'],
      reads: ['old', 'leader', 'term'],
    })
  const refused = await change('not mine')
  assert.equal(refused.succeeded, false)
  assert.deepEqual(
    [...refused.values.values()].map((held) => held?.value),
    ['x', undefined, 'mine'],
  )
  const done = await change('mine')
  assert.equal(done.succeeded, true)
  assert.deepEqual(
    [...done.values.values()].map((held) => held?.value),
    [undefined, 'mine', 'mine'],
  )
})

test('an absent key has no value, not the empty one', withEtcd, async (t) => {
  const { etcd } = await openEtcd(t, await startEtcd(t, { members: 1 }))
  const compareEmpty = () => etcd.txn({ compares: [{ key: 'a', value: '' }], reads: ['a'] })
  assert.equal((await compareEmpty()).succeeded, false)
  await put(etcd, 'a', '')
  assert.equal((await compareEmpty()).succeeded, true)
})

test('a listing has the keys with that prefix and no others', withEtcd, async (t) => {
  const { etcd } = await openEtcd(t, await startEtcd(t, { members: 1 }))
  for (const key of ['/ha/one/a', '/ha/one/b', '/ha/one0', '/ha/one']) await put(etcd, key, 'x')
  assert.deepEqual([...(await etcd.list('/ha/one/')).values.keys()], ['/ha/one/a', '/ha/one/b'])
})

test('what is put with a lease goes with it', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const { etcd } = await openEtcd(t, cluster)
  const lease = await etcd.grantLease(60)
  assert.match(await cluster.etcdctl(['lease', 'timetolive', lease]), /granted with TTL\(60s\)/)
  await etcd.txn({ puts: [{ key: 'a', value: 'x', lease }] })
  assert.equal(await etcd.keepLease(lease), true)
  await etcd.revokeLease(lease)
  assert.equal((await etcd.txn({ reads: ['a'] })).values.get('a'), undefined)
  assert.equal(await etcd.keepLease(lease), false)
  await etcd.revokeLease(lease)
  await assert.rejects(etcd.txn({ puts: [{ key: 'a', value: 'x', lease }] }), LeaseGone)
})

test('a frozen member does not hold up an answer that another can give', withEtcd, async (t) => {
  const cluster = await startEtcd(t)
  const { etcd } = await openEtcd(t, cluster)
  const leader = await cluster.leader()
  const frozen = cluster.members.find((member) => member !== leader)
  assert.ok(frozen)
  const endpoints = [frozen.endpoint, ...cluster.endpoints.filter((each) => each !== frozen.endpoint)]
  const { etcd: frozenFirst } = await openEtcd(t, cluster, { endpoints })
  for (const each of [etcd, frozenFirst]) await put(each, 'a', 'before')
  frozen.freeze()
  assert.equal((await put(frozenFirst, 'a', 'during')).succeeded, true)
  assert.equal(await frozenFirst.keepLease(await frozenFirst.grantLease(60)), true)
})

test('when all members are frozen a question ends in its time, and says so of each', withEtcd, async (t) => {
  const cluster = await startEtcd(t)
  const { etcd } = await openEtcd(t, cluster, { timeoutMs: 300, hedgeMs: 50 })
  await until(() => put(etcd, 'a', 'before').catch(() => undefined))
  for (const member of cluster.members) member.freeze()
  await assert.rejects(put(etcd, 'a', 'during'), (error: unknown) => {
    assert.ok(error instanceof EtcdUnavailable)
    assert.deepEqual([...error.causes.keys()].toSorted(), cluster.endpoints.toSorted())
    for (const why of error.causes.values()) assert.match(why, /^no answer within \d+ ms$/)
    assert.match(error.message, /^etcd gave no answer \(127[\d.:]+: no answer within \d+ ms; /)
    return true
  })
  for (const ask of [() => etcd.grantLease(60), () => etcd.keepLease('1234'), () => etcd.list('/')])
    await assert.rejects(ask, EtcdUnavailable)
  for (const { reachable, memberId, why } of await etcd.members(100)) {
    assert.deepEqual([reachable, memberId, why], [false, '', 'no answer within 100 ms'])
  }
})

test(
  'a member that thaws after many failures is answered by at once: nothing holds us back',
  withEtcd,
  async (t) => {
    const cluster = await startEtcd(t, { members: 1 })
    const { etcd, events } = await openEtcd(t, cluster, { timeoutMs: 150 })
    await until(() => put(etcd, 'a', 'before').catch(() => undefined))
    const [member] = cluster.members
    member?.freeze()
    for (let tries = 0; tries < 10; tries += 1)
      await assert.rejects(put(etcd, 'a', 'during'), EtcdUnavailable)
    member?.thaw()
    // etcd3 by itself would let nothing through for five seconds.
    assert.equal(
      (await etcd.txn({ puts: [{ key: 'a', value: 'after' }] }, { timeoutMs: 3_000 })).succeeded,
      true,
    )
    assert.deepEqual(
      events('etcd member does not answer').map(({ endpoint, why }) => [endpoint, why]),
      [[member?.endpoint, 'no answer within 150 ms']],
    )
    assert.equal(events('etcd member answers').length, 1)
  },
)

test('a killed member is passed over, and asked again once it is back', withEtcd, async (t) => {
  const cluster = await startEtcd(t)
  const { etcd } = await openEtcd(t, cluster)
  await put(etcd, 'a', 'one')
  const killed = cluster.member('m1')
  await killed.kill()
  await until(() => put(etcd, 'a', 'two').catch(() => undefined))
  const dead = (await etcd.members(1_000)).find(({ endpoint }) => endpoint === killed.endpoint)
  assert.deepEqual([dead?.reachable, dead?.why], [false, `connect ECONNREFUSED ${killed.endpoint}`])
  await killed.restart()
  await until(async () => (await etcd.members(1_000)).every(({ reachable }) => reachable) || undefined)
  for (const name of ['m2', 'm3']) await cluster.member(name).kill()
  for (const name of ['m2', 'm3']) await cluster.member(name).restart()
  await until(() => put(etcd, 'a', 'three').catch(() => undefined))
})

test('members tell who they are and who leads, and the lead is moved on demand', withEtcd, async (t) => {
  const cluster = await startEtcd(t)
  const { etcd } = await openEtcd(t, cluster)
  const members = await etcd.members(5_000)
  assert.deepEqual(
    members.map(({ name, endpoint, reachable, alarms }) => ({ name, endpoint, reachable, alarms })),
    cluster.members.map(({ name, endpoint }) => ({ name, endpoint, reachable: true, alarms: [] })),
  )
  const [one] = members
  assert.match(one?.version ?? '', /^3\.\d+\.\d+$/)
  assert.ok(one !== undefined && one.raftTerm > 0 && one.dbBytes > 0 && one.revision > 0)
  assert.match(await cluster.etcdctl(['member', 'list']), new RegExp(`^${one.memberId}, started, m1`, 'm'))
  // Whoever leads, one of these moves is from a member that is not asked first.
  for (const { memberId } of members) {
    await etcd.moveLeader(memberId)
    await until(
      async () => (await etcd.members(5_000)).every(({ leaderId }) => leaderId === memberId) || undefined,
    )
  }
  await assert.rejects(etcd.moveLeader('1234'), /transferee|not leader|leader/)
})

test('a full store is told as an alarm, and in the words of etcd', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1, args: ['--quota-backend-bytes=100000'] })
  const { etcd } = await openEtcd(t, cluster)
  await assert.rejects(async () => {
    for (let n = 0; n < 100; n += 1) await put(etcd, `key ${n}`, 'x'.repeat(10_000))
  }, /etcd gave no answer \(127[\d.:]+: etcdserver: mvcc: database space exceeded\)$/)
  assert.deepEqual((await etcd.members(5_000))[0]?.alarms, ['NOSPACE'])
  // etcd3 by itself would have asked four times.
  const metrics = await (await fetch(`http://${cluster.endpoints[0]}/metrics`)).text()
  assert.match(metrics, /^grpc_server_handled_total\{grpc_code="ResourceExhausted",grpc_method="Txn",.* 1$/m)
})

test('after closing nothing can be asked, and nothing keeps the process', withEtcd, async (t) => {
  const cluster = await startEtcd(t)
  const program = startProgram(t, ['--input-type=module', '-e', shortLived, ...cluster.endpoints])
  assert.equal(await program.ended, 0, program.output())
  assert.match(program.output(), /^put\nseen a\nError: etcd was closed, and can be asked no more\n$/)
})

test('a member that is frozen does not keep the process either', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const program = startProgram(t, ['--input-type=module', '-e', shortLived, ...cluster.endpoints, 'wait'])
  await program.says('waiting')
  cluster.member('m1').freeze()
  program.child.kill('SIGUSR2')
  assert.equal(await program.ended, 0, program.output())
})

const shortLived = `
const { Etcd } = await import('./ha/etcd/etcd.ts')
const { systemClock } = await import('./lib/base/clock.ts')
const { silentLog } = await import('./lib/base/log.ts')
const endpoints = process.argv.slice(1).filter((word) => word !== 'wait')
const settings = { endpoints, ca: '', certificate: '', key: '', user: '', password: '', timeoutMs: 5000, hedgeMs: 100 }
const etcd = await Etcd.open(settings, { clock: systemClock, log: silentLog })
await etcd.txn({ puts: [{ key: 'a', value: 'x' }] })
console.log('put')
await new Promise((resolve) => etcd.watch('a', ({ key }) => { console.log('seen ' + key); resolve() }))
await etcd.keepLease(await etcd.grantLease(60))
if (process.argv.includes('wait')) {
  console.log('waiting')
  await new Promise((resolve) => { process.once('SIGUSR2', resolve); const idle = setInterval(() => {}, 1000); process.once('SIGUSR2', () => clearInterval(idle)) })
  void etcd.txn({ reads: ['a'] }, { timeoutMs: 300 }).catch(() => {})
}
etcd.close()
etcd.close()
await etcd.txn({ reads: ['a'] }).catch((error) => console.log(String(error)))
`
