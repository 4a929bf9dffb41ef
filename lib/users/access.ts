import type { Protocol } from '../base/protocol.ts'
import type { UserPolicy, UserPolicyRow } from '../base/settings/user-data.ts'
import { parseAddressRange, rangeHolds, type AddressRange } from '../phones/address.ts'
import { Unidentified, type Phone, type PhoneDirectory } from '../phones/phone.ts'
import type { AddressLists } from '../files/address-lists.ts'
import type { Caller } from '../files/caller.ts'
import { Refusal } from '../files/refusal.ts'

/** How it was proved whose data somebody may touch. Only SNMP tells one extension; otherwise the file name does. */
export type Proof = { by: 'snmp'; phone: Phone } | { by: Exclude<UserPolicy, 'snmp'> }

export interface AccessRules {
  ftp: UserPolicy
  http: UserPolicy
  https: UserPolicy
  policies: readonly UserPolicyRow[]
}

export interface AccessParts {
  directory: PhoneDirectory
  lists: AddressLists
  credentials: Credentials
}

export interface Credentials {
  verify(
    extension: string,
    authorization: string | undefined,
    address: string,
  ): Promise<'yes' | 'no' | 'missing'>
}

/** What the caller shows beside its address. */
export interface Evidence {
  /** The local address it came to; questions to the phone leave from there. */
  localAddress: string
  authorization?: string | undefined
  /** Of the file asked for; credentials belong to an extension. */
  extension?: string | undefined
}

/** Who may touch which user's data, network by network. */
export class UserAccess {
  readonly #rules: AccessRules
  readonly #rows: readonly (UserPolicyRow & { range: AddressRange })[]
  readonly #parts: AccessParts

  /** @throws Error with a sentence when the network of a row cannot be read */
  constructor(rules: AccessRules, parts: AccessParts) {
    this.#rules = rules
    this.#rows = rules.policies.map((row) => ({ ...row, range: parseAddressRange(row.network) }))
    this.#parts = parts
  }

  policyFor(protocol: Exclude<Protocol, 'tftp'>, address: string): UserPolicy {
    const row = this.#rows.find(
      ({ protocols, range }) => protocols.includes(protocol) && rangeHolds(range, address),
    )
    return row?.policy ?? this.#rules[protocol]
  }

  /** @throws Refusal `forbidden` (address list), `unidentified`, `unauthorized` */
  async prove(caller: Caller, evidence: Evidence): Promise<Proof> {
    const { protocol, address } = caller
    if (protocol === 'tftp') throw new Refusal('forbidden', 'users have no data over TFTP')
    const list = this.#parts.lists.verdict(protocol, address)
    if (list !== undefined && !list.allowed) throw new Refusal('forbidden', list.why)
    const policy = this.policyFor(protocol, address)
    switch (policy) {
      case 'snmp':
        return { by: 'snmp', phone: await this.#askPhone(address, evidence.localAddress) }
      case 'credentials':
        await this.#checkCredentials(address, evidence)
        return { by: policy }
      case 'address-list':
        if (list === undefined)
          throw new Refusal('unidentified', `an address list decides here, and there is none for ${protocol}`)
        return { by: policy }
      case 'open':
        return { by: policy }
    }
  }

  async #askPhone(address: string, from: string): Promise<Phone> {
    try {
      return await this.#parts.directory.identify(address, from)
    } catch (error) {
      if (error instanceof Unidentified) throw new Refusal('unidentified', error.message)
      throw error
    }
  }

  async #checkCredentials(address: string, { extension, authorization }: Evidence): Promise<void> {
    if (extension === undefined)
      throw new Refusal('forbidden', 'credentials are for backups of an extension only')
    const answer = await this.#parts.credentials.verify(extension, authorization, address)
    if (answer === 'missing') throw new Refusal('unauthorized', 'no credentials came with the request')
    if (answer === 'no')
      throw new Refusal('unauthorized', `the credentials are not those of extension ${extension}`)
  }
}
