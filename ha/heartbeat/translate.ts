import { accepted } from '../../lib/base/import/accepted.ts'
import type { FileReport, Item } from '../../lib/base/import/report.ts'
import { translateAuthkeys } from './authkeys.ts'
import { parseDirectives } from './directives.ts'
import { failsBack, nodesOf, translateHaCf } from './ha-cf.ts'
import { translateResources } from './haresources.ts'

/** The files of the pair of 2007, as texts; their names are for the report. */
export interface OldPair {
  haCf: OldFile
  haresources: OldFile
  authkeys?: OldFile
  /** Addresses of the nodes, by name. */
  addresses: ReadonlyMap<string, string>
}

export interface OldFile {
  file: string
  text: string
}

export interface TranslatedPair {
  reports: FileReport[]
  /** Ours, by dotted name. */
  settings: Readonly<Record<string, unknown>>
  nodes: readonly string[]
  /** Of directives and resources: none means it is another file. */
  known: { haCf: number; haresources: number }
}

/** What the old pair's settings become. What our schema would not take is reported, not carried. */
export function translatePair({ haCf, haresources, authkeys, addresses }: OldPair): TranslatedPair {
  const directives = parseDirectives(haCf.text)
  const nodes = nodesOf(directives)
  const cf = translateHaCf(directives, { addresses })
  const resources = translateResources(parseDirectives(haresources.text), {
    nodes,
    failsBack: failsBack(directives),
  })
  const reports = [report(haCf, cf.items), report(haresources, resources)]
  if (authkeys !== undefined) reports.push(report(authkeys, translateAuthkeys(authkeys.text)))
  const settings = Object.assign({}, ...reports.flatMap(({ items }) => items.map((item) => item.settings)))
  return { reports, settings, nodes, known: { haCf: cf.known, haresources: resources.length } }
}

const report = ({ file }: OldFile, items: readonly Item[]): FileReport => ({
  file,
  items: items.map((item) => ({ ...item, ...accepted(item) })),
  problems: [],
})
