const text = 'text/plain'

/**
 * By extension. Never text/html, which a browser would run: the .htm files that phones ask for (Snom) are read by
 * phones, whatever they are called.
 */
const types: Readonly<Record<string, string>> = {
  txt: text,
  scr: text,
  cfg: text,
  cnf: text,
  ini: text,
  lst: text,
  htm: text,
  html: text,
  xml: 'text/xml',
}

export function contentType(name: string): string {
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(types, extension) ? (types[extension] ?? text) : 'application/octet-stream'
}
