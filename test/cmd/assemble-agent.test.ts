import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { assembleAgent, type AgentAssembly } from '../../cmd/assemble-agent.ts'
import { keysOf } from '../../ha/etcd/keys.ts'
import { loadPairKeys } from '../../ha/keys/load.ts'
import { makePair } from '../../ha/keys/make.ts'
import { defaultConfig } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import { openEtcd, put } from '../support/etcd.ts'
import { startEtcd, withEtcd, type EtcdCluster } from '../support/etcd-cluster.ts'
import { temporaryFolder } from '../support/folder.ts'
import { until } from '../support/until.ts'

/** The agent of node a, on loopback; nothing of it is started. */
async function agentAt(t: TestContext, { endpoints }: EtcdCluster): Promise<AgentAssembly> {
  const folder = await temporaryFolder(t)
  const nodes = ['a', 'b'].map((name, at) => ({ name, address: `127.9.0.${at + 1}` }))
  await makePair(join(folder, 'keys'), { cluster: 'test', nodes, days: 1 })
  const config = defaultConfig()
  config.node.name = 'a'
  config.run.folder = join(folder, 'run')
  config.data.folder = join(folder, 'data')
  Object.assign(config.pair, { cluster: 'test', nodes, healthPort: 0 })
  config.pairEtcd.endpoints = endpoints
  config.pairTiming.etcdMs = 5_000
  return assembleAgent(config, loadPairKeys(join(folder, 'keys', 'a'), 'a', new Date()), silentLog)
}

test('a standby hears by its watch of each write to the record of the leader', withEtcd, async (t) => {
  const cluster = await startEtcd(t, { members: 1 })
  const { agent, parts } = await agentAt(t, cluster)
  const watching = parts.find(({ name }) => name === 'etcd')
  assert.ok(watching)
  // Only this one is started: whatever the protocol comes to know, it knows by the watch.
  await watching.start((reason) => assert.fail(String(reason)))
  t.after(() => watching.stop(AbortSignal.abort()))
  const { etcd } = await openEtcd(t, cluster)
  for (const n of [1, 2]) {
    const { revision } = await put(etcd, keysOf('test').leader, JSON.stringify({ n }))
    await until(() => (agent.state.changedRevision === revision ? true : undefined))
  }
})
