/** Who a phone proved to be, by its own SNMP answers. */
export interface Phone {
  /** `46xx`, `96x0`, ... (families.ts) */
  family: string
  /** Empty where the phone does not tell it. */
  model: string
  /** Who is logged in: `[0-9A-Za-z]`, never empty. */
  extension: string
  /** Twelve lower-case hex digits. */
  mac?: string
  serial?: string
  version?: string
}

/** The phone at an address could not be identified; the message says why and what to do. */
export class Unidentified extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(why, options)
    this.name = 'Unidentified'
  }
}

/** Asks the phone at an address who is logged in there. */
export interface PhoneDirectory {
  /**
   * @param from local address the phone came to; questions leave from it unless the settings name another
   * @throws Unidentified
   */
  identify(address: string, from: string): Promise<Phone>
}
