/** What a store that is one of two asks before it changes anything. */
export interface WriteGate {
  /** @throws Refusal `notActive` when nothing new shall begin here */
  mayBegin(): void
  /** @throws Refusal `notActive` when nothing may change here, or be acknowledged */
  mayWrite(): void
  /** Resolves once everything up to that record may be acknowledged. @throws Refusal when it may not */
  replicate(seq: number): Promise<void>
}
