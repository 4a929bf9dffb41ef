import { messageOf } from '../base/message-of.ts'
import type { TftpQuirk } from '../base/settings/downloads.ts'
import { parseAddressRange, rangeHolds, type AddressRange } from '../phones/address.ts'
import type { OptionLimits, OptionName } from './options.ts'

interface Row {
  range: AddressRange | undefined
  model: string | undefined
  refuse: readonly OptionName[]
  maxBlockSize: number
}

/** Which options a phone is granted: the settings' limits, narrowed by every row that fits its address and model. */
export class Quirks {
  readonly #rows: readonly Row[]

  /** @throws Error with a sentence, if a row's network cannot be read */
  constructor(rows: readonly TftpQuirk[]) {
    this.#rows = rows.map(({ network, model, refuse, maxBlockSize = Infinity }, index) => ({
      range: network === undefined ? undefined : readNetwork(network, index),
      model: model?.toLowerCase(),
      refuse,
      maxBlockSize,
    }))
  }

  /** @param model as far as it is known */
  limitsFor(
    phone: { address: string; model: string | undefined },
    limits: Omit<OptionLimits, 'refuse'>,
  ): OptionLimits {
    const model = phone.model?.toLowerCase()
    const rows = this.#rows.filter(
      (row) =>
        (row.model === undefined || row.model === model) &&
        (row.range === undefined || rangeHolds(row.range, phone.address)),
    )
    return {
      maxWindowSize: limits.maxWindowSize,
      maxBlockSize: Math.min(limits.maxBlockSize, ...rows.map(({ maxBlockSize }) => maxBlockSize)),
      refuse: new Set(rows.flatMap(({ refuse }) => refuse)),
    }
  }
}

function readNetwork(network: string, index: number): AddressRange {
  try {
    return parseAddressRange(network)
  } catch (cause) {
    throw new Error(`tftp.quirks: row ${index + 1}, network ${messageOf(cause)}`, { cause })
  }
}
