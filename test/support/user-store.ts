import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import { parseFileName, type FileName } from '../../lib/files/file-name.ts'
import { HotFiles } from '../../lib/files/hot-files.ts'
import type { ProbeFiles } from '../../lib/files/probe-files.ts'
import type { OnStep } from '../../lib/users/store/steps.ts'
import type { WriteGate } from '../../lib/users/store/write-gate.ts'
import { UserStore, type Origin, type UserStoreSettings } from '../../lib/users/store/user-store.ts'
import { TestClock } from './clock.ts'
import { temporaryFolder } from './folder.ts'

export interface OpenUserStore {
  folder: string
  store: UserStore
  alarms: Alarms
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[]
  /** What the store calls at each step. */
  steps: { on: OnStep }
  stop: () => Promise<void>
}

export interface Opening extends Partial<UserStoreSettings> {
  clock?: Clock
  probes?: ProbeFiles
  /** Of one of two nodes; absent: a lone store. */
  gate?: WriteGate
}

export const phone: Origin = { protocol: 'ftp', address: '10.1.2.3', model: '4620' }

/** The name of user data of an extension. */
export const dataOf = (extension: string): FileName => parseFileName(`${extension}_96xxdata.txt`)

/** A store in that folder, or in one of the test's own; stopped when the test ends. */
export async function openUserStore(t: TestContext, opening: Opening = {}): Promise<OpenUserStore> {
  const { clock = new TestClock(), probes, gate, ...settings } = opening
  const folder = settings.dataFolder ?? (await temporaryFolder(t))
  const logged: Record<string, unknown>[] = []
  const log = pino(
    {},
    { write: (line: string) => void logged.push(JSON.parse(line) as (typeof logged)[number]) },
  )
  const alarms = new Alarms({ clock, log })
  const steps: OpenUserStore['steps'] = { on: () => {} }
  const store = new UserStore(
    { maxBytes: 1_048_576, versions: 10, binDays: 90, shrinkPercent: 50, ...settings, dataFolder: folder },
    {
      clock,
      log,
      alarms,
      onStep: (step) => steps.on(step),
      hot: new HotFiles(1 << 20),
      ...(probes === undefined ? {} : { probes }),
      ...(gate === undefined ? {} : { gate }),
    },
  )
  const stop = () => store.stop(AbortSignal.timeout(60_000))
  t.after(stop)
  await store.start((reason) => {
    throw reason
  })
  return { folder, store, alarms, logged, steps, stop }
}

export async function save(
  store: UserStore,
  name: FileName,
  content: string | Buffer,
  how: 'replace' | 'append' = 'replace',
): Promise<'created' | 'replaced'> {
  const upload = await store.begin(name, phone, how)
  await upload.write(Buffer.from(content))
  return upload.commit()
}

export async function contentOf(store: UserStore, name: FileName): Promise<string> {
  const { content } = await store.read(name)
  return content?.toString() ?? ''
}

/** Every version of a file that can be read, newest first. */
export async function allVersions(store: UserStore, name: FileName): Promise<string[]> {
  const contents: string[] = []
  for (const { op, seq } of store.versions(name))
    contents.push(op === 'delete' ? '(deleted)' : (await store.readVersion(name, seq)).toString())
  return contents
}

/** All files below a folder, with inode and digest: equal only where nothing was written. */
export function everything(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const stats = lstatSync(join(folder, path))
    if (!stats.isFile()) continue
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex')
    found[path] = `${stats.ino} ${stats.nlink} ${digest.slice(0, 16)}`
  }
  return found
}

export const stagingOf = (folder: string): string[] => readdirSync(join(folder, '.state', 'staging'))
export const keptOf = (folder: string): string[] => readdirSync(join(folder, '.state', 'versions')).toSorted()
