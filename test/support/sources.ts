import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

const project = new URL('../../', import.meta.url).pathname

export interface Import {
  /** `lib/base/clock.ts` for our own files, otherwise the name of the module. */
  target: string
  /** Left out when the program runs. */
  typeOnly: boolean
}

export interface Source {
  /** From the project's folder: `lib/base/clock.ts`. */
  path: string
  /** Its text without comments and strings. */
  code: string
  imports: readonly Import[]
}

/** Every TypeScript file below the folders; those that do not exist yet are empty. */
export function readSources(folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    filesBelow(folder).map((path) => {
      const text = readFileSync(posix.join(project, path), 'utf8')
      return { path, code: codeOf(text), imports: importsOf(path, text) }
    }),
  )
}

/** What a file imports: `import`, `export ... from` and `import()`, of types too. */
export function importsOf(path: string, text: string): Import[] {
  const statements = /^(?:import|export)\s+(?:(type\s)?[\w*{][^'"`=()]*?\sfrom\s+)?(['"])([^'"]+)\2/gm
  const calls = /\bimport\(\s*(['"])([^'"]+)\1/g
  const own = (target: string) => (target.startsWith('.') ? posix.join(posix.dirname(path), target) : target)
  return [
    ...[...text.matchAll(statements)].map(([, type, , target = '']) => ({
      target: own(target),
      typeOnly: type !== undefined,
    })),
    ...[...text.matchAll(calls)].map(([, , target = '']) => ({ target: own(target), typeOnly: false })),
  ]
}

/** Good enough for looking for words: templates stay, because code may stand in them. */
export function codeOf(text: string): string {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g
  return text.replaceAll(tokens, (token) => (token.startsWith('`') ? token : ' '))
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(posix.join(project, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules/'))
      .map((name) => posix.join(folder, name))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
