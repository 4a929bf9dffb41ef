import { parse } from 'smol-toml'
import { nearest, type Complaint } from './complaint.ts'
import { leaves, type Leaf } from './config-leaves.ts'

/** One setting given outside the file. */
export interface Override {
  source: string
  path: readonly string[]
  value: unknown
}

/** `TWINTONE_HTTP_PORTS=8080,8081`: one variable for each setting. */
export function* fromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  complaints: Complaint[],
): Iterable<Override> {
  const known = new Map(leaves().map((leaf) => [environmentName(leaf.path), leaf]))
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('TWINTONE_') || name === 'TWINTONE_CONFIG' || text === undefined) continue
    const leaf = known.get(name)
    if (leaf !== undefined) yield { source: name, path: leaf.path, value: readValue(leaf, text) }
    else
      complaints.push({
        source: name,
        setting: '',
        problem: 'no setting has this name',
        ...nearest(name, [...known.keys()]),
      })
  }
}

/** `http.ports=8080`, as often as wanted: the last one wins. */
export function* fromFlags(overrides: readonly string[], complaints: Complaint[]): Iterable<Override> {
  for (const text of overrides) {
    const [, name, value] = /^([\w.]+)=(.*)$/s.exec(text) ?? []
    const leaf = leaves().find(({ path }) => path.join('.') === name)
    if (leaf?.secret === true) complaints.push(secretOnCommandLine(leaf))
    else if (leaf !== undefined && value !== undefined)
      yield { source: '--set', path: leaf.path, value: readValue(leaf, value) }
    else
      complaints.push({
        source: '--set',
        setting: '',
        problem: `"${text}" is not setting=value with a known setting`,
        ...nearest(
          name ?? text,
          leaves().map(({ path }) => path.join('.')),
        ),
      })
  }
}

/** Everybody on the machine can read a command line: ps(1). */
const secretOnCommandLine = ({ path }: Leaf): Complaint => ({
  source: '--set',
  setting: path.join('.'),
  problem: 'is a secret, which a command line shows to every user of the machine',
  fix: `put it into the file or into ${environmentName(path)}`,
})

/** `http.headersTimeoutMs` -> `TWINTONE_HTTP_HEADERS_TIMEOUT_MS`. */
export const environmentName = (path: readonly string[]): string =>
  `TWINTONE_${path.map((part) => part.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()).join('_')}`

/** A value given as one word: text as it is; `a,b` for lists; otherwise TOML, or the word itself where it is none. */
function readValue({ kind, rowKind }: Leaf, text: string): unknown {
  if (kind === 'string') return text
  if (kind !== 'list') return tomlOr(text, text)
  const whole = text.trimStart().startsWith('[') ? tomlOr(text, undefined) : undefined
  if (Array.isArray(whole)) return whole
  if (rowKind === 'table') return [tomlOr(text, text)]
  // A row of text that looks like a number, such as the prefix 10.1 in status.allow, is text.
  return text.split(',').map((row) => (rowKind === 'string' ? row.trim() : tomlOr(row, row.trim())))
}

function tomlOr(text: string, otherwise: unknown): unknown {
  try {
    return parse(`value = ${text}`)['value']
  } catch {
    return otherwise
  }
}

/** Puts a value into the tree of the file; where the file has no table on the way, what it has stays, to be told. */
export function setLeaf(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path
  if (first === undefined) return
  if (rest.length === 0) tree[first] = value
  else {
    tree[first] ??= {}
    const branch = tree[first]
    if (typeof branch === 'object' && branch !== null) setLeaf(branch as Record<string, unknown>, rest, value)
  }
}
