import { posix } from 'node:path'
import { carried, dropped } from '../../lib/base/import/verdict.ts'
import { rootNames } from '../../lib/files/roots.ts'
import { isLinuxPath, whyNoPath, type Lookup, type Rule } from './rules.ts'

/**
 * The old product had a path for each data folder, ours one folder that holds them all by the product's names.
 * Those named so below one parent are carried as that parent; the others are told of.
 */
export const dataFolder =
  (protocol: keyof typeof rootNames): Rule =>
  (value, lookup) => {
    const name = rootNames[protocol]
    if (!isLinuxPath(value)) return dropped(whyNoPath(value))
    const { base, dir } = split(value)
    if (base !== name)
      return dropped(`here the folder must be called ${name}; move its files to ${name} in data.folder`)
    const parents = parentsOf(lookup)
    if (parents.length > 1)
      return dropped(
        `the data folders do not share a parent (${parents.join(', ')}); bring them together and set data.folder`,
      )
    return carried({ 'data.folder': dir })
  }

const dirs = [
  { section: 'FTP', key: 'FTPDir', name: rootNames.ftp },
  { section: 'TFTP', key: 'TFTPDir', name: rootNames.tftp },
  { section: 'HTTP', key: 'HTTPDir', name: rootNames.http },
  { section: 'HTTPS', key: 'HTTPSDir', name: rootNames.https },
]

/** Where the folders with the right names lie. */
function parentsOf(lookup: Lookup): string[] {
  const parents = dirs.flatMap(({ section, key, name }) => {
    const { base, dir } = split(lookup(section, key) ?? '')
    return base === name ? [dir] : []
  })
  return [...new Set(parents)]
}

const split = (path: string) => posix.parse(posix.normalize(path.trim()))
