import assert from 'node:assert/strict'

export interface Exposition {
  types: ReadonlyMap<string, string>
  /** `name{label="value",...}`, labels in order of their names, values as JSON strings. */
  samples: ReadonlyMap<string, number>
}

const sampleLine = /^(?<name>[a-z_]\w*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/
const label = /(?<key>[a-z_]\w*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/** Reads Prometheus text, format 0.0.4, as strictly as Prometheus does. @throws AssertionError for what it is not */
export function parseExposition(text: string): Exposition {
  assert(text.endsWith('\n'))
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  for (const line of text.split('\n').filter((written) => written !== '')) {
    const [, kind, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (kind === 'TYPE') types.set(about, rest)
    if (kind !== undefined) continue
    const { name = '', labels, value = '' } = sampleLine.exec(line)?.groups ?? {}
    assert.notEqual(name, '', `no sample: ${line}`)
    assert(types.has(name) || types.has(name.replace(/_(?:bucket|sum|count)$/, '')), `no type before ${line}`)
    const key = labels === undefined ? name : `${name}{${labelsOf(labels).join(',')}}`
    assert(!samples.has(key), `${key} stands there twice`)
    samples.set(key, numberOf(value))
  }
  return { types, samples }
}

function labelsOf(text: string): string[] {
  const found: string[] = []
  label.lastIndex = 0
  while (label.lastIndex < text.length) {
    const { key, value = '' } = label.exec(text)?.groups ?? {}
    assert.notEqual(key, undefined, `labels unclear: ${text}`)
    found.push(`${key}=${JSON.stringify(value.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char)))}`)
  }
  return found.toSorted()
}

function numberOf(text: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  assert(/^nan$/i.test(text) || Number.isFinite(Number(text)), `no number: ${text}`)
  return Number(text)
}
