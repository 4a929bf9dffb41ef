import { join } from 'node:path'
import { execa } from 'execa'
import { pinned } from './launch.ts'
import type { Started } from './servers.ts'
import type { Site } from './site.ts'

/** How a load generator is run, and what it tells. */

/** Where a server listens. */
export interface Endpoint {
  address: string
  port: number
}

export interface LoadResult {
  /** In the unit of the case. */
  value: number
  /** Requests or transfers that did not end well. */
  failures: number
  p50Ms: number
  p99Ms: number
}

/** Paths of our own generators. */
export interface Generators {
  tftp: string
  ftp: string
}

/** A server under load, and what is needed to put it there. */
export interface LoadPlace {
  site: Site
  server: Pick<Started, 'at' | 'ftpFolder'>
  generators: Generators
}

/** A generator ends by then, done or not. */
export const timeLimitSeconds = 120

export const argumentsOf = (options: Record<string, string | number>) =>
  Object.entries(options).flat().map(String)

/** What a generator reports: the JSON of its last line. */
export async function lastLineOf(command: string, args: string[]): Promise<unknown> {
  const { stdout } = await execa(...pinned('generator', command, args), {
    env: { OPENSSL_CONF: join(import.meta.dirname, 'full-handshakes.cnf') },
    timeout: (timeLimitSeconds + 10) * 1_000,
    // Our generators end with 1 when a file failed; their report says how many, and they print why.
    reject: false,
    stderr: 'inherit',
  })
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new Error(`${command} ${args.join(' ')} gave no report but: ${stdout}`, { cause })
  }
}
