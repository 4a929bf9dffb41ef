import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WatchEars } from '../../../ha/etcd/connection.ts'
import type { Etcd } from '../../../ha/etcd/etcd.ts'
import { Watch } from '../../../ha/etcd/watch.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { inShort, openEtcd, put } from '../../support/etcd.ts'
import { startEtcd, withEtcd } from '../../support/etcd-cluster.ts'
import { openPairNetwork, withPairNetwork } from '../../support/pair-network.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { startTcpRelay } from '../../support/tcp-relay.ts'
import { until } from '../../support/until.ts'

test(
  'a watch begins with what is there, and then tells each change once and in order',
  withEtcd,
  async (t) => {
    const { etcd } = await openEtcd(t, await startEtcd(t, { members: 1 }))
    await put(etcd, '/ha/a', '1')
    await put(etcd, '/hb', 'foreign')
    const told = watch(etcd, '/ha/')
    await told.has('/ha/a=1')
    for (let n = 2; n <= 20; n += 1) await put(etcd, '/ha/a', String(n))
    await put(etcd, '/hb', 'foreign again')
    await etcd.txn({ puts: [{ key: '/ha/b', value: 'x' }], deletes: ['/ha/a'] })
    await told.has('/ha/a gone')
    const numbered = Array.from({ length: 20 }, (_, n) => `/ha/a=${n + 1}`)
    assert.deepEqual(
      told.all.filter((each) => each !== '/ha/b=x'),
      [...numbered, '/ha/a gone'],
    )
    assert.ok(told.all.includes('/ha/b=x'))
  },
)

test('after its member has restarted, all that was changed meanwhile is told', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const relay = await startTcpRelay(t, cluster.endpoints[0] ?? '')
  const { etcd, events } = await openEtcd(t, { endpoints: [relay.endpoint], tls: undefined }, quick)
  const told = watch(etcd, '/ha/')
  await put(etcd, '/ha/a', '1')
  await told.has('/ha/a=1')
  await relay.cut()
  for (const value of ['2', '3']) await cluster.etcdctl(['put', '/ha/a', value])
  await cluster.etcdctl(['put', '/ha/passing', 'x'])
  await cluster.etcdctl(['del', '/ha/passing'])
  await cluster.member('m1').restart()
  await cluster.healthy()
  const { why } = await until(() => events('etcd watch broken')[0])
  assert.match(String(why), /connect|close|reset/i) // it is told, before it would notice
  await relay.mend()
  await told.has('/ha/passing gone')
  assert.deepEqual(told.all, ['/ha/a=1', '/ha/a=2', '/ha/a=3', '/ha/passing=x', '/ha/passing gone'])
  await until(() => events('etcd watch resumed')[0])
})

test('when what came meanwhile is no longer kept, it tells what is different now', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const relay = await startTcpRelay(t, cluster.endpoints[0] ?? '')
  const { etcd, events } = await openEtcd(t, { endpoints: [relay.endpoint], tls: undefined }, quick)
  const told = watch(etcd, '/ha/')
  for (const key of ['same', 'changed', 'gone']) await put(etcd, `/ha/${key}`, '1')
  await told.has('/ha/gone=1')
  await relay.cut()
  for (const value of ['2', '3']) await cluster.etcdctl(['put', '/ha/changed', value])
  await cluster.etcdctl(['del', '/ha/gone'])
  await cluster.etcdctl(['put', '/ha/new', '1'])
  const { header } = JSON.parse(await cluster.etcdctl(['get', 'x', '-w', 'json']))
  await cluster.etcdctl(['compact', String(header.revision)])
  await relay.mend()
  await told.has('/ha/gone gone')
  assert.deepEqual(told.all.slice(3).toSorted(), ['/ha/changed=3', '/ha/gone gone', '/ha/new=1'])
  await put(etcd, '/ha/changed', '4')
  await told.has('/ha/changed=4')
  assert.equal(told.all.length, 7)
  assert.equal(events('etcd watch missed changes').length, 0)
})

test('a member that hangs is left for another', withEtcd, async (t) => {
  const cluster = await startEtcd(t)
  const { etcd } = await openEtcd(t, cluster, quick)
  const { etcd: writer } = await openEtcd(t, cluster)
  const told = watch(etcd, '/ha/')
  await put(writer, '/ha/a', '1')
  await told.has('/ha/a=1')
  cluster.member('m1').freeze() // it is asked first
  await until(() => put(writer, '/ha/a', '2').catch(() => undefined))
  await told.has('/ha/a=2')
  cluster.member('m1').thaw()
  await cluster.healthy()
  await put(writer, '/ha/a', '3')
  await told.has('/ha/a=3')
  // The frozen one may have kept a second put of the same, and does it now.
  assert.deepEqual([...new Set(told.all)], ['/ha/a=1', '/ha/a=2', '/ha/a=3'])
})

