import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import type { Load, TftpLoad, WebLoad } from './cases.ts'
import {
  argumentsOf,
  lastLineOf,
  timeLimitSeconds,
  type Endpoint,
  type Generators,
  type LoadPlace,
  type LoadResult,
} from './generator.ts'
import { runFtp } from './load-ftp.ts'
import { roots, type Site } from './site.ts'

const here = import.meta.dirname

/** Compiles our generators into `folder`. */
export async function compileGenerators(folder: string): Promise<Generators> {
  const compile = async (name: string) => {
    const program = join(folder, name)
    await execa('gcc', ['-O2', '-Wall', '-Wextra', '-o', program, join(here, `${name}.c`)])
    return program
  }
  return { tftp: await compile('tftp-load'), ftp: await compile('ftp-load') }
}

/** Puts a load on a server, on the core of the generators. */
export function runLoad(load: Load, place: LoadPlace): Promise<LoadResult> {
  const target = place.server.at[load.door]
  if (target === undefined) throw new Error(`the server has no ${load.door} door`)
  if (load.door === 'tftp') return runTftp(load, place.site, target, place.generators.tftp)
  return load.door === 'ftp' ? runFtp(load, place, target) : runWrk(load, target)
}

/** A short taste of the same load: fills caches, and lets a just-in-time compiler do its work. */
export const warmUp = (load: Load): Load => shortened(load, { parts: 3, seconds: 1 })

/** The same load, for a part of the time. */
export function shortened(load: Load, to: { parts: number; seconds: number }): Load {
  if (load.door === 'tftp') return { ...load, files: Math.ceil(load.files / to.parts) }
  if (load.door === 'ftp') return { ...load, sessions: Math.ceil(load.sessions / to.parts) }
  return { ...load, seconds: to.seconds }
}

const tftpReport = z.object({
  mbPerSecond: z.number(),
  failures: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

async function runTftp(load: TftpLoad, site: Site, target: Endpoint, program: string): Promise<LoadResult> {
  const options: Record<string, string | number> = {
    '-h': target.address,
    '-p': target.port,
    '-f': load.file,
    '-e': join(site.data, roots.tftp, load.file),
    '-c': load.clients,
    '-n': load.files,
    '-b': load.blockSize,
    '-w': load.windowSize,
    '-s': timeLimitSeconds,
  }
  const { mbPerSecond, ...rest } = tftpReport.parse(await lastLineOf(program, argumentsOf(options)))
  return { value: mbPerSecond, ...rest }
}

const wrkReport = z.object({
  requests: z.number(),
  bytes: z.number(),
  seconds: z.number(),
  failures: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

async function runWrk(load: WebLoad, target: Endpoint): Promise<LoadResult> {
  const args = [
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--timeout',
    '10s',
    '-s',
    join(here, 'wrk-json.lua'),
  ]
  if (!load.keepAlive) args.push('-H', 'Connection: close')
  args.push(`${load.door}://${target.address}:${target.port}/${load.file}`)
  const { requests, bytes, seconds, ...rest } = wrkReport.parse(await lastLineOf('wrk', args))
  return { value: (load.unit === 'MB/s' ? bytes / 1e6 : requests) / seconds, ...rest }
}
