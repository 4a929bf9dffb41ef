import { lstatSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { Alarms } from '../base/alarms.ts'
import { messageOf } from '../base/message-of.ts'
import { protocols, type Protocol } from '../base/protocol.ts'
import { parseAddressList, type AddressList } from '../phones/address-list.ts'
import { sameIdentity, type Identity } from './hot-files.ts'
import { ListCopies } from './list-copies.ts'
import { listNames, rootNames } from './roots.ts'

export interface ListVerdict {
  allowed: boolean
  /** Below the data folder: `HTTPdata/HTTP_allow_IP.txt`. */
  list: string
  /** The deciding line; undefined when no line holds the address. */
  line: number | undefined
  why: string
}

/** One list file as last seen, and what is in force because of it. */
interface Watched {
  /** Undefined when it is gone or could not be read: then it is tried again on every request. */
  identity: Identity | undefined
  list: AddressList
}

/**
 * The address lists in the data folders. An edit counts from the next request on. A list that is damaged, or that
 * vanishes, leaves the last good one in force and raises an alarm, over a restart too. A damaged list of which no
 * good one is known lets nobody in. Taking a list away for good is said with `reload`.
 */
export class AddressLists {
  readonly #dataFolder: string
  readonly #alarms: Alarms
  readonly #copies: ListCopies
  readonly #watched = new Map<string, Watched>()

  constructor(dataFolder: string, { alarms }: { alarms: Alarms }) {
    this.#dataFolder = dataFolder
    this.#alarms = alarms
    this.#copies = new ListCopies(dataFolder)
    for (const path of everyList) this.#begin(path)
    this.#checkSpelling()
  }

  /** What the list of that door says of an address; undefined: there is no list, which means open to all. */
  verdict(protocol: Protocol, address: string): ListVerdict | undefined {
    for (const path of listPaths(protocol)) {
      const list = this.#current(path)
      if (list === undefined) continue
      const decides = list.lineFor(address)
      if (decides !== undefined)
        return {
          allowed: true,
          list: path,
          line: decides.line,
          why: `line ${decides.line} of ${path}: ${decides.text}`,
        }
      return { allowed: false, list: path, line: undefined, why: `no line of ${path} holds ${address}` }
    }
    return undefined
  }

  /** Reads all lists afresh; one that is no longer there is no longer in force. */
  reload(): void {
    for (const path of everyList) {
      const watched = this.#watched.get(path)
      if (watched !== undefined) this.#watched.set(path, { ...watched, identity: undefined })
      if (this.#isThere(path)) this.#current(path)
      else this.#forget(path)
    }
    this.#checkSpelling()
  }

  /** A list that vanished while we were not running has not been taken away by `reload`. */
  #begin(path: string): void {
    const copy = this.#isThere(path) ? undefined : this.#copies.read(path)
    if (copy !== undefined) this.#watched.set(path, { identity: undefined, list: copy })
    this.#current(path)
  }

  #current(path: string): AddressList | undefined {
    const watched = this.#watched.get(path)
    let identity: Identity | undefined
    try {
      const stats = lookAt(join(this.#dataFolder, path))
      if (stats === undefined) return this.#vanished(path, watched)
      if (watched?.identity !== undefined && sameIdentity(watched.identity, stats)) return watched.list
      const text = readRegular(join(this.#dataFolder, path), stats)
      identity = stats // was read: if it cannot be understood, only an edit will help
      const list = parseAddressList(text)
      this.#copies.keep(path, text)
      this.#alarms.clear(subject(path))
      this.#watched.set(path, { identity, list })
      return list
    } catch (error) {
      const list = watched?.list ?? this.#copies.read(path) ?? nobody
      this.#watched.set(path, { identity, list })
      const stays = list === nobody ? 'nobody is let in' : 'the last good list stays in force'
      this.#alarms.raise(subject(path), `${path} cannot be used, so ${stays}: ${messageOf(error)}`)
      return list
    }
  }

  #vanished(path: string, watched: Watched | undefined): AddressList | undefined {
    if (watched === undefined) return undefined
    this.#watched.set(path, { ...watched, identity: undefined })
    this.#alarms.raise(
      subject(path),
      `${path} is gone; the list read last stays in force until \`twintone reload\``,
    )
    return watched.list
  }

  #isThere(path: string): boolean {
    try {
      return lstatSync(join(this.#dataFolder, path), { throwIfNoEntry: false }) !== undefined
    } catch {
      return true
    }
  }

  #forget(path: string): void {
    this.#watched.delete(path)
    this.#copies.drop(path)
    this.#alarms.clear(subject(path))
  }

  /** Windows takes any spelling; here a list in another one would be no list, which means open to all. */
  #checkSpelling(): void {
    for (const protocol of protocols) {
      const folder = rootNames[protocol]
      const wrong = misspelled(join(this.#dataFolder, folder), listNames(protocol))
      if (wrong.length === 0) this.#alarms.clear(`names in ${folder}`)
      else {
        const names = listNames(protocol).join(' or ')
        this.#alarms.raise(`names in ${folder}`, `${wrong.join(', ')} is not read: write it ${names}`)
      }
    }
  }
}

const listPaths = (protocol: Protocol): readonly string[] =>
  listNames(protocol).map((name) => join(rootNames[protocol], name))

const everyList = protocols.flatMap(listPaths)

const nobody = parseAddressList('')

const subject = (path: string) => `address list ${path}`

/** @returns undefined when nothing has that name; a link that leads nowhere is something: it throws */
function lookAt(path: string): Stats | undefined {
  const entry = lstatSync(path, { throwIfNoEntry: false })
  return entry?.isSymbolicLink() === true ? statSync(path) : entry
}

function readRegular(path: string, stats: Stats): string {
  if (!stats.isFile()) throw new Error('it is not a regular file') // reading a FIFO would never end
  return readFileSync(path, 'utf8')
}

function misspelled(folder: string, names: readonly string[]): string[] {
  const lower = new Set(names.map((name) => name.toLowerCase()))
  try {
    return readdirSync(folder).filter((name) => lower.has(name.toLowerCase()) && !names.includes(name))
  } catch {
    return [] // nothing to read, nothing to serve
  }
}
