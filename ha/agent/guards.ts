import type { Known } from './known.ts'

/** What etcd says of itself and of the pair, when a node comes or asks. */
export interface Seen {
  clusterId: string
  revision: number
  /** Of the pair, as etcd has it. Undefined: this is a new pair. */
  uuid?: string | undefined
  /** Who is registered there under our name. */
  holder?: { machine: string; address: string } | undefined
}

/**
 * Why this node must not act: it talks to another pair, to another etcd, or to one that has lost what it knew; or
 * somebody else has its name.
 * @returns undefined: all is as it was
 */
export function whyRefuse(known: Known, own: { uuid: string; name: string }, seen: Seen): string | undefined {
  const { uuid, name } = own
  if (known.uuid !== '' && known.uuid !== uuid)
    return `the data folder belongs to pair ${known.uuid}, and pair.folder to ${uuid}; one of them is of another node`
  if (seen.uuid !== undefined && seen.uuid !== uuid)
    return `etcd knows this pair as ${seen.uuid}, and pair.folder says ${uuid}; check pairEtcd.endpoints, or choose another pair.cluster`
  if (known.clusterId !== '' && known.clusterId !== seen.clusterId)
    return `etcd is another one than before (cluster ${seen.clusterId}, before ${known.clusterId}); check pairEtcd.endpoints. If it was made anew on purpose: ha help forget-etcd`
  if (seen.revision < known.revision)
    return `etcd has gone back in time (revision ${seen.revision}, seen before ${known.revision}), as after a restored snapshot; what happened since is unknown to it. If that is meant: ha help forget-etcd`
  if (seen.holder !== undefined && seen.holder.machine !== known.machine)
    return `another machine is registered as ${name} (at ${seen.holder.address}); give each node its own node.name`
  return undefined
}
