import type { Item } from '../../lib/base/import/report.ts'
import { dropped, type Verdict } from '../../lib/base/import/verdict.ts'

const anew = 'not carried: `ha init` makes a new secret'

/** How the nodes proved themselves to each other. Nothing of it is carried, and no key is shown. */
export function translateAuthkeys(text: string): Item[] {
  return text.split(/\r\n?|\n/).flatMap((content, index): Item[] => {
    const [key = '', word = '', ...rest] = content.trim().split(/\s+/)
    if (key === '' || key.startsWith('#')) return []
    const line = index + 1
    if (key.toLowerCase() === 'auth')
      return [{ key, value: hiddenUnless(/^\d+$/, word), line, ...dropped(anew) }]
    const value = [hiddenUnless(/^(?:crc|md5|sha1)$/i, word), rest.length === 0 ? '' : '[hidden]']
    return [{ key: hiddenUnless(/^\d+$/, key), value: value.join(' ').trim(), line, ...judged(word) }]
  })
}

const hiddenUnless = (pattern: RegExp, word: string) => (pattern.test(word) ? word : '[hidden]')

function judged(method: string): Verdict {
  if (/^crc$/i.test(method))
    return dropped(anew, 'crc proves nothing: whoever reached the network could take the address over')
  if (/^md5$/i.test(method)) return dropped(anew, 'md5 is broken')
  return dropped(anew)
}
