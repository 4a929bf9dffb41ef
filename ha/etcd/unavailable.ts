/** No member gave an answer that counts. What was asked may have been done all the same. */
export class EtcdUnavailable extends Error {
  /** Per endpoint, why. */
  readonly causes: ReadonlyMap<string, string>

  constructor(causes: ReadonlyMap<string, string>) {
    const each = Array.from(causes, ([endpoint, why]) => `${endpoint}: ${why}`)
    super(`etcd gave no answer (${each.join('; ')})`)
    this.name = 'EtcdUnavailable'
    this.causes = new Map(causes)
  }
}

/** The lease that a put names has expired or was revoked. Nothing was put. */
export class LeaseGone extends Error {
  constructor() {
    super('the lease has expired or was revoked; grant a new one')
    this.name = 'LeaseGone'
  }
}

export const noAnswer = (limitMs: number): string => `no answer within ${Math.round(limitMs)} ms`
