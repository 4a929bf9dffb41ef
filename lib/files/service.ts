import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Protocol } from '../base/protocol.ts'
import type { AddressLists, ListVerdict } from './address-lists.ts'
import type { Admission } from './admission.ts'
import type { Caller } from './caller.ts'
import { kindOf, type FileKind } from './file-kind.ts'
import { parseFileName, type FileName } from './file-name.ts'
import type { NearMiss } from './near-miss.ts'
import { decideDownload, type Decision } from './policy.ts'
import { Refusal } from './refusal.ts'
import type { FileStore } from './store.ts'
import type { StoredFile } from './stored-file.ts'

export interface Granted {
  file: StoredFile
  kind: FileKind
  /** The caller was refused, and is given the `fxd_` file instead; why is in `detail`. */
  fallback: boolean
  detail?: string
}

/** What a door needs to serve a download. */
export interface Downloads {
  /**
   * Looks up what a phone asked for, by the rules of access and naming.
   * @param asked the name as decoded by the door, without the one leading slash that stands for the root
   * @throws Refusal
   */
  read(caller: Caller, asked: string): Promise<Granted>
}

export interface FileServiceParts {
  stores: Record<Protocol, FileStore>
  lists: AddressLists
  admission: Admission
  nearMiss: NearMiss
  clock: Clock
  log: Log
}

/** The one way from a door to a file: name, kind, address list, session control, disk, in this order. */
export class FileService implements Downloads {
  readonly #parts: FileServiceParts

  constructor(parts: FileServiceParts) {
    this.#parts = parts
  }

  async read(caller: Caller, asked: string): Promise<Granted> {
    const { admission, clock, log } = this.#parts
    const name = parseFileName(asked)
    const kind = kindOf(name)
    const decision = this.#decide(caller, kind, () => admission.admit(caller.address, clock.now()))
    log.debug({ ...caller, file: name, kind, ...decision }, 'download decided')
    if (decision.outcome === 'serve') return { file: await this.#open(caller, name), kind, fallback: false }
    const refusal = new Refusal(decision.reason, decision.why)
    if (decision.instead === undefined) throw refusal
    const file = await this.#openInstead(caller, decision.instead, refusal)
    return { file, kind, fallback: true, detail: decision.why }
  }

  /** What would become of that request by the rules of access, without taking a slot or looking for the file. */
  explain(caller: Caller, asked: string): { list: ListVerdict | undefined; decision: Decision } {
    const list = this.#parts.lists.verdict(caller.protocol, caller.address)
    return { list, decision: this.#decide(caller, kindOf(parseFileName(asked)), () => true) }
  }

  #decide({ protocol, address }: Caller, kind: FileKind, admitted: () => boolean): Decision {
    return decideDownload({ kind, list: this.#parts.lists.verdict(protocol, address), admitted })
  }

  async #open({ protocol }: Caller, name: FileName): Promise<StoredFile> {
    try {
      return await this.#parts.stores[protocol].open(name)
    } catch (error) {
      if (!(error instanceof Refusal) || error.reason !== 'notFound') throw error
      const hint = await this.#parts.nearMiss.hint(protocol, name)
      throw hint === undefined ? error : new Refusal('notFound', hint)
    }
  }

  /** A refused phone gets its safe minimum where there is one, and otherwise hears the refusal itself. */
  async #openInstead({ protocol }: Caller, instead: FileName, refusal: Refusal): Promise<StoredFile> {
    try {
      return await this.#parts.stores[protocol].open(instead)
    } catch (error) {
      throw error instanceof Refusal && error.reason === 'notFound' ? refusal : error
    }
  }
}
