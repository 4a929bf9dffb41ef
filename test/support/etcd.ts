import type { TestContext } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import { Etcd, type Change, type EtcdSettings } from '../../ha/etcd/etcd.ts'
import type { EtcdCluster } from './etcd-cluster.ts'
import { recordingLog, type RecordingLog } from './recording-log.ts'

/** As patient as a busy machine needs it. */
const patient = { timeoutMs: 5_000, hedgeMs: 100 }

/** Our client for a cluster, closed when the test ends. */
export async function openEtcd(
  t: TestContext,
  cluster: Pick<EtcdCluster, 'endpoints' | 'tls'>,
  settings: Partial<EtcdSettings> = {},
): Promise<RecordingLog & { etcd: Etcd }> {
  const { authority, client } = cluster.tls ?? {}
  const recording = recordingLog()
  const etcd = await Etcd.open(
    {
      endpoints: cluster.endpoints,
      ca: authority?.ca ?? '',
      certificate: client?.certificate ?? '',
      key: client?.key ?? '',
      user: '',
      password: '',
      ...patient,
      ...settings,
    },
    { clock: systemClock, log: recording.log },
  )
  t.after(() => etcd.close())
  return { ...recording, etcd }
}

/** Puts, whatever was there. */
export const put = (etcd: Etcd, key: string, value: string) => etcd.txn({ puts: [{ key, value }] })

/** Changes as `key=value`, or `key gone`. */
export const inShort = ({ key, value }: Change): string =>
  value === undefined ? `${key} gone` : `${key}=${value}`
