import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const call =
  /\blog\.(?:debug|info|warn|error|fatal)\((?:[^'()]|\([^()]*\)|'[^']*'(?=[^)]))*?'([^']+)',?\s*\)/g

function eventsInCode(): string[] {
  const events = new Set<string>()
  for (const file of globSync('{cmd,lib,ha,watchdog}/**/*.ts')) {
    for (const [, event] of readFileSync(file, 'utf8').matchAll(call))
      if (event !== undefined) events.add(event)
  }
  return [...events]
}

test('ops/deploy/log-events.md lists every event of the log, and no other', () => {
  const page = readFileSync('ops/deploy/log-events.md', 'utf8')
  const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, event]) => event ?? '')
  const fromTable = [
    'file sent',
    'file unchanged',
    'file stored',
    'file removed',
    'file refused',
    'transfer broken',
    // Their level or name is chosen as they are written.
    'pair change',
    'pair note',
    'pair trouble',
    'link message refused',
    'mirror content not fetched',
  ]
  assert.deepEqual(listed.toSorted(), [...new Set([...eventsInCode(), ...fromTable])].toSorted())
})
