import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generated } from '../../ops/deploy/write-docs.ts'

for (const [path, make] of Object.entries(generated)) {
  test(`${path} is what \`make docs\` writes`, () => {
    assert.equal(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), make())
  })
}