test('a connection that hangs is left, too', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const relay = await startTcpRelay(t, cluster.endpoints[0] ?? '')
  const { etcd, events } = await openEtcd(t, { endpoints: [relay.endpoint], tls: undefined }, quick)
  const told = watch(etcd, '/ha/')
  await put(etcd, '/ha/a', '1')
  await told.has('/ha/a=1')
  await put(etcd, '/ha/a', '2')
  await told.has('/ha/a=2') // by the stream
  relay.swallow()
  await cluster.etcdctl(['put', '/ha/a', '3'])
  await told.has('/ha/a=3')
  assert.equal(events('etcd watch broken')[0]?.['why'], 'it tells nothing new')
})

const inNetwork = withPairNetwork.skip === false ? withEtcd : withPairNetwork

test(
  'a member that is cut off from the others, and does not know what they do, is left',
  inNetwork,
  async (t) => {
    const network = await openPairNetwork(t)
    const [a, b, w, c] = (['a', 'b', 'w', 'c'] as const).map(network.host)
    assert.ok(a && b && w && c)
    const cluster = await startEtcd(t, { hosts: [a, b, w] })
    const watcher = c.startNode(['--input-type=module', '-e', printsChanges, b.address, a.address, w.address])
    await cluster.etcdctl(['put', '/ha/a', '1'])
    await watcher.says('/ha/a=1')
    await network.cut('a', 'b', [2380])
    await network.cut('b', 'w', [2380])
    const majority = [a, w].map(({ address }) => `${address}:2379`)
    await until(() => cluster.etcdctl(['put', '/ha/a', '2'], majority).catch(() => undefined))
    await watcher.says('/ha/a=2')
  },
)

const printsChanges = `
const { Etcd } = await import('./ha/etcd/etcd.ts')
const { systemClock } = await import('./lib/base/clock.ts')
const { silentLog } = await import('./lib/base/log.ts')
const endpoints = process.argv.slice(1).map((address) => address + ':2379')
const settings = { endpoints, ca: '', certificate: '', key: '', user: '', password: '', timeoutMs: 250, hedgeMs: 100 }
const etcd = await Etcd.open(settings, { clock: systemClock, log: silentLog })
etcd.watch('/ha/', ({ key, value }) => console.log(key + '=' + value))
setInterval(() => {}, 1000)
`

test('once stopped it tells nothing more, and stopping breaks nothing else', withEtcd, async (t) => {
  const { etcd, text } = await openEtcd(t, await startEtcd(t, { members: 1 }), quick)
  const [stopped, other] = [watch(etcd, '/ha/'), watch(etcd, '/ha/')]
  await put(etcd, '/ha/a', '1')
  for (const each of [stopped, other]) await each.has('/ha/a=1')
  const calls = Array.from({ length: 20 }, (_, n) => put(etcd, '/ha/a', `more ${n}`))
  stopped.stop()
  const seen = stopped.all.length
  await Promise.all(calls)
  await put(etcd, '/ha/a', 'last')
  await other.has('/ha/a=last')
  assert.equal(stopped.all.length, seen)
  assert.equal(text(), '')
})

test('a change that the stream has lost is found, told and logged', async (t) => {
  const recording = recordingLog()
  const told: string[] = []
  const values = new Map([['/ha/a', { value: '1', modRevision: 1 }]])
  let hears: WatchEars | undefined
  const parts = {
    clock: systemClock,
    log: recording.log,
    pulseMs: 5,
    list: async () => ({ clusterId: 'c', revision: values.size, values }),
    addresses: () => ['m1'],
    newestRevision: () => values.size,
    onStopped: () => {},
    connect: () => ({
      watch: async (_prefix: string, _from: number, ears: WatchEars) => {
        hears = ears
        return { ask: () => hears?.alive('c', values.size), close() {} }
      },
      close() {},
    }),
  }
  const watched = new Watch('/ha/', (change) => told.push(inShort(change)), parts)
  watched.start()
  t.after(() => watched.stop())
  await until(() => hears)
  values.set('/ha/b', { value: '2', modRevision: 2 })
  await until(() => told.includes('/ha/b=2') || undefined)
  assert.deepEqual(
    recording.events('etcd watch missed changes').map(({ missed }) => missed),
    [1],
  )
  assert.deepEqual(told, ['/ha/a=1', '/ha/b=2'])
})

/** Notices soon when a member says nothing. */
const quick = { timeoutMs: 500 }

function watch(etcd: Etcd, prefix: string) {
  const all: string[] = []
  const { stop } = etcd.watch(prefix, (change) => void all.push(inShort(change)))
  return { all, stop, has: (text: string) => until(() => all.includes(text) || undefined) }
}
