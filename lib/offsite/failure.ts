/** What a failure to send a file is about, and so what goes on. */
export type FailureScope =
  /** This file: the others are sent all the same. */
  | 'file'
  /** The server or the way to it: later. */
  | 'server'
  /** Waiting mends nothing: a person must. */
  | 'settings'

/** Something the other server did or said that kept a file from being copied. Its text has no secret in it. */
export class CopyFailure extends Error {
  readonly scope: FailureScope

  constructor(scope: FailureScope, text: string) {
    super(text)
    this.name = 'CopyFailure'
    this.scope = scope
  }
}

/** Where in a session a reply came. */
export type Stage = 'greeting' | 'encryption' | 'login' | 'file'

/**
 * What a reply code of 400 and more is about (RFC 959, 4.2). 421 and 425 to 426 tell of connections, 452 of a full
 * disk, on which other files have no room either; 530 and 532 of an account, that may change between two files.
 */
export function scopeOfReply(code: number, stage: Stage): FailureScope {
  const isTransient = code < 500 && code !== 430
  if (stage !== 'file') return isTransient || stage === 'greeting' ? 'server' : 'settings'
  if (code === 530 || code === 532) return 'settings'
  return [421, 425, 426, 452].includes(code) ? 'server' : 'file'
}
