import { isPasswordHash } from '../base/password-hash.ts'
import { printable } from '../base/printable.ts'
import { canonicalAddress } from './address.ts'

/**
 * The credentials file: a line for each phone, `extension call-server hash`, with `*` for any call server; `#` begins
 * a comment. People edit it too, so what is not about the line in question stays as it is.
 */
export interface Credential {
  extension: string
  /** Canonical, or `*`. */
  callServer: string
  hash: string
}

export const anyCallServer = '*'

export const isExtension = (text: string): boolean => /^[0-9A-Za-z]{1,64}$/.test(text)

/** As it is compared; undefined: it is neither an address nor a name nor `*`. */
export function callServerOf(text: string): string | undefined {
  return text === anyCallServer || /^[\w.:-]{1,255}$/.test(text)
    ? canonicalAddress(text.toLowerCase())
    : undefined
}

/** @throws Error that names the first damaged line; a password is never repeated */
export function parseCredentials(text: string): Credential[] {
  const lineOf = new Map<string, number>()
  return text.split('\n').flatMap((line, index) => {
    const credential = parseLine(line, index + 1)
    if (credential === undefined) return []
    const key = keyOf(credential)
    const before = lineOf.get(key)
    if (before !== undefined) throw new Error(`line ${index + 1}: ${key} stands on line ${before} already`)
    lineOf.set(key, index + 1)
    return [credential]
  })
}

/** Its line takes the place of the one for the same extension and call server, or comes last. */
export function setCredential(text: string, credential: Credential): string {
  const { extension, callServer, hash } = credential
  const fresh = `${extension} ${callServer} ${hash}`
  const lines = linesOf(text)
  const place = lines.findIndex((line, index) => {
    const known = parseLine(line, index + 1)
    return known !== undefined && keyOf(known) === keyOf(credential)
  })
  if (place === -1) lines.push(fresh)
  else lines[place] = `${fresh}${/\s+#.*$/.exec(lines[place] ?? '')?.[0].trimEnd() ?? ''}`
  return textOf(lines)
}

/** Without the lines of that extension, or only the one for that call server. */
export function removeCredential(
  text: string,
  extension: string,
  callServer: string | undefined,
): { text: string; removed: number } {
  const lines = linesOf(text)
  const kept = lines.filter((line, index) => {
    const known = parseLine(line, index + 1)
    const isMeant = callServer === undefined || known?.callServer === callServer
    return known?.extension !== extension || !isMeant
  })
  return { text: textOf(kept), removed: lines.length - kept.length }
}

export const keyOf = ({ extension, callServer }: Pick<Credential, 'extension' | 'callServer'>): string =>
  `${extension} ${callServer}`

const linesOf = (text: string) =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .slice(text === '' ? 1 : 0)
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

function parseLine(line: string, number: number): Credential | undefined {
  const words = line.replace(/(?:^|\s)#.*$/s, '').trim()
  if (words === '') return undefined
  const [extension = '', server = '', hash = '', ...more] = words.split(/\s+/)
  const problem = (what: string) => new Error(`line ${number}: ${what}`)
  if (!isExtension(extension)) throw problem(`"${printable(extension, 80)}" is no extension`)
  const callServer = callServerOf(server)
  if (callServer === undefined) throw problem(`"${printable(server, 80)}" is no call server, nor is it *`)
  if (!isPasswordHash(hash) || more.length > 0)
    throw problem(
      `what stands behind ${extension} and its call server is no hash; write it with \`twintone credentials set ${extension}\``,
    )
  return { extension, callServer, hash }
}
