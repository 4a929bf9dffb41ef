import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { type Load, type TftpLoad, type WebLoad } from './cases.ts'
import { pinned } from './launch.ts'
import { roots, type Site } from './site.ts'

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

const here = import.meta.dirname
const timeLimitSeconds = 120

/** Compiles the TFTP generator into `folder`; returns its path. */
export async function compileTftpLoad(folder: string): Promise<string> {
  const program = join(folder, 'tftp-load')
  await execa('gcc', ['-O2', '-Wall', '-Wextra', '-o', program, join(here, 'tftp-load.c')])
  return program
}

/** Puts a load on a server, on the core of the generators. */
export function runLoad(load: Load, site: Site, target: Endpoint, tftpLoad: string): Promise<LoadResult> {
  return load.door === 'tftp' ? runTftp(load, site, target, tftpLoad) : runWrk(load, target)
}

/** A short taste of the same load: fills caches, and lets a just-in-time compiler do its work. */
export function warmUp(load: Load): Load {
  return load.door === 'tftp' ? { ...load, files: Math.ceil(load.files / 3) } : { ...load, seconds: 1 }
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
  const { mbPerSecond, ...rest } = tftpReport.parse(
    await lastLineOf(program, Object.entries(options).flat().map(String)),
  )
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

/** What a generator reports: the JSON of its last line. */
async function lastLineOf(command: string, args: string[]): Promise<unknown> {
  const { stdout } = await execa(...pinned('generator', command, args), {
    env: { OPENSSL_CONF: join(here, 'full-handshakes.cnf') },
    timeout: (timeLimitSeconds + 10) * 1_000,
    // The TFTP generator ends with 1 when a file failed; its report says how many, and it prints why.
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
