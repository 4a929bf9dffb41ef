import { printable } from './printable.ts'

/** The part of JSON Schema that zod writes for our settings. */
export interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  minItems?: number
  additionalProperties?: JsonSchema | boolean
  enum?: unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  default?: unknown
  description?: string
  /** Our own words, where the rest cannot say it. */
  allowed?: string
  /** Never shown. */
  secret?: boolean
}

/** What a setting may be, for the reference page and for complaints: `a whole number from 1 to 65535`. */
export function allowedWords(schema: JsonSchema): string {
  const { allowed, enum: values, type } = schema
  if (allowed !== undefined) return allowed
  if (values !== undefined) return oneOf(values.map((value) => JSON.stringify(value)))
  if (type === 'array') return listWords(schema)
  if (type === 'object') return tableWords(schema)
  if (type === 'boolean') return 'true or false'
  if (type === 'integer') return rangeWords('a whole number', schema)
  if (type === 'number') return rangeWords('a number', schema)
  return textWords(schema)
}

/** A value as a complaint quotes it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${printable(value, 60)}"`
  if (typeof value === 'number') return String(value)
  return value instanceof Date ? value.toISOString() : printable(JSON.stringify(value), 60)
}

const oneOf = (words: readonly string[]) =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

const listWords = ({ items = {}, minItems = 0 }: JsonSchema) =>
  `a list of ${minItems === 0 ? '' : 'at least one: '}${allowedWords(items)}`

function tableWords({ properties, additionalProperties }: JsonSchema): string {
  if (properties !== undefined) return `a table of ${Object.keys(properties).join(', ')}`
  return typeof additionalProperties === 'object'
    ? `a table of ${allowedWords(additionalProperties)}`
    : 'a table'
}

function rangeWords(noun: string, { minimum = -Infinity, maximum = Infinity }: JsonSchema): string {
  const unbounded = maximum >= Number.MAX_SAFE_INTEGER
  if (minimum <= Number.MIN_SAFE_INTEGER) return unbounded ? noun : `${noun} up to ${maximum}`
  return unbounded ? `${noun} of at least ${minimum}` : `${noun} from ${minimum} to ${maximum}`
}

function textWords({ minLength = 0, maxLength }: JsonSchema): string {
  if (maxLength !== undefined) return `text of at most ${maxLength} characters`
  return minLength === 0 ? 'text' : 'text that is not empty'
}
