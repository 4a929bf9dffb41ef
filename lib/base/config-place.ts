import { parse, TomlError, type TomlTable } from 'smol-toml'

/**
 * The line where a setting, or the nearest table around it, stands in a file that parses; rows of a list are named
 * by their number, from 0. A setting that is not in the file has no line.
 */
export function lineOf(text: string, path: readonly string[]): number | undefined {
  const rowsOf = new Map<string, number>()
  let table: readonly string[] = []
  let depth = 0
  let found: number | undefined
  for (const { line, header, tree } of statements(text)) {
    if (header) table = tableOf(tree, rowsOf)
    if (!table.every((part, position) => part === path[position])) continue
    const inside = header ? 0 : depthIn(tree, path.slice(table.length))
    if (!header && inside === 0) continue
    if (table.length + inside > depth) {
      depth = table.length + inside
      found = line
    }
  }
  return found
}

interface Statement {
  line: number
  /** `[table]` or `[[table]]`, not `key = value`. */
  header: boolean
  tree: TomlTable
}

/** What a value of several lines can end with. */
const closing = /[\]}]|"""|'''/

/** The parser tells no places, but it tells where a statement ends: where the lines since its first one parse. */
function* statements(text: string): Iterable<Statement> {
  let line = 1
  let statement = ''
  for (const [index, next] of text.split('\n').entries()) {
    const first = statement === ''
    statement += `${next}\n`
    if (!first && !closing.test(next)) continue
    const tree = parsed(statement)
    if (tree === undefined) continue
    yield { line, header: statement.trimStart().startsWith('['), tree }
    line = index + 2
    statement = ''
  }
}

function parsed(statement: string): TomlTable | undefined {
  try {
    return parse(statement)
  } catch (cause) {
    if (cause instanceof TomlError) return undefined
    throw cause
  }
}

/** The path of a header, with the number of the row for each list of tables it goes through. */
function tableOf(header: TomlTable, rowsOf: Map<string, number>): string[] {
  const path: string[] = []
  let below: unknown = header
  while (isTable(below) && Object.keys(below).length > 0) {
    const [key = ''] = Object.keys(below)
    below = below[key]
    path.push(key)
    const list = path.join('.')
    if (Array.isArray(below)) rowsOf.set(list, (rowsOf.get(list) ?? -1) + 1)
    const row = rowsOf.get(list)
    if (row !== undefined) path.push(String(row))
  }
  return path
}

/** How many parts of the path lead into the value of `key = value`. */
function depthIn(value: unknown, [first, ...rest]: readonly string[]): number {
  if (first === undefined || !(isTable(value) || Array.isArray(value)) || !Object.hasOwn(value, first))
    return 0
  return 1 + depthIn((value as Record<string, unknown>)[first], rest)
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
