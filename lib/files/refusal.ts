/** Why we say no, and how each protocol says it. One row per reason; nobody else invents an answer. */
export const refusals = {
  notFound: { http: 404, ftp: 550, tftp: 1, text: 'file not found' },
  forbidden: { http: 403, ftp: 550, tftp: 2, text: 'not allowed' },
  badName: { http: 400, ftp: 553, tftp: 2, text: 'file name not allowed' },
  unidentified: { http: 403, ftp: 530, tftp: 2, text: 'the phone did not say who it is' },
  unauthorized: { http: 401, ftp: 530, tftp: 2, text: 'credentials needed' },
  incomplete: { http: 400, ftp: 426, tftp: 0, text: 'the upload broke off' },
  tooLarge: { http: 413, ftp: 552, tftp: 3, text: 'file too large' },
  diskFull: { http: 507, ftp: 452, tftp: 3, text: 'no space left' },
  busy: { http: 503, ftp: 421, tftp: 0, text: 'too many clients' },
  notActive: { http: 503, ftp: 450, tftp: 0, text: 'this node is on standby' },
} as const

export type RefusalReason = keyof typeof refusals

/** Understood and refused: thrown by the rules, translated by the doors. A fault (disk, network) is another error. */
export class Refusal extends Error {
  readonly reason: RefusalReason
  /** For the log and the administrator; phones get the short text of the table. */
  readonly detail: string

  constructor(reason: RefusalReason, detail: string) {
    super(`${refusals[reason].text}: ${detail}`)
    this.name = 'Refusal'
    this.reason = reason
    this.detail = detail
  }
}
