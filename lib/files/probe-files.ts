/**
 * The watchdog's own files. It makes up a token for each of its runs and tells it over the control socket: only names
 * with the token of the current run are special, and nobody else can know one.
 */
export class ProbeFiles {
  readonly #address: string
  #token: string | undefined

  /** @param address the watchdog comes from: a loopback one, so that no phone can come from there */
  constructor(address = '') {
    this.#address = address
  }

  /** @returns false for what is no token */
  begin(token: string): boolean {
    if (!/^[0-9a-f]{16}$/.test(token)) return false
    this.#token = token
    return true
  }

  end(): void {
    this.#token = undefined
  }

  /** Whether that is the watchdog, which has told its token and asks for more than its own files: what must be refused. */
  isWatchdog(address: string): boolean {
    return this.#token !== undefined && address === this.#address
  }

  isCurrent(token: string): boolean {
    return token === this.#token
  }

  /** @param asked a name or path, as it was asked for */
  has(asked: string): boolean {
    if (this.#token === undefined) return false
    const [, dashed, joined] = reserved.exec(asked) ?? []
    return (dashed ?? joined) === this.#token
  }

  /** The user that the watchdog saves for, who needs no slot of session control. */
  isUser(extension: string): boolean {
    return this.#token !== undefined && extension === `watchdog${this.#token}`
  }
}

/** Check files lie in the data folders, users' files go the way of all users' files. */
const reserved = /(?:^|\/)watchdog(?:-([0-9a-f]{16})\.txt|([0-9a-f]{16})_[^/]*data[^/]*\.txt)$/

/** Whether the name is kept for some run of the watchdog, over or not. */
export const isProbeName = (name: string): boolean => reserved.test(name)
