import type { Protocol } from '../base/protocol.ts'
import { transferResults, type TransferListener, type TransferResult } from './activity.ts'

export interface ProtocolTotals {
  requests: Record<TransferResult, number>
  /** Sent to phones. */
  bytes: number
  /** Taken from phones, also where the upload broke off. */
  receivedBytes: number
  /** Refusals and breaks by reason. */
  reasons: Record<string, number>
  fallbacks: number
  retries: number
}

const noRequests = () =>
  Object.fromEntries(transferResults.map((result) => [result, 0])) as ProtocolTotals['requests']

const none = (): ProtocolTotals => ({
  requests: noRequests(),
  bytes: 0,
  receivedBytes: 0,
  reasons: Object.create(null),
  fallbacks: 0,
  retries: 0,
})

/** Reasons come from a fixed vocabulary; should one not, memory stays bounded all the same. */
const mostReasons = 100

/** Counts since start, for each protocol. */
export class Totals {
  readonly #totals = new Map<Protocol, ProtocolTotals>()

  readonly record: TransferListener = ({ protocol, result, upload, bytes, reason, fallback, retries }) => {
    const totals = this.of(protocol)
    totals.requests[result]++
    if (upload === true || result === 'stored') totals.receivedBytes += bytes
    else totals.bytes += bytes
    totals.retries += retries ?? 0
    if (fallback === true) totals.fallbacks++
    if (reason === undefined || (result !== 'refused' && result !== 'broken')) return
    if (reason in totals.reasons || Object.keys(totals.reasons).length < mostReasons)
      totals.reasons[reason] = (totals.reasons[reason] ?? 0) + 1
  }

  of(protocol: Protocol): ProtocolTotals {
    const known = this.#totals.get(protocol)
    if (known !== undefined) return known
    const fresh = none()
    this.#totals.set(protocol, fresh)
    return fresh
  }

  all(): Partial<Record<Protocol, ProtocolTotals>> {
    return Object.fromEntries(this.#totals)
  }
}
