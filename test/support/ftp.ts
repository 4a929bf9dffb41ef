import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import tls from 'node:tls'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import type { StoredFile } from '../../lib/files/stored-file.ts'
import type { Upload } from '../../lib/files/upload.ts'
import type { Entry, FtpCaller, Logins, View } from '../../lib/files/view.ts'
import { FtpServer, type FtpParts } from '../../lib/ftp/server.ts'
import { CertificateKeeper } from '../../lib/tls/certificate-keeper.ts'
import { certificateFiles, changedAt, inMemory, Outcomes, writePair } from './http.ts'

/** Files and folders in memory, by whole path. Uploads are seen once committed, as the contract says. */
export class MemoryView implements View {
  readonly kind: View['kind']
  readonly who: string
  readonly files = new Map<string, Buffer>()
  readonly folders = new Set(['/'])
  /** Served as they are, in place of a file in memory. */
  readonly special = new Map<string, StoredFile>()
  maxBytes = Infinity
  /** Uploads that have neither been committed nor forgotten. */
  openUploads = 0
  /** Awaited before a commit takes effect. */
  beforeCommit: () => Promise<void> = async () => {}

  constructor(kind: View['kind'] = 'phone', files: Record<string, string | Buffer> = {}) {
    this.kind = kind
    this.who = kind === 'phone' ? 'extension 4711 (4621)' : 'super user mvuser'
    for (const [path, content] of Object.entries(files)) this.files.set(path, Buffer.from(content))
  }

  async enter(path: string): Promise<void> {
    if (!this.folders.has(path)) throw new Refusal('notFound', `no folder ${path}`)
  }

  async list(path: string): Promise<Entry[]> {
    await this.enter(path)
    const below = path === '/' ? '/' : `${path}/`
    const isHere = (each: string) =>
      each !== '/' && each.startsWith(below) && !each.slice(below.length).includes('/')
    const paths = [...this.folders, ...this.files.keys()].filter(isHere)
    return Promise.all(paths.toSorted().map((each) => this.look(each)))
  }

  async look(path: string): Promise<Entry> {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (this.folders.has(path)) return { name, kind: 'folder', size: 0, changedAt }
    const { size } = await this.read(path)
    return { name, kind: 'file', size, changedAt }
  }

  async read(path: string): Promise<StoredFile> {
    const special = this.special.get(path)
    if (special !== undefined) return special
    const content = this.files.get(path)
    if (content === undefined) throw new Refusal('notFound', `no file ${path}`)
    return inMemory(path.slice(path.lastIndexOf('/') + 1), content)
  }

  async store(path: string, how: 'replace' | 'append'): Promise<Upload> {
    if (path.includes('forbidden')) throw new Refusal('forbidden', 'not yours')
    const chunks = how === 'append' ? [this.files.get(path) ?? Buffer.alloc(0)] : []
    this.openUploads += 1
    let open = true
    const close = () => {
      if (open) this.openUploads -= 1
      open = false
    }
    return {
      write: async (chunk) => {
        chunks.push(Buffer.from(chunk))
        if (chunks.reduce((sum, { length }) => sum + length, 0) > this.maxBytes) {
          throw new Refusal('tooLarge', 'more than allowed')
        }
      },
      commit: async () => {
        await this.beforeCommit()
        close()
        const outcome = this.files.has(path) ? 'replaced' : 'created'
        this.files.set(path, Buffer.concat(chunks))
        return outcome
      },
      abort: async () => close(),
    }
  }

  async remove(path: string): Promise<void> {
    if (!this.files.delete(path)) throw new Refusal('notFound', `no file ${path}`)
  }

  async rename(from: string, to: string): Promise<void> {
    const { content } = await this.read(from)
    this.files.delete(from)
    this.files.set(to, content ?? Buffer.alloc(0))
  }

  async makeFolder(path: string): Promise<void> {
    this.folders.add(path)
  }

  async removeFolder(path: string): Promise<void> {
    if (!this.folders.delete(path)) throw new Refusal('notFound', `no folder ${path}`)
  }
}

