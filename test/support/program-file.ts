import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from './folder.ts'

/** A program of the test's own: lines of shell. */
export async function programFile(t: TestContext, lines: string): Promise<string> {
  const path = join(await temporaryFolder(t), 'program')
  writeFileSync(path, `#!/bin/sh\n${lines}\n`)
  chmodSync(path, 0o755)
  return path
}
