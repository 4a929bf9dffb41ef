/** A line of a file of heartbeat (linux-ha.org, 2007): words with spaces between. */
export interface Directive {
  words: readonly string[]
  line: number
}

/**
 * Reads such a file: `#` begins a comment, a backslash at the end of a line joins it with the next one (haresources).
 * Spaces, tabs and ends of lines may be of any kind.
 */
export function parseDirectives(text: string): Directive[] {
  const directives: Directive[] = []
  let begun: { text: string; line: number } | undefined
  for (const [index, content] of text.split(/\r\n?|\n/).entries()) {
    const plain = content.replace(/#.*/s, '')
    const joined = `${begun?.text ?? ''} ${plain.replace(/\\\s*$/, '')}`
    const line = begun?.line ?? index + 1
    begun = /\\\s*$/.test(plain) ? { text: joined, line } : undefined
    if (begun === undefined) directives.push(...directiveOf(joined, line))
  }
  return begun === undefined ? directives : [...directives, ...directiveOf(begun.text, begun.line)]
}

const directiveOf = (text: string, line: number): Directive[] => {
  const words = text.split(/\s+/).filter((word) => word !== '')
  return words.length === 0 ? [] : [{ words, line }]
}

/** A node's name as ours may be: heartbeat had what `uname -n` prints, which may end in a domain. */
export const nodeName = (text: string): string => text.split('.', 1)[0] ?? ''

export const sameNode = (one: string, other: string): boolean =>
  nodeName(one).toLowerCase() === nodeName(other).toLowerCase()