/** Lets everybody in to `phone`, but `mvuser`, who needs TLS and a password and gets `superUser`. */
export class FakeLogins implements Logins {
  readonly phone: View
  readonly superUser: View
  readonly calls: FtpCaller[] = []
  needsTls = false
  /** What phones are refused with. */
  refusal: Refusal | undefined
  /** Awaited before a phone is let in. */
  before: () => Promise<void> = async () => {}

  constructor(phone: View, superUser: View = new MemoryView('superUser')) {
    this.phone = phone
    this.superUser = superUser
  }

  mayAskPassword({ encrypted }: FtpCaller, name: string): boolean {
    return name !== 'mvuser' || encrypted || !this.needsTls
  }

  async login(caller: FtpCaller, name: string, password: string): Promise<View> {
    this.calls.push(caller)
    await this.before()
    if (name === 'mvuser') {
      if (password === 'right') return this.superUser
      throw new Refusal('unidentified', 'name or password is wrong')
    }
    if (this.refusal !== undefined) throw this.refusal
    return this.phone
  }
}

export interface FtpChanges {
  settings?: Partial<Config['ftp']>
  parts?: Partial<FtpParts>
  logins?: FakeLogins
}

export interface OpenFtp {
  door: FtpServer
  /** In the clear, with AUTH TLS. */
  port: number
  /** TLS from the first byte. */
  tlsPort: number
  view: MemoryView
  logins: FakeLogins
  outcomes: Outcomes
  /** Puts another certificate in place of the one in use. */
  renewCertificate: () => Promise<void>
}

/** An FTP door on free ports of 127.0.0.1, cut off when the test ends. With `tls` it has a certificate. */
export async function openFtp(
  t: TestContext,
  view: MemoryView,
  { settings = {}, parts = {}, logins = new FakeLogins(view) }: FtpChanges = {},
): Promise<OpenFtp> {
  const outcomes = new Outcomes()
  const { certificates, renewCertificate } = await openKeeper(t, settings)
  const ftp: Config['ftp'] = {
    ...defaultConfig().ftp,
    addresses: ['127.0.0.1'],
    port: 0,
    dataPort: 0,
    explicitTls: false,
    implicitTlsPorts: [],
    ...settings,
  }
  const common = { activity: outcomes, clock: systemClock, log: silentLog }
  const door = new FtpServer(ftp, { logins, certificates, ...common, ...parts })
  t.after(() => door.stop(AbortSignal.abort()))
  await door.start()
  const bound = door.status()
  const port = bound.find((each) => each.tls === undefined)?.port ?? 0
  const tlsPort = bound.find((each) => each.tls !== undefined)?.port ?? 0
  return { door, port, tlsPort, view, logins, outcomes, renewCertificate }
}

/** For `settings` of a door that offers TLS both ways. */
export const withTls = { explicitTls: true, implicitTlsPorts: [0] }

async function openKeeper(t: TestContext, { explicitTls, profile = 'modern' }: Partial<Config['ftp']>) {
  const common = { clock: systemClock, log: silentLog }
  const pair = explicitTls === true ? await certificateFiles(t) : undefined
  const https = { ...defaultConfig().https, certsFolder: '', ...pair }
  const certificates = new CertificateKeeper(https, [profile], { alarms: new Alarms(common), ...common })
  if (pair !== undefined) await certificates.start()
  t.after(() => certificates.stop())
  const renewCertificate = async () => {
    if (pair !== undefined) await writePair(pair, ['localhost'])
    certificates.reload()
  }
  return { certificates, renewCertificate }
}

/** A client that does what it is told, odd or not. */
export class FtpClient {
  control: Socket
  /** Where it comes from, with data connections too. */
  readonly #from: string
  #text = ''
  #ended = false
  #wake: () => void = () => {}

  private constructor(socket: Socket, from: string) {
    this.control = socket
    this.#from = from
    this.#follow(socket)
  }

