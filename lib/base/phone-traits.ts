/** What a phone told of itself. */
export interface PhoneTraits {
  /** Twelve lower-case hex digits. */
  mac?: string
  vendor?: string
  model?: string
  version?: string
}
