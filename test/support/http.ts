import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import { makeSelfSigned } from '../../lib/base/self-signed.ts'
import { parseFileName, type FileName } from '../../lib/files/file-name.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import type { Downloads, Uploads } from '../../lib/files/service.ts'
import type { OpenFile, StoredFile } from '../../lib/files/stored-file.ts'
import { HttpDoor, HttpsDoor, type HttpsParts } from '../../lib/http/server.ts'
import type { RouteParts } from '../../lib/http/file-routes.ts'
import type { TransferEnd, TransferHandle, TransferStart } from '../../lib/status/activity.ts'
import { CertificateKeeper } from '../../lib/tls/certificate-keeper.ts'
import { temporaryFolder } from './folder.ts'

export const changedAt = new Date('2026-11-01T10:20:30.500Z')

/** A file that is held in memory. */
export function inMemory(name: string, content: string | Buffer): StoredFile {
  const bytes = Buffer.from(content)
  return {
    name: parseFileName(name),
    size: bytes.length,
    changedAt,
    etag: '0123abcd',
    content: bytes,
    open: () => Promise.reject(new Error('held in memory')),
  }
}

/** A file that is read through `read`, and counts how often it is open. */
export class PiecewiseFile implements StoredFile {
  readonly name: FileName
  readonly size: number
  readonly changedAt = changedAt
  readonly etag = '0123abcd'
  readonly content = undefined
  readonly #read: OpenFile['read']
  opened = 0
  closed = 0

  constructor(name: string, size: number, read: OpenFile['read']) {
    this.name = parseFileName(name)
    this.size = size
    this.#read = read
  }

  async open(): Promise<OpenFile> {
    this.opened += 1
    return {
      read: this.#read,
      close: async () => {
        this.closed += 1
      },
    }
  }
}

/** Serves what it is given, by exact name; anything else is not found. */
export function filesOf(...files: StoredFile[]): Downloads {
  return {
    async read(_caller, asked) {
      const name = parseFileName(asked)
      const file = files.find((each) => each.name === name)
      if (file === undefined) throw new Refusal('notFound', `no ${name}`)
      return { file, kind: 'other', fallback: false }
    },
  }
}

export type Outcome = TransferStart & TransferEnd

/** Keeps how each transfer went; ending one twice is an error. */
export class Outcomes {
  readonly all: Outcome[] = []
  readonly handles: TransferHandle[] = []
  begun = 0

  begin(start: TransferStart): TransferHandle {
    this.begun += 1
    let ended = false
    const handle: TransferHandle = {
      size: undefined,
      sent: 0,
      end: (end) => {
        if (ended) throw new Error('a transfer was ended twice')
        ended = true
        this.all.push({ ...start, ...end })
      },
    }
    this.handles.push(handle)
    return handle
  }

  /** Resolves once `count` transfers have ended. */
  async ended(count: number): Promise<Outcome[]> {
    await until(() => this.all.length >= count)
    return this.all
  }
}

/** Waits for something that happens soon; gives up after ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${String(condition)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Where nothing can be stored, no name is a user's file. */
export type Served = Downloads & Partial<Uploads>

const noUsersFile = (asked: string) => Promise.reject(new Refusal('forbidden', `${asked} is no user's file`))

export const routeParts = (
  files: Served,
  activity = new Outcomes(),
): RouteParts & { activity: Outcomes } => ({
  files: {
    read: (...asked) => files.read(...asked),
    save: (...asked) => (files.save === undefined ? noUsersFile(asked[1]) : files.save(...asked)),
    remove: (...asked) => (files.remove === undefined ? noUsersFile(asked[1]) : files.remove(...asked)),
  },
  activity,
  clock: systemClock,
  log: silentLog,
  identify: () => undefined,
  realm: 'Twintone',
})

export interface OpenDoor<Door = HttpDoor | HttpsDoor> {
  port: number
  door: Door
  outcomes: Outcomes
}

/** An HTTP door on a free port of 127.0.0.1, stopped when the test ends. */
export async function openHttp(
  t: TestContext,
  files: Served,
  { settings = {}, parts = {} }: { settings?: Partial<Config['http']>; parts?: Partial<RouteParts> } = {},
): Promise<OpenDoor<HttpDoor>> {
  const outcomes = new Outcomes()
  const door = new HttpDoor(
    { ...defaultConfig().http, addresses: ['127.0.0.1'], ports: [0], ...settings },
    { ...routeParts(files, outcomes), ...parts },
  )
  t.after(() => door.stop(AbortSignal.abort()))
  await door.start()
  return { port: door.status()[0]?.port ?? 0, door, outcomes }
}

/** A certificate and its key in a folder of the test's own. */
export async function certificateFiles(
  t: TestContext,
  names: readonly string[] = ['localhost', '127.0.0.1'],
): Promise<{ folder: string; certificate: string; key: string }> {
  const folder = await temporaryFolder(t)
  const paths = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') }
  await writePair(paths, names)
  return { folder, ...paths }
}

export async function writePair(
  paths: { certificate: string; key: string },
  names: readonly string[],
  days = 90,
): Promise<void> {
  const pair = await makeSelfSigned({ names, days })
  await writeFile(paths.certificate, pair.certificate)
  await writeFile(paths.key, pair.key, { mode: 0o600 })
}

export interface OpenHttps extends OpenDoor<HttpsDoor> {
  certificates: CertificateKeeper
}

/** An HTTPS door on a free port of 127.0.0.1, with a certificate of its own unless told otherwise. */
export async function openHttps(
  t: TestContext,
  files: Served,
  {
    settings = {},
    parts = {},
    alarms = new Alarms({ clock: systemClock, log: silentLog }),
  }: { settings?: Partial<Config['https']>; parts?: Partial<HttpsParts>; alarms?: Alarms } = {},
): Promise<OpenHttps> {
  const outcomes = new Outcomes()
  const own = settings.certificate === undefined ? await certificateFiles(t) : {}
  const https = {
    ...defaultConfig().https,
    addresses: ['127.0.0.1'],
    ports: [0],
    certsFolder: '',
    ...own,
    ...settings,
  }
  const collaborators = { ...routeParts(files, outcomes), alarms, ...parts }
  const certificates = new CertificateKeeper(
    https,
    [https.profile, ...Object.values(https.profileOfPort)],
    collaborators,
  )
  const door = new HttpsDoor(https, { ...collaborators, certificates })
  t.after(async () => {
    await door.stop(AbortSignal.abort())
    await certificates.stop()
  })
  await certificates.start()
  await door.start()
  return { port: door.status()[0]?.port ?? 0, door, outcomes, certificates }
}

/** A TCP connection to 127.0.0.1, destroyed when the test ends. */
export async function dial(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** What comes over a connection until the other side ends it, one character a byte. */
export async function everything(socket: Socket): Promise<string> {
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  // Not `once`, which rejects on an error: a connection that is reset has ended too.
  if (!socket.closed) await new Promise<void>((resolve) => socket.on('close', () => resolve()))
  return Buffer.concat(pieces).toString('latin1')
}

/** Sends bytes as they are (one a character), and returns all that comes back until the connection ends. */
export async function exchange(t: TestContext, port: number, bytes: string): Promise<string> {
  const socket = await dial(t, port)
  socket.write(bytes, 'latin1')
  return everything(socket)
}
