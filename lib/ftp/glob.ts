/** Longer patterns are nobody's honest question. */
export const longestPattern = 100

/** Whether a text is a pattern, with `*` for any characters and `?` for one. */
export const isPattern = (text: string): boolean => /[*?]/.test(text)

/**
 * Whether a name fits a pattern. Not by a regular expression, whose steps can grow without measure: here they are at
 * most pattern times name (d49). Nothing else is special, and names never have folders in them.
 */
export function fits(pattern: string, name: string): boolean {
  let inPattern = 0
  let inName = 0
  let star = -1
  let retry = 0
  while (inName < name.length) {
    const wanted = pattern[inPattern]
    if (wanted === '*') {
      star = inPattern++
      retry = inName
    } else if (wanted === '?' || wanted === name[inName]) {
      inPattern += 1
      inName += 1
    } else if (star >= 0) {
      inPattern = star + 1
      inName = ++retry
    } else return false
  }
  while (pattern[inPattern] === '*') inPattern += 1
  return inPattern === pattern.length
}
