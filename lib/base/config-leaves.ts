import { z } from 'zod'
import { configSchema } from './config.ts'
import { allowedWords, type JsonSchema } from './config-words.ts'

type Kind = 'string' | 'number' | 'boolean' | 'list' | 'table'

/** What one setting is, read off the schema: for the environment, the reference page and the example file. */
export interface Leaf {
  path: readonly string[]
  kind: Kind
  /** Of the rows of a list. */
  rowKind: Kind | undefined
  default: unknown
  /** One sentence. */
  description: string
  /** `"a" or "b"`, `a whole number from 1 to 65535`: for people. */
  allowed: string
  /** Never shown, and not taken from a command line. */
  secret: boolean
}

let cached: { schema: JsonSchema; leaves: readonly Leaf[] } | undefined

function known() {
  if (cached === undefined) {
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
    cached = { schema, leaves: collect(schema, []) }
  }
  return cached
}

/** All settings, in the order of the schema. */
export const leaves = (): readonly Leaf[] => known().leaves

/** The names of all settings, of the tables around them and of what stands in their rows. */
export const knownNames = (): string[] => namesIn(known().schema, [])

/** What is allowed at a place: `['http', 'ports', 0]` is the first row of a list. */
export const allowedAt = (path: readonly PropertyKey[]): string => allowedWords(schemaAt(path))

/** Whether what is given there must not be repeated. */
export const isSecretAt = (path: readonly PropertyKey[]): boolean => schemaAt(path).secret === true

const schemaAt = (path: readonly PropertyKey[]): JsonSchema => path.reduce(schemaBelow, known().schema)

function schemaBelow({ items, properties, additionalProperties }: JsonSchema, part: PropertyKey): JsonSchema {
  if (typeof part === 'number') return items ?? {}
  return properties?.[String(part)] ?? (typeof additionalProperties === 'object' ? additionalProperties : {})
}

function collect(schema: JsonSchema, path: readonly string[]): Leaf[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, below]) => {
    const here = [...path, key]
    if (below.properties !== undefined) return collect(below, here)
    const leaf = {
      path: here,
      kind: kindOf(below),
      rowKind: below.items === undefined ? undefined : kindOf(below.items),
      default: below.default,
      description: below.description ?? '',
      allowed: allowedWords(below),
      secret: below.secret === true,
    }
    return [leaf]
  })
}

function namesIn(schema: JsonSchema, path: readonly string[]): string[] {
  const properties = schema.items?.properties ?? schema.properties ?? {}
  return Object.entries(properties).flatMap(([key, below]) => {
    const here = [...path, key]
    return [here.join('.'), ...namesIn(below, here)]
  })
}

function kindOf({ type }: JsonSchema): Kind {
  if (type === 'array') return 'list'
  if (type === 'object') return 'table'
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'boolean' ? 'boolean' : 'string'
}
