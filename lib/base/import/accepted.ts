import { configSchema } from '../config.ts'
import { dropped, type Verdict } from './verdict.ts'

/** The verdict, unless our schema would not take one of its settings. */
export function accepted(verdict: Verdict): Verdict {
  for (const [name, value] of Object.entries(verdict.settings)) {
    const [table = '', key = ''] = name.split('.')
    const parsed = configSchema.safeParse({ [table]: { [key]: value } })
    if (!parsed.success)
      return dropped(`${name} does not take it: ${parsed.error.issues[0]?.message ?? 'not allowed'}`)
  }
  return verdict
}
