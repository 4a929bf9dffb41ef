import { printable } from '../base/printable.ts'

/** One thing a user made, as a person would call it. */
export interface BackupItem {
  group: 'contact' | 'favourite' | 'label' | 'option'
  /** What it is recognised by in another version: a contact's name, a button's number, an option's name. */
  id: string
  text: string
}

export interface BackupChange {
  kind: 'added' | 'removed' | 'changed'
  item: BackupItem
  /** Of what changed: how it read before. */
  before?: string
}

/**
 * Reads a backup: lines of `name=value`, of which the last counts where a name stands twice; lines that are none are
 * left out, as the phones do. Undefined: it is no such text (an upload of another vendor, or damaged).
 */
export function readBackup(content: Buffer): BackupItem[] | undefined {
  const values = valuesIn(decode(content))
  if (values.size === 0) return content.length === 0 ? [] : undefined
  const items = [...values].flatMap(([name, value]) => itemOf(name, value, values))
  return withDistinctIds(items)
}

/** What a person would say has changed; contacts that only moved within the list have not. */
export function compareBackups(before: readonly BackupItem[], after: readonly BackupItem[]): BackupChange[] {
  const old = new Map(before.map((item) => [keyOf(item), item]))
  const fresh = new Map(after.map((item) => [keyOf(item), item]))
  const changes: BackupChange[] = []
  for (const item of before) if (!fresh.has(keyOf(item))) changes.push({ kind: 'removed', item })
  for (const item of after) {
    const was = old.get(keyOf(item))
    if (was === undefined) changes.push({ kind: 'added', item })
    else if (was.text !== item.text) changes.push({ kind: 'changed', item, before: was.text })
  }
  return changes.toSorted((a, b) => groups.indexOf(a.item.group) - groups.indexOf(b.item.group))
}

const groups: readonly BackupItem['group'][] = ['contact', 'favourite', 'label', 'option']

const keyOf = ({ group, id }: BackupItem) => `${group} ${id}`

/** UTF-8, or where it is not, one character a byte: old loads wrote what the user typed. */
function decode(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return content.toString('latin1')
  }
}

function valuesIn(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, name, value] = /^\s*([\w .-]{1,64}?)\s*=(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) values.set(name, value)
  }
  return values
}

function itemOf(name: string, value: string, values: ReadonlyMap<string, string>): BackupItem[] {
  const [, number] = /^ABKNAME(\d{1,4})$/.exec(name) ?? []
  if (number !== undefined) return [contact(value, values.get(`ABKNUMBER${number}`))]
  const [, lone] = /^ABKNUMBER(\d{1,4})$/.exec(name) ?? []
  if (lone !== undefined) return values.has(`ABKNAME${lone}`) ? [] : [contact('', value)]
  const [, button] = /^HOMEFAV(\d{1,3})$/.exec(name) ?? []
  if (button !== undefined) return [favourite(button, value)]
  const [, kind, place] = /^(PHN|SBM)LABEL(\d{1,3})$/.exec(name) ?? []
  if (kind !== undefined && place !== undefined)
    return [item('label', `${kind === 'PHN' ? 'button' : 'module button'} ${Number(place)}`, value)]
  return [item('option', name, value)]
}

const contact = (name: string, number = '') => item('contact', name === '' ? number : name, number)

/** Number, caption and contact, with unit separators (0x1F) between them. */
function favourite(button: string, value: string): BackupItem {
  const [number = '', caption = '', of = ''] = value.split('\u001F')
  return item('favourite', `favourite ${Number(button)}`, [caption, number, of].filter(Boolean).join(', '))
}

const item = (group: BackupItem['group'], id: string, text: string): BackupItem => ({
  group,
  id: printable(id),
  text: printable(text),
})

/** Two contacts of one name are two contacts. */
function withDistinctIds(items: readonly BackupItem[]): BackupItem[] {
  const seen = new Map<string, number>()
  return items.map((each) => {
    const times = (seen.get(keyOf(each)) ?? 0) + 1
    seen.set(keyOf(each), times)
    return times === 1 ? each : { ...each, id: `${each.id} (${times})` }
  })
}
