import type { Protocol } from '../base/protocol.ts'

/** Who asks, and through which door. */
export interface Caller {
  readonly protocol: Protocol
  /** Canonical text: `10.1.2.3`, never `::ffff:10.1.2.3`; IPv6 in lower case without a zone (lib/phones/address.ts). */
  readonly address: string
  /** The local port that was asked. */
  readonly port: number
}
