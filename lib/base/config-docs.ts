import { stringify } from 'smol-toml'
import { environmentName } from './config-overrides.ts'
import { leaves, type Leaf } from './config-leaves.ts'

/** Settings chosen for a first file: `http.ports` -> value. */
export type Choices = Readonly<Record<string, unknown>>

/**
 * A commented configuration file: every setting with its sentence, at its default behind a `#`; those in `choices`
 * with their value. Tables come in the order of the schema.
 */
export function exampleToml(choices: Choices = {}): string {
  const lines = ['# Twintone settings. A line behind # shows the default; take the # away to change it.']
  let table = ''
  for (const leaf of leaves()) {
    const [section = '', key = ''] = leaf.path
    if (section !== table) lines.push('', `[${section}]`)
    table = section
    const chosen = choices[leaf.path.join('.')]
    lines.push(
      `# ${leaf.description}`,
      chosen === undefined ? `# ${assignment(key, leaf.default)}` : assignment(key, chosen),
    )
  }
  return `${lines.join('\n')}\n`
}

/** Only what was chosen, in the order of the schema: for a settings file that is there already. */
export function chosenToml(choices: Choices): string {
  const chosen = leaves().filter(({ path }) => choices[path.join('.')] !== undefined)
  const sections = Map.groupBy(chosen, ({ path }) => path[0] ?? '')
  return [...sections]
    .map(([section, rows]) => {
      const lines = rows.map(({ path }) => assignment(path[1] ?? '', choices[path.join('.')]))
      return `[${section}]\n${lines.join('\n')}\n`
    })
    .join('\n')
}

/** Lists and tables are written in one line, so that a `#` comments all of it. */
const assignment = (key: string, value: unknown) => `${key} = ${inline(value)}`

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, below]) => `${JSON.stringify(key)} = ${inline(below)}`)
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
  }
  return stringify({ value }).trim().slice('value = '.length)
}

/** The reference page, Markdown: one table for each section of the file. */
export function referencePage(): string {
  const sections = Map.groupBy(leaves(), (leaf) => leaf.path[0] ?? '')
  return [
    '# Settings',
    '',
    'Made by `make docs` from `lib/base/config.ts`; edit there.',
    '',
    'A setting is looked for on the command line (`--set http.ports=8080`), then in the environment (the name in the last column), then in the file, then at its default. `twintone check` says what is wrong with a file, all at once.',
    ...[...sections].flatMap(([section, rows]) => [
      '',
      `## [${section}]`,
      '',
      '| setting | default | allowed | meaning | environment |',
      '|---|---|---|---|---|',
      ...rows.map(row),
    ]),
    '',
  ].join('\n')
}

const row = (leaf: Leaf) =>
  `| ${[`\`${leaf.path.slice(1).join('.')}\``, `\`${inline(leaf.default)}\``, cell(leaf.allowed), cell(leaf.description), `\`${environmentName(leaf.path)}\``].join(' | ')} |`

const cell = (text: string) => text.replaceAll('|', '\\|')
