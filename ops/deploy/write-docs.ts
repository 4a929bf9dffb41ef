import { writeFileSync } from 'node:fs'
import { exampleToml, referencePage } from '../../lib/base/config-docs.ts'

/** `make docs`: the pages that are made from the schema. test/ops/docs.test.ts fails when they are not up to date. */
export const generated: Record<string, () => string> = {
  'ops/deploy/settings.md': referencePage,
  'ops/deploy/twintone.example.toml': () => exampleToml(),
}

if (import.meta.main) for (const [path, make] of Object.entries(generated)) writeFileSync(path, make())
