/** The steps of changes to the store, in no order. A crash after any of them loses nothing that was acknowledged. */
export const steps = [
  'staged', // the content is written, not durable
  'kept', // what stands now has a second name among the versions
  'synced', // content and second name are durable
  'journaled', // the record is durable: from here on, a restart completes the change
  'renamed', // the new content stands
  'removed', // the deleted file has lost its name
  'folder synced', // the change is durable where it is seen: it is acknowledged
  'pruned', // versions over the limit are gone
  'segment written', // compaction: the new segment is durable under a passing name
  'segment in place', // it is the one that counts
  'old segment removed',
  'rescued', // reseeding: what only this node has is safe
  'fetched', // all content that is missing here lies beside, durable
  'noted', // what is to be put in place is durable
  'placed', // the journal is the other node's, and what stands is what it says
  'released', // what it does not know has lost its name
  'reseeded',
] as const
export type Step = (typeof steps)[number]

/** Called and awaited at each step, for tests. */
export type OnStep = (step: Step) => void | Promise<void>
