import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { TLSSocket } from 'node:tls'

/** What a scripted server does with a command: a reply, or `drop` (the connection) or `silence`; nothing: the usual. */
export type Answer = string | undefined

export interface FakeFtp {
  port: number
  /** Files by name. */
  files: Map<string, Buffer>
  /** Commands in the order they came. */
  commands: string[]
  /** Names that clients asked for in the TLS handshake. */
  serverNames: string[]
  /** Sessions open now. */
  sessions: () => number
}

export interface FakeFtpScript {
  /** Says what becomes of a command, instead of the usual; `undefined`: the usual. */
  on?: (command: string, argument: string, fake: FakeFtp) => Answer
  /** What becomes of data that arrives: `drop` resets the data connection after that many bytes, `freeze` reads no more. */
  onData?: (name: string) => { drop: number } | { freeze: true } | { keep: number } | undefined
  greeting?: Answer
  /** PEM; encrypts after AUTH, which is not known otherwise. */
  tls?: { certificate: string; key: string }
}

/** An FTP server for faults: it stores in memory, and does what its script says. Passive mode only. */
export async function startFakeFtp(t: TestContext, script: FakeFtpScript = {}): Promise<FakeFtp> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    new FakeSession(socket, script, fake, sockets).begin()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const fake: FakeFtp = {
    port: (server.address() as AddressInfo).port,
    files: new Map(),
    commands: [],
    serverNames: [],
    sessions: () => sockets.size,
  }
  return fake
}

class FakeSession {
  #control: Socket
  readonly #script: FakeFtpScript
  readonly #fake: FakeFtp
  readonly #sockets: Set<Socket>
  #pending = ''
  #data: Promise<Socket> | undefined
  #renameFrom = ''

  constructor(control: Socket, script: FakeFtpScript, fake: FakeFtp, sockets: Set<Socket>) {
    this.#control = control
    this.#script = script
    this.#fake = fake
    this.#sockets = sockets
  }

  begin(): void {
    this.#say(this.#script.greeting ?? '220 fake')
    this.#listen()
  }

  #listen(): void {
    this.#control.on('data', (chunk) => {
      const lines = (this.#pending + chunk.toString()).split('\r\n')
      this.#pending = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
  }

  #say(answer: Answer): void {
    if (answer === 'drop') this.#control.resetAndDestroy()
    else if (answer !== undefined && answer !== 'silence') this.#control.write(`${answer}\r\n`)
  }

  #take(line: string): void {
    const [command = '', ...rest] = line.split(' ')
    const argument = rest.join(' ')
    this.#fake.commands.push(line)
    const answer = this.#script.on?.(command, argument, this.#fake)
    if (answer !== undefined) return this.#say(answer)
    if (command === 'AUTH') return this.#encrypt()
    if (command === 'EPSV') return void this.#openPassive()
    if (command === 'STOR') return void this.#store(argument)
    this.#say(this.#usual(command, argument))
  }

  #encrypt(): void {
    const { tls } = this.#script
    if (tls === undefined) return this.#say('502 no such thing')
    this.#say('234 go on')
    this.#control.removeAllListeners('data')
    this.#control = new TLSSocket(this.#control, {
      isServer: true,
      cert: tls.certificate,
      key: tls.key,
      SNICallback: (name, done) => {
        this.#fake.serverNames.push(name)
        done(null)
      },
    })
    this.#control.on('error', () => {})
    this.#listen()
  }

  #usual(command: string, argument: string): string {
    const { files } = this.#fake
    const known = files.get(argument)
    if (command === 'USER') return '331 password'
    if (command === 'PASS') return '230 in'
    if (command === 'SIZE') return known === undefined ? '550 no such file' : `213 ${known.length}`
    if (command === 'DELE') return files.delete(argument) ? '250 deleted' : '550 no such file'
    if (command === 'RNFR') {
      this.#renameFrom = argument
      return known === undefined ? '550 no such file' : '350 to what?'
    }
    if (command === 'RNTO') {
      files.set(argument, files.get(this.#renameFrom) ?? Buffer.alloc(0))
      files.delete(this.#renameFrom)
      return '250 renamed'
    }
    return '200 fine'
  }

  async #openPassive(): Promise<void> {
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    this.#data = once(listener, 'connection').then(([socket]: Socket[]) => {
      listener.close()
      if (socket === undefined) throw new Error('no socket')
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
      return socket
    })
    this.#say(`229 here (|||${(listener.address() as AddressInfo).port}|)`)
  }

  async #store(name: string): Promise<void> {
    const socket = await this.#data
    if (socket === undefined) return this.#say('425 no data connection')
    const fate = this.#script.onData?.(name)
    this.#say('150 go on')
    if (fate !== undefined && 'freeze' in fate) return void socket.pause()
    const content = await this.#receive(socket, fate)
    if (content === undefined) return this.#say('426 data connection lost')
    this.#fake.files.set(name, content)
    this.#say('226 stored')
  }

  async #receive(
    socket: Socket,
    fate: { drop: number } | { keep: number } | undefined,
  ): Promise<Buffer | undefined> {
    const pieces: Buffer[] = []
    let bytes = 0
    for await (const piece of socket as AsyncIterable<Buffer>) {
      pieces.push(piece)
      bytes += piece.length
      if (fate !== undefined && 'drop' in fate && bytes >= fate.drop) {
        socket.resetAndDestroy()
        return undefined
      }
    }
    const all = Buffer.concat(pieces)
    return fate !== undefined && 'keep' in fate ? all.subarray(0, fate.keep) : all
  }
}
