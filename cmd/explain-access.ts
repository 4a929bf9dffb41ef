import type { Protocol } from '../lib/base/protocol.ts'
import type { AddressLists } from '../lib/files/address-lists.ts'
import type { Caller } from '../lib/files/caller.ts'
import { kindOf } from '../lib/files/file-kind.ts'
import { parseFileName } from '../lib/files/file-name.ts'
import { decideDownload } from '../lib/files/policy.ts'

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

/**
 * What would become of that request by the rules of access, without taking a slot or looking for the file.
 * @throws Refusal for a file name that is not allowed
 */
export function explainAccess(lists: AddressLists, caller: Caller, file: string): AccessAnswer {
  const list = lists.verdict(caller.protocol, caller.address)
  const kind = kindOf(parseFileName(file))
  const decision = decideDownload({ kind, list, admitted: () => true })
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
