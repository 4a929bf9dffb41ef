import { kindOf } from '../../lib/files/file-kind.ts'
import { parseFileName, type FileName } from '../../lib/files/file-name.ts'
import { isProbeName } from '../../lib/files/probe-files.ts'
import { Refusal } from '../../lib/files/refusal.ts'

/**
 * What belongs to both nodes, by names that mean the same on each: a tag, and below a folder's tag the name there.
 * Where a tag lies on this node is for `Places` to know.
 */
export type MirrorPath = string & { readonly madeBy: 'parseMirrorPath' }

/** `FTPdata` holds what phones save, which goes its own way to the other node: only its lists are ours. */
const folders = {
  HTTPdata: (name) => isServed(name) || isList(name, 'http'),
  HTTPSdata: (name) => isServed(name) || isList(name, 'https'),
  TFTPdata: (name) => isServed(name) || isList(name, 'tftp'),
  FTPdata: (name) => /^(?:FTP_)?allow_IP\.txt$/.test(name),
  certs: (name) => /^[^/]+\.(?:pem|crt|key)$/.test(name),
} satisfies Record<string, (name: FileName) => boolean>

const files = ['certificate', 'key', 'clientCa', 'credentials'] as const

export type FolderTag = keyof typeof folders
export type FileTag = (typeof files)[number]
export type Tag = FolderTag | FileTag

export const isKeyMaterial = (path: MirrorPath): boolean =>
  ['certs', 'certificate', 'key', 'clientCa'].includes(tagOf(path))

/** What must not stand there in another version: a certificate is of no use without its key, and no door opens then. */
export function companionsOf(path: MirrorPath): MirrorPath[] {
  if (path === 'certificate' || path === 'key') return companions(path, ['certificate', 'key'])
  if (tagOf(path) !== 'certs') return []
  const stem = path.replace(/\.[^.]+$/, '')
  return companions(path, [`${stem}.pem`, `${stem}.crt`, `${stem}.key`])
}

const companions = (path: MirrorPath, all: string[]) => all.filter((each) => each !== path) as MirrorPath[]

/** Phones fetch what lies there. */
export const isServedTag = (path: MirrorPath): boolean => /^(?:HTTP|HTTPS|TFTP)data\//.test(path)

export const isAddressList = (path: MirrorPath): boolean => /\/(?:[a-z]+_)?allow_ip\.txt$/i.test(path)

export const isFolderTag = (tag: string): tag is FolderTag => Object.hasOwn(folders, tag)

export const tagOf = (path: string): string => path.slice(0, slashIn(path))

/** Below the tag; undefined: the tag is the file. */
export const nameIn = (path: MirrorPath): FileName | undefined =>
  path.includes('/') ? (path.slice(slashIn(path) + 1) as FileName) : undefined

const slashIn = (path: string) => (path.includes('/') ? path.indexOf('/') : path.length)

/**
 * A path as the other node, or a person, gives it.
 * @throws Refusal `badName` for what does not belong to both nodes
 */
export function parseMirrorPath(text: string): MirrorPath {
  const tag = tagOf(text)
  if ((files as readonly string[]).includes(text)) return text as MirrorPath
  if (!isFolderTag(tag) || tag === text) throw new Refusal('badName', `${tag} is no place of both nodes`)
  const asked = text.slice(tag.length + 1)
  const name = parseFileName(asked)
  if (name !== asked) throw new Refusal('badName', 'a name that is not in its composed form')
  if (!folders[tag](name)) throw new Refusal('badName', `not a file that ${tag} has on both nodes`)
  return text as MirrorPath
}

/** Leftovers of editors and uploads are in no manifest, since no phone gets them. */
const isServed = (name: FileName) => kindOf(name) !== 'forbidden' && !isProbeName(name)

/** In any spelling: a misspelled list is told of on both nodes alike. */
const isList = (name: string, protocol: string): boolean =>
  new RegExp(`^(?:${protocol}_)?allow_ip\\.txt$`, 'i').test(name)

/** Whether a path is one of these, or lies below one that ends with a slash. */
export function anyOf(paths: readonly string[]): (path: string) => boolean {
  const known = new Set(paths)
  return (path) => {
    if (known.has(path)) return true
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (known.has(path.slice(0, at + 1))) return true
    return false
  }
}
