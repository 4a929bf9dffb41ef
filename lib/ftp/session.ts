import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { FtpCaller, View } from '../files/view.ts'
import type { Activity } from '../status/activity.ts'
import type { Line } from './command-reader.ts'
import { ControlConnection } from './control-connection.ts'
import type { DataChannel } from './data-channel.ts'
import { isDisagreement, type Encryption } from './encryption.ts'
import type { LoginDesk } from './login-desk.ts'
import { Machine, verbOf } from './machine.ts'
import { wireText, type Reply } from './replies.ts'
import type { Effect, Result, Work } from './state.ts'
import { doWork, type ViewWork } from './view-work.ts'

/** What all sessions of a door share. */
export interface SessionContext {
  settings: Config['ftp']
  desk: LoginDesk
  activity: Pick<Activity, 'begin'>
  clock: Clock
  log: Log
  /** undefined: TLS is not offered. */
  encryption: Encryption | undefined
  /** What a client of that address is told to connect to for passive data. */
  passiveAddress: (client: string, local: string) => string
}

export interface SessionStart {
  /** Accepted just now. */
  socket: Socket
  caller: FtpCaller
  channel: DataChannel
  implicitTls: boolean
  onEnd: () => void
}

/** How long a client has to take the last reply, and to end its side. */
const lingerMs = 3_000

/** One client, from its greeting to its end: obeys the machine, and tells it what came of it. */
export class Session {
  readonly #context: SessionContext
  readonly #start: SessionStart
  readonly #machine: Machine
  readonly #control: ControlConnection
  readonly #gone = new AbortController()
  #view: View | undefined
  /** Milliseconds on the clock; who has not spoken by then is cut off. */
  #deadline: number
  #wasIn = false

  constructor(start: SessionStart, context: SessionContext) {
    const { socket, caller, implicitTls } = start
    const { settings, desk, clock, encryption } = context
    this.#context = context
    this.#start = start
    this.#deadline = clock.now() + settings.loginTimeoutMs
    this.#machine = new Machine(
      {
        address: caller.address,
        offersTls: settings.explicitTls && encryption !== undefined,
        offersActive: settings.active,
        mayAskPassword: (name, encrypted) => desk.mayAskPassword({ ...caller, encrypted }, name),
      },
      implicitTls,
    )
    this.#control = new ControlConnection(socket, {
      hasRoom: () => this.#machine.hasRoom,
      onLine: (line) => this.#heard(line),
      onEnd: () => this.#end(),
    })
  }

  begin(): void {
    const { socket, implicitTls, onEnd } = this.#start
    socket.once('close', onEnd)
    if (implicitTls) return void this.#encrypt(() => this.#perform(this.#machine.greet()))
    this.#control.listen()
    this.#perform(this.#machine.greet())
  }

  /** Called now and then: gives up what has stood still for too long. */
  sweep(now: number): void {
    this.#start.channel.sweep(now)
    if (now < this.#deadline) return
    if (this.#isOver) this.#control.destroy()
    else this.#perform(this.#machine.timeout())
  }

  /** No more commands; a transfer under way may end. */
  stop(): void {
    if (!this.#isOver) this.#perform(this.#machine.stop())
  }

  /** Ends it now. */
  cut(): void {
    this.#start.channel.close('server stopping')
    this.#control.destroy()
  }

  /** The last reply is on its way, or the client has gone. */
  get #isOver(): boolean {
    return this.#gone.signal.aborted
  }

  /** The verb is all of a command that may be logged: what follows can be a password. */
  #heard(line: Line): void {
    const { log } = this.#context
    if (log.isLevelEnabled('debug')) log.debug({ ...this.#start.caller, verb: verbOf(line) }, 'ftp command')
    this.#perform(this.#machine.line(line))
  }

  #tell(result: Result): void {
    if (this.#isOver) return
    this.#perform(this.#machine.result(result))
    this.#control.readOn()
  }

  /** Replies that belong together leave together. */
  #perform(effects: readonly Effect[]): void {
    let text = ''
    for (const effect of effects) {
      if (effect.do === 'reply') text += this.#wireText(effect.reply)
      else {
        if (text !== '') this.#control.write(text)
        text = ''
        this.#do(effect)
      }
    }
    if (text !== '') this.#control.write(text)
    if (!this.#isOver) this.#setDeadline()
  }

  #wireText(reply: Reply): string {
    const { log } = this.#context
    const { address } = this.#start.caller
    if (log.isLevelEnabled('debug')) log.debug({ address, code: reply.code, text: reply.text }, 'ftp reply')
    return wireText(reply)
  }

  #do(effect: Exclude<Effect, { do: 'reply' }>): void {
    const { channel } = this.#start
    switch (effect.do) {
      case 'abort':
        return channel.break('aborted')
      case 'closePort':
        return channel.closePort()
      case 'reportStranger':
        return this.#reportStranger(effect.detail)
      case 'close':
        this.#end()
        return this.#control.end()
      case 'encrypt':
        return void this.#encrypt(() => this.#tell({ type: 'done' }))
      case 'login':
        return void this.#login(effect)
      case 'transfer':
      case 'openPort':
      case 'look':
      case 'enter':
      case 'remove':
      case 'rename':
      case 'makeFolder':
      case 'removeFolder':
        return void this.#work(effect)
    }
  }

  #reportStranger(detail: string): void {
    const { address } = this.#start.caller
    this.#context.log.warn({ address, detail }, 'data connection to a stranger refused')
  }

  async #login({ name, password }: Extract<Work, { do: 'login' }>): Promise<void> {
    const caller = { ...this.#start.caller, encrypted: this.#machine.state.encrypted }
    const { view, result } = await this.#context.desk.login(caller, name, password, this.#gone.signal)
    this.#view = view
    this.#tell(result)
  }

  async #encrypt(then: () => void): Promise<void> {
    const { encryption, log } = this.#context
    const { address, port } = this.#start.caller
    try {
      if (encryption === undefined) throw new Error('TLS is not offered')
      await this.#control.encrypt(encryption)
    } catch (error) {
      const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
      if (isDisagreement(error)) log.info({ address, port, why }, 'TLS handshake failed')
      else log.debug({ address, port, why }, 'TLS handshake failed')
      return this.#control.destroy()
    }
    then()
  }

  async #work(work: ViewWork): Promise<void> {
    const view = this.#view
    if (view === undefined) throw new Error('the machine lets nobody do anything before a login')
    const { caller, channel } = this.#start
    const onOpened = (bytes?: number) => {
      if (!this.#isOver) this.#perform(this.#machine.opened(bytes))
    }
    this.#tell(await doWork(work, { ...this.#context, view, caller, channel, onOpened }))
  }

  /** Who is not in has one limit for all it takes; who is, one for each command. Our own work counts for neither. */
  #setDeadline(): void {
    const { settings, clock } = this.#context
    const { login, pending } = this.#machine.state
    const isIn = login.stage === 'in'
    if (isIn) this.#deadline = pending === undefined ? clock.now() + settings.idleTimeoutMs : Infinity
    else if (this.#wasIn) this.#deadline = clock.now() + settings.loginTimeoutMs
    this.#wasIn = isIn
  }

  #end(): void {
    if (this.#isOver) return
    this.#gone.abort()
    this.#deadline = this.#context.clock.now() + lingerMs
    this.#start.channel.close('session ended')
  }
}
