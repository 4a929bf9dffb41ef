import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { Mirror } from '../../ha/mirror/mirror.ts'
import type { MirrorSettings } from '../../ha/mirror/settings.ts'
import type { PlaceTable } from '../../ha/mirror/places.ts'
import type { MirrorTls } from '../../ha/mirror/wire/tls.ts'
import { Alarms } from '../../lib/base/alarms.ts'
import { issueCertificate, makeAuthority } from '../../lib/base/authority.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './program.ts'
import { recordingLog, type RecordingLog } from './recording-log.ts'
import { until } from './until.ts'

export interface TestMirror {
  mirror: Mirror
  settings: MirrorSettings
  folder: string
  alarms: Alarms
  recorded: RecordingLog
  /** Each call of `onPlaced`. */
  placed: string[][]
  path: (name: string) => string
}

export interface TestPair {
  a: TestMirror
  b: TestMirror
  /** `a` is active, `b` the standby. */
  begin(): void
}

/** Certificates of one authority for these names. */
export async function certificatesFor(...names: string[]): Promise<MirrorTls[]> {
  const authority = await makeAuthority({ name: 'pair', days: 2 })
  const issued = names.map((name) => issueCertificate(authority, { name, addresses: [], days: 2 }))
  return (await Promise.all(issued)).map((each) => ({ ca: authority.certificate, ...each }))
}

/** Two mirrors on loopback that look often; not started. */
export async function makeMirrors(
  t: TestContext,
  changes: { a?: Partial<MirrorSettings>; b?: Partial<MirrorSettings> } = {},
): Promise<TestPair> {
  const [tlsA, tlsB] = await certificatesFor('node-a', 'node-b')
  if (tlsA === undefined || tlsB === undefined) throw new Error('there are two certificates')
  const port = await freePort()
  const nodeA = { name: 'node-a', address: '127.0.6.1' }
  const nodeB = { name: 'node-b', address: '127.0.6.2' }
  const base = { port, everySeconds: 0.1, mbitPerSecond: 0, settledMs: 100, reserveBytes: 0 }
  const a = await makeMirror(t, { ...base, node: nodeA, other: nodeB, tls: tlsA, ...changes.a })
  const b = await makeMirror(t, { ...base, node: nodeB, other: nodeA, tls: tlsB, ...changes.b })
  return {
    a,
    b,
    begin() {
      a.mirror.setRole('active', true)
      b.mirror.setRole('standby', true)
    },
  }
}

/** Started, with `a` active. */
export async function startMirrors(
  t: TestContext,
  changes: { a?: Partial<MirrorSettings>; b?: Partial<MirrorSettings> } = {},
): Promise<TestPair> {
  const pair = await makeMirrors(t, changes)
  await pair.a.mirror.start()
  await pair.b.mirror.start()
  pair.begin()
  return pair
}

export async function makeMirror(
  t: TestContext,
  settings: Omit<MirrorSettings, 'dataFolder' | 'places'> & Partial<MirrorSettings>,
): Promise<TestMirror> {
  const folder = settings.dataFolder ?? (await temporaryFolder(t))
  const recorded = recordingLog()
  const alarms = new Alarms({ clock: systemClock, log: recorded.log })
  const placed: string[][] = []
  const all: MirrorSettings = { dataFolder: folder, places: placesBelow(folder), ...settings }
  for (const name of ['HTTPdata', 'HTTPSdata', 'TFTPdata', 'FTPdata', 'certs'])
    await mkdir(join(folder, name), { recursive: true })
  const mirror = new Mirror(all, {
    clock: systemClock,
    log: recorded.log,
    alarms,
    onPlaced: (paths) => void placed.push([...paths]),
  })
  t.after(() => mirror.stop())
  return { mirror, settings: all, folder, alarms, recorded, placed, path: (name) => join(folder, name) }
}

export const placesBelow = (folder: string): PlaceTable => ({
  HTTPdata: join(folder, 'HTTPdata'),
  HTTPSdata: join(folder, 'HTTPSdata'),
  TFTPdata: join(folder, 'TFTPdata'),
  FTPdata: join(folder, 'FTPdata'),
  certs: join(folder, 'certs'),
  certificate: join(folder, 'certs/server.pem'),
  key: join(folder, 'certs/server.key'),
  credentials: join(folder, 'credentials'),
})

/** Writes a file whose date is a minute ago, so that it counts as whole. */
export async function lay(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content, { mode })
  const date = new Date(Date.now() - 60_000)
  await utimes(path, date, date)
}

/** Resolves once both nodes have the same files. */
export const untilAlike = ({ a, b }: TestPair): Promise<true> =>
  until(async () => {
    const [mine, theirs] = [a.mirror.status(), b.mirror.status()]
    const isAlike = mine.files > 0 && mine.rootHash === theirs.rootHash && theirs.behind?.files === 0
    return isAlike ? true : undefined
  }, 30_000)
