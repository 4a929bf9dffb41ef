/** Paths as a client writes them, to whole paths of its view: `/` is the top, no `.` or `..`, no slash at the end. */

/**
 * A folder somebody wants to be in or to see. `..` goes up and stays at the top, as in any FTP server; a backslash is
 * a slash, because the super user may sit at Windows. What is there is for the view to say.
 */
export function folderPath(from: string, asked: string): string {
  const path = asked.replaceAll('\\', '/')
  const parts = path.startsWith('/') ? [] : partsOf(from)
  for (const part of partsOf(path)) {
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

/**
 * A file or folder somebody wants to do something to. Nobody needs `..` for that, so it is an attempt and is refused:
 * undefined, and so is a name that is none, such as `/`.
 */
export function itemPath(from: string, asked: string): string | undefined {
  const parts = partsOf(asked)
  if (parts.length === 0 || asked.split(/[/\\]/).includes('..')) return undefined
  if (!asked.startsWith('/')) parts.unshift(...partsOf(from))
  return `/${parts.join('/')}`
}

/** The folder that a path lies in. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** What stands after the last slash. */
export const lastPartOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** A path between the quotes of a reply: a quote in it is doubled (RFC 959, appendix II). */
export const quoted = (path: string): string => `"${path.replaceAll('"', '""')}"`

const partsOf = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.')