  /** Connected, but nothing read yet. */
  static async dial(t: TestContext, port: number, from = '127.0.0.1'): Promise<FtpClient> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true })
    const client = new FtpClient(socket, from)
    t.after(() => client.control.destroy())
    await once(socket, 'connect')
    return client
  }

  /** Greeted and logged in. */
  static async login(t: TestContext, port: number, name = 'anonymous', password = 'x'): Promise<FtpClient> {
    return FtpClient.enter(await FtpClient.dial(t, port), name, password)
  }

  /** Logs in once it was greeted. */
  static async enter(client: FtpClient, name = 'anonymous', password = 'x'): Promise<FtpClient> {
    await client.reply()
    await client.ask(`USER ${name}`)
    await client.ask(`PASS ${password}`)
    return client
  }

  send(bytes: string | Buffer): void {
    this.control.write(bytes)
  }

  /** Sends a command and returns the whole reply to it. */
  async ask(command: string): Promise<string> {
    this.send(`${command}\r\n`)
    return this.reply()
  }

  /** The next whole reply, without its last line end; empty once the connection has ended. */
  async reply(): Promise<string> {
    const end = performance.now() + 20_000
    for (;;) {
      const whole = /^(?:(\d{3})-[^]*?^\1 [^\n]*|\d{3} [^\n]*)\r\n/m.exec(this.#text)
      if (whole?.index === 0) {
        this.#text = this.#text.slice(whole[0].length)
        return whole[0].slice(0, -2)
      }
      if (this.#ended) return ''
      if (performance.now() > end) throw new Error(`no reply, only ${JSON.stringify(this.#text)}`)
      await this.#more()
    }
  }

  /** Resolves once the server has ended the connection; what was left to read. */
  async ended(): Promise<string> {
    while (!this.#ended) await this.#more()
    return this.#text
  }

  /** The control connection goes on in TLS. */
  async encrypt(session?: Buffer): Promise<void> {
    this.control.removeAllListeners('data')
    const secure = tls.connect({
      socket: this.control,
      rejectUnauthorized: false,
      ...(session === undefined ? {} : { session }),
    })
    this.#follow(secure)
    this.control = secure
    await once(secure, 'secureConnect')
  }

  /** EPSV, and the data connection that goes with it. */
  async passive(): Promise<Socket> {
    const answer = await this.ask('EPSV')
    const port = Number(/\|\|\|(\d+)\|/.exec(answer)?.[1])
    if (Number.isNaN(port)) throw new Error(`no port in ${answer}`)
    return dialData(port, this.#from)
  }

  /** The port of PASV's reply. */
  async passivePort(): Promise<number> {
    const answer = await this.ask('PASV')
    const [high, low] = (/\(\d+,\d+,\d+,\d+,(\d+),(\d+)\)/.exec(answer) ?? []).slice(1).map(Number)
    if (high === undefined || low === undefined) throw new Error(`no port in ${answer}`)
    return high * 256 + low
  }

  /** A listening socket of ours, told to the server by EPRT. */
  async active(): Promise<Server> {
    const server = createServer()
    server.listen(0, this.#from)
    await once(server, 'listening')
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0
    const answer = await this.ask(`EPRT |1|${this.#from}|${port}|`)
    if (!answer.startsWith('200')) throw new Error(answer)
    return server
  }

  /** Fetches over a passive connection; the replies are returned too. */
  async fetch(command: string): Promise<{ bytes: Buffer; replies: string[] }> {
    const data = await this.passive()
    this.send(`${command}\r\n`)
    const bytes = await collect(data)
    const first = await this.reply()
    const replies = first.startsWith('1') ? [first, await this.reply()] : [first]
    return { bytes, replies }
  }

  /** Stores over a passive connection; returns the last reply. */
  async store(command: string, content: string | Buffer): Promise<string> {
    const data = await this.passive()
    const first = await this.ask(command)
    if (!first.startsWith('1')) return first
    data.end(content)
    return this.reply()
  }

  #follow(socket: Socket): void {
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString()
      this.#wake()
    })
    const ended = () => {
      this.#ended = true
      this.#wake()
    }
    socket.on('end', ended)
    socket.on('close', ended)
  }

  async #more(): Promise<void> {
    const late = setTimeout(() => this.#wake(), 20_000)
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    clearTimeout(late)
  }
}

/** A data connection to a passive port. */
export async function dialData(port: number, from = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** All that comes over a connection until it ends or breaks, or for twenty seconds. */
export async function collect(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const late = setTimeout(() => socket.destroy(), 20_000)
  if (!socket.closed) await new Promise<void>((resolve) => socket.on('close', () => resolve()))
  clearTimeout(late)
  return Buffer.concat(chunks)
}
