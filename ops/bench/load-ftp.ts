import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import type { FtpLoad, Load } from './cases.ts'
import {
  argumentsOf,
  lastLineOf,
  timeLimitSeconds,
  type Endpoint,
  type LoadPlace,
  type LoadResult,
} from './generator.ts'
import type { FtpFolder } from './servers.ts'
import { roots } from './site.ts'

/** FTP under load: whole sessions, what is fetched stored first, what is stored looked at on the disk after. */

const ftpReport = z.object({
  sessionsPerSecond: z.number(),
  mbPerSecond: z.number(),
  failures: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

/** Names that each client stores to in turn. */
const namesStored = 10

export async function runFtp(load: FtpLoad, place: LoadPlace, target: Endpoint): Promise<LoadResult> {
  const { folder } = ftpFolderOf(place)
  const storing = load.does === 'store' ? { '-k': namesStored, '-o': stampsBeside(folder) } : {}
  const { sessionsPerSecond, mbPerSecond, ...rest } = await ftpGenerator(load, place, target, storing)
  return { value: load.unit === 'MB/s' ? mbPerSecond : sessionsPerSecond, ...rest }
}

/**
 * What is to be fetched is stored first, over FTP as by phones: each server has files as it would have them. Then
 * what servers before it left to be written is written, so that nobody waits for another one's files.
 */
export async function prepareLoad(load: Load, place: LoadPlace): Promise<void> {
  const target = place.server.at[load.door]
  if (load.door !== 'ftp' || target === undefined) return
  if (load.does === 'fetch') {
    const storing: FtpLoad = { ...load, does: 'store', sessions: load.clients }
    const { failures } = await ftpGenerator(storing, place, target, {})
    if (failures > 0) throw new Error(`${failures} files could not be stored, so they cannot be fetched`)
  }
  await execa('sync')
}

/** Looks on the disk whether each stored file is the one that was acknowledged last; returns how many are not. */
export async function countWronglyStored(load: Load, place: LoadPlace): Promise<number> {
  if (load.door !== 'ftp' || load.does !== 'store') return 0
  const { folder } = ftpFolderOf(place)
  const copy = await readFile(join(place.site.data, roots.tftp, load.file))
  let wrong = 0
  for (const line of (await readFile(stampsBeside(folder), 'utf8')).trimEnd().split('\n')) {
    const [name = '', stamp = ''] = line.split(' ')
    const expected = Buffer.concat([Buffer.from(stamp), copy.subarray(stamp.length)])
    const found = await readFile(join(folder, name)).catch(() => undefined)
    if (found?.equals(expected) !== true) wrong += 1
  }
  return wrong
}

async function ftpGenerator(
  load: FtpLoad,
  { site, server, generators }: LoadPlace,
  target: Endpoint,
  more: Record<string, string | number>,
) {
  const options: Record<string, string | number> = {
    '-h': target.address,
    '-p': target.port,
    '-m': load.does,
    '-e': join(site.data, roots.tftp, load.file),
    '-d': server.ftpFolder?.prefix ?? '',
    '-c': load.clients,
    '-n': load.sessions,
    '-s': timeLimitSeconds,
    ...more,
  }
  return ftpReport.parse(await lastLineOf(generators.ftp, argumentsOf(options)))
}

const stampsBeside = (folder: string) => `${folder}.stamps`

function ftpFolderOf({ server }: LoadPlace): FtpFolder {
  if (server.ftpFolder === undefined) throw new Error('where the server keeps what it is given is not known')
  return server.ftpFolder
}
