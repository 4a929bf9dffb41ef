import { startChild, type ChildProgram } from '../lib/base/child-program.ts'
import type { Clock } from '../lib/base/clock.ts'
import type { Log } from '../lib/base/log.ts'
import { printable } from '../lib/base/printable.ts'
import { runHook } from '../lib/base/run-hook.ts'

export interface NotifyParts {
  clock: Clock
  log: Log
  /** Path of perl(1), for tests. */
  perl?: string
  /** Path of systemd-notify(1), for tests. */
  systemdNotify?: string
}

/** One datagram for each line it reads. A socket whose name begins with `@` has no file (unix(7)). */
const sender = `
  use strict; use warnings; use Socket;
  my $name = $ENV{NOTIFY_SOCKET}; $name =~ s/^@/\\0/;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
  my $to = pack_sockaddr_un($name);
  while (my $line = <STDIN>) { chomp $line; send($socket, $line, MSG_DONTWAIT, $to) }
`

/** A helper that dies sooner is not worth another try. */
const shortestLifeMs = 10_000
const commandMs = 5_000
const roundsMissed = 3

/**
 * Tells systemd how we are: sd_notify(3), for units with Type=notify. Node knows no datagrams on Unix sockets, so that a
 * small perl program sends them, which each Debian has; without it systemd-notify(1) does, started for each message.
 * The unit needs NotifyAccess=all, since it is not our main process that speaks. Nothing is said without NOTIFY_SOCKET.
 */
export class SystemdNotify {
  readonly #socket: string
  readonly #parts: NotifyParts
  #helper: ChildProgram | undefined
  #startedAt = -Infinity
  #withoutPerl = false
  #saidReady = false
  #closed = false
  /** Messages keep their order. */
  #last: Promise<void> = Promise.resolve()

  constructor(socket: string | undefined, parts: NotifyParts) {
    this.#socket = socket ?? ''
    this.#parts = parts
  }

  /** We are up. */
  ready(): void {
    this.#saidReady = true
    this.#say('READY=1')
  }

  /** Rounds are so far apart: systemd waits for three of them, whatever WatchdogSec says. */
  rounds(everyMs: number): void {
    this.#say(`WATCHDOG_USEC=${Math.round(everyMs * roundsMissed * 1_000)}`)
  }

  /** A round of real probes is over. */
  alive(): void {
    this.#say('WATCHDOG=1')
  }

  /** One line for `systemctl status`. */
  status(text: string): void {
    this.#say(`STATUS=${printable(text)}`)
  }

  stopping(): void {
    this.#say('STOPPING=1')
  }

  /** Resolves when what was said has been handed over, or cannot be. */
  async close(): Promise<void> {
    await this.#last
    this.#closed = true
    const helper = this.#helper
    if (helper === undefined) return
    helper.endInput()
    const limit = new AbortController()
    await Promise.race([helper.ended, this.#parts.clock.sleep(commandMs, limit.signal).catch(() => {})])
    limit.abort()
    helper.signal('SIGKILL')
  }

  #say(assignment: string): void {
    if (this.#socket === '' || this.#closed) return
    this.#last = this.#last.then(() => this.#send(assignment))
  }

  /** Never rejects: systemd notices silence. */
  async #send(assignment: string): Promise<void> {
    if (!this.#withoutPerl) await this.#startHelper()
    if (this.#withoutPerl) await this.#sendByCommand(assignment)
    else this.#helper?.tell(assignment)
  }

  async #startHelper(): Promise<void> {
    const { clock, log, perl = '/usr/bin/perl' } = this.#parts
    if (this.#helper !== undefined) return
    this.#startedAt = clock.now()
    try {
      const helper = await startChild(perl, ['-e', sender], {
        env: { NOTIFY_SOCKET: this.#socket },
        output: 'ignore',
      })
      this.#helper = helper
      void helper.ended.then((how) => this.#helperEnded(how))
    } catch (err) {
      log.warn({ err, instead: 'systemd-notify' }, 'notify helper not started')
      this.#withoutPerl = true
    }
  }

  #helperEnded(how: string): void {
    this.#helper = undefined
    if (this.#closed) return
    const { clock, log } = this.#parts
    log.warn({ how }, 'notify helper ended')
    if (clock.now() - this.#startedAt >= shortestLifeMs) return
    this.#withoutPerl = true
    if (this.#saidReady) this.#say('READY=1') // it may not have got that far
  }

  async #sendByCommand(assignment: string): Promise<void> {
    const { systemdNotify = 'systemd-notify' } = this.#parts
    await runHook(systemdNotify, [assignment], {
      timeoutMs: commandMs,
      env: { NOTIFY_SOCKET: this.#socket },
    })
  }
}
