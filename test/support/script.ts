import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from './folder.ts'

const project = new URL('../../', import.meta.url).href

export interface Script {
  child: ChildProcess
  /** Resolves once it has written `text`; rejects when it ends without. */
  says: (text: string) => Promise<void>
  /** What it has written so far. */
  said: () => string
  ended: Promise<ScriptEnd>
}

export interface ScriptEnd {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/**
 * Runs a few lines of TypeScript as a process of their own, for what a process can only show by living and dying.
 * `LIB` in the text stands for the project's lib folder. It is killed when the test ends.
 */
export async function startScript(t: TestContext, text: string): Promise<Script> {
  const file = join(await temporaryFolder(t), 'script.ts')
  writeFileSync(file, text.replaceAll('LIB', `${project}lib`))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  const ended: Promise<ScriptEnd> = once(child, 'close').then(([code, signal]) => ({ code, signal, ...said }))
  const says = async (wanted: string) => {
    while (!said.stdout.includes(wanted)) {
      if (child.exitCode !== null) throw new Error(`it ended without saying ${wanted}:\n${said.stderr}`)
      await Promise.race([once(child.stdout, 'data'), ended])
    }
  }
  return { child, says, said: () => said.stdout, ended }
}

/** Runs it to its end. */
export const runScript = async (t: TestContext, text: string): Promise<ScriptEnd> =>
  (await startScript(t, text)).ended
