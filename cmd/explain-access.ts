import type { Protocol } from '../lib/base/protocol.ts'
import type { Caller } from '../lib/files/caller.ts'
import type { FileService } from '../lib/files/service.ts'

/** What one door would answer an address that asks for a file, and why. */
export interface AccessAnswer {
  protocol: Protocol
  allowed: boolean
  /** The list in force, below the data folder; null: none, so open to all. */
  list: string | null
  /** The deciding line. */
  line: number | null
  why: string
  /** What a refused phone would be given instead, where that file exists. */
  instead: string | null
}

/** @throws Refusal for a file name that is not allowed */
export function explainAccess(files: FileService, caller: Caller, file: string): AccessAnswer {
  const { list, decision } = files.explain(caller, file)
  const refused = decision.outcome === 'refuse'
  return {
    protocol: caller.protocol,
    allowed: !refused,
    list: list?.list ?? null,
    line: list?.line ?? null,
    why: refused ? decision.why : (list?.why ?? 'no list, so open to all'),
    instead: refused ? (decision.instead ?? null) : null,
  }
}
