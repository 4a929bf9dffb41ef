import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { PhoneTraits } from '../base/phone-traits.ts'
import type { Protocol } from '../base/protocol.ts'
import type { AddressLists } from './address-lists.ts'
import type { Admission } from './admission.ts'
import type { Caller } from './caller.ts'
import { kindOf, type FileKind } from './file-kind.ts'
import { parseFileName, type FileName } from './file-name.ts'
import type { NearMiss } from './near-miss.ts'
import { allSlotsTaken, decideDownload, type Decision } from './policy.ts'
import type { ProbeFiles } from './probe-files.ts'
import { Refusal } from './refusal.ts'
import type { FileStore } from './store.ts'
import type { StoredFile } from './stored-file.ts'
import type { Upload } from './upload.ts'

export interface Granted {
  file: StoredFile
  kind: FileKind
  /** The caller was refused, and is given the `fxd_` file instead; why is in `detail`. */
  fallback: boolean
  detail?: string
}

/** What a phone presents beside the name: proof and hints. */
export interface Presented {
  /** The header as it came: a secret, for no log and no error. */
  authorization?: string
  phone?: PhoneTraits
  /** Local address that was asked. */
  localAddress?: string
  encrypted?: boolean
}

/** What a door needs to serve a download. */
export interface Downloads {
  /**
   * Looks up what a phone asked for, by the rules of access and naming.
   * @param asked the name as decoded by the door, without the one leading slash that stands for the root
   * @throws Refusal
   */
  read(caller: Caller, asked: string, presented?: Presented): Promise<Granted>
}

/** What a door needs to take a file from a phone, or to take one away. Names as for `Downloads`. */
export interface Uploads {
  /**
   * @param bytes how long the file will be
   * @throws Refusal `forbidden` for a name that is no user's file here, `unauthorized`, `unidentified`, `tooLarge`
   */
  save(caller: Caller, asked: string, presented: Presented, bytes: number): Promise<Upload>
  /** Moves the file to the bin. @throws Refusal */
  remove(caller: Caller, asked: string, presented: Presented): Promise<void>
}

/** Users' files, which lib/users knows: which names mean one, and who may touch it. */
export interface UserFiles {
  /** Whether the name is that of a user's file, wherever it is asked for. */
  owns(name: FileName): boolean
  /** These throw a Refusal. */
  read(caller: Caller, name: FileName, presented: Presented): Promise<StoredFile>
  save(caller: Caller, name: FileName, presented: Presented, bytes: number): Promise<Upload>
  remove(caller: Caller, name: FileName, presented: Presented): Promise<void>
}

export interface FileServiceParts {
  stores: Record<Protocol, FileStore>
  lists: AddressLists
  admission: Admission
  nearMiss: NearMiss
  users: UserFiles
  probes: ProbeFiles
  clock: Clock
  log: Log
}

/**
 * The one way from a door to a file: name, kind, address list, session control, disk, in this order; users' files take
 * a way of their own, with a proof of who asks in it.
 */
export class FileService implements Downloads, Uploads {
  readonly #parts: FileServiceParts

  constructor(parts: FileServiceParts) {
    this.#parts = parts
  }

  async read(caller: Caller, asked: string, presented: Presented = {}): Promise<Granted> {
    const { log, users } = this.#parts
    const name = parseFileName(asked)
    if (users.owns(name)) {
      this.#admit(caller, name)
      return { file: await users.read(caller, name, presented), kind: 'backup', fallback: false }
    }
    const kind = kindOf(name)
    const decision = this.#decide(caller, kind, () => this.#admits(caller, name))
    log.debug({ ...caller, file: name, kind, ...decision }, 'download decided')
    if (decision.outcome === 'serve') return { file: await this.#open(caller, name), kind, fallback: false }
    const refusal = new Refusal(decision.reason, decision.why)
    if (decision.instead === undefined) throw refusal
    const file = await this.#openInstead(caller, decision.instead, refusal)
    return { file, kind, fallback: true, detail: decision.why }
  }

  async save(caller: Caller, asked: string, presented: Presented, bytes: number): Promise<Upload> {
    return this.#parts.users.save(caller, this.#usersName(caller, asked), presented, bytes)
  }

  async remove(caller: Caller, asked: string, presented: Presented): Promise<void> {
    await this.#parts.users.remove(caller, this.#usersName(caller, asked), presented)
  }

  /** @throws Refusal for what phones may not write to */
  #usersName(caller: Caller, asked: string): FileName {
    const name = parseFileName(asked)
    if (!this.#parts.users.owns(name)) throw new Refusal('forbidden', `${name} is no user's file`)
    this.#admit(caller, name)
    return name
  }

  #admit(caller: Caller, name: FileName): void {
    if (!this.#admits(caller, name)) throw new Refusal('busy', allSlotsTaken)
  }

  /** The watchdog asks whether phones are served: it takes no phone's place. */
  #admits({ address }: Caller, name: FileName): boolean {
    const { admission, clock, probes } = this.#parts
    return probes.isWatchdog(address) || probes.has(name) || admission.admit(address, clock.now())
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
