import type { Line } from './command-reader.ts'
import { allFacts } from './listing.ts'
import { lastPartOf, quoted } from './paths.ts'
import { replies, type Reply } from './replies.ts'
import { answerTo } from './results.ts'
import { nobody } from './session-commands.ts'
import { farewell, say, type Effect, type Outcome, type Result, type State, type Terms } from './state.ts'
import { verbs, verbsOfOthers, type Verb } from './verbs.ts'

/** Commands that wait while one is under way. Who sends more without waiting for answers is not read for a while. */
const mostWaiting = 32

/** So many commands that are none end a session. */
const mostOddities = 12

/**
 * The rules of an FTP session (RFC 959), without sockets, files or clocks: told what came in, and what came of what it
 * asked for, it answers what to do. One command at a time; while a transfer runs, ABOR, NOOP and STAT are heard.
 */
export class Machine {
  readonly #terms: Terms
  #state: State
  readonly #waiting: Line[] = []
  #aborting = false
  #stopping = false
  #closed = false

  /** @param encrypted from the first byte: then data are, too, unless the client says otherwise */
  constructor(terms: Terms, encrypted: boolean) {
    this.#terms = terms
    this.#state = {
      ...nobody,
      failedLogins: 0,
      oddities: 0,
      encrypted,
      bufferSizeGiven: false,
      encryptsData: encrypted,
      restartAt: 0,
      renameFrom: undefined,
      facts: allFacts,
      pending: undefined,
    }
  }

  get state(): State {
    return this.#state
  }

  /** Whether lines may come; if not, leave them with the client. */
  get hasRoom(): boolean {
    return this.#waiting.length < mostWaiting
  }

  /** The first words of a session. */
  greet(): readonly Effect[] {
    return [{ do: 'reply', reply: replies.welcome }]
  }

  line(line: Line): readonly Effect[] {
    if (this.#closed) return []
    if (this.#state.pending === undefined) return this.#take(line)
    const heard = this.#hearMeanwhile(line)
    if (heard !== undefined) return heard
    if (!this.hasRoom) return this.#leave(replies.tooOdd)
    this.#waiting.push(line)
    return []
  }

  /** The file of the transfer under way is open, and has so many bytes if it is to be sent. The data come next. */
  opened(bytes?: number): readonly Effect[] {
    const { pending } = this.#state
    if (this.#closed || pending?.do !== 'transfer') return []
    const { job } = pending
    const what = job.kind === 'list' ? 'The list' : quoted(lastPartOf(job.path))
    return [{ do: 'reply', reply: replies.begins(what, bytes) }]
  }

  /** What came of the work under way. */
  result(result: Result): readonly Effect[] {
    const { pending } = this.#state
    if (this.#closed || pending === undefined) return []
    this.#state = { ...this.#state, pending: undefined }
    const effects = [...this.#apply(answerTo(pending, result, this.#state))]
    if (this.#aborting) {
      this.#aborting = false
      if (!this.#closed) effects.push({ do: 'reply', reply: replies.abortDone })
    }
    effects.push(...(this.#stopping ? this.#leave(replies.stopping) : this.#takeWaiting()))
    return effects
  }

  /** The client has been quiet for too long. */
  timeout(): readonly Effect[] {
    return this.#leave(this.#state.login.stage === 'in' ? replies.idleTimeout : replies.loginTimeout)
  }

  /** The server stops: what is under way may end, and is the last. */
  stop(): readonly Effect[] {
    this.#stopping = true
    return this.#state.pending === undefined ? this.#leave(replies.stopping) : []
  }

  #leave(reply: Reply): readonly Effect[] {
    return this.#closed ? [] : this.#apply(farewell(reply))
  }

  #hearMeanwhile(line: Line): readonly Effect[] | undefined {
    if (this.#state.pending?.do !== 'transfer' || line.type !== 'command') return undefined
    const { verb } = split(line.text)
    if (verb === 'ABOR' && !this.#aborting) {
      this.#aborting = true
      return [{ do: 'abort' }]
    }
    if (this.#waiting.length > 0) return undefined // what came before is answered before
    if (verb === 'NOOP') return [{ do: 'reply', reply: replies.noop }]
    return verb === 'STAT' ? [{ do: 'reply', reply: replies.underWay }] : undefined
  }

  #takeWaiting(): readonly Effect[] {
    const effects: Effect[] = []
    while (!this.#closed && this.#state.pending === undefined) {
      const line = this.#waiting.shift()
      if (line === undefined) break
      effects.push(...this.#take(line))
    }
    return effects
  }

  #take(line: Line): readonly Effect[] {
    if (line.type === 'foreign') return this.#apply(silentEnd)
    if (line.type === 'unreadable') {
      return this.#odd(line.why === 'tooLong' ? replies.tooLong : replies.notUtf8)
    }
    if (httpRequest.test(line.text)) return this.#apply(silentEnd)
    const { verb, argument } = split(line.text)
    const known = verbs.get(verb)
    if (known !== undefined) return this.#command(known, argument)
    return verbsOfOthers.has(verb) ? this.#apply(say(replies.notOffered)) : this.#odd(replies.notUnderstood)
  }

  #command(verb: Verb, argument: string): readonly Effect[] {
    const { login } = this.#state
    const forNow = (reply: Reply) => this.#apply(say(reply, forgetful))
    if (verb.needs !== 'nothing' && login.stage !== 'in') return forNow(replies.loginFirst)
    if (verb.needs === 'superUser' && !(login.stage === 'in' && login.as === 'superUser')) {
      return forNow(replies.superUserOnly)
    }
    if (verb.takesName === true && controlByte.test(argument)) return forNow(replies.controlBytes)
    const { change, effects } = verb.handle(this.#state, argument, this.#terms)
    const kept = verb.keepsRestart === true ? forgetsRename : forgetful
    if (effects.some((effect) => effect.do === 'reportStranger') && this.#isTooOdd())
      return this.#leave(replies.tooOdd)
    return this.#apply({ change: { ...kept, ...change }, effects })
  }

  #odd(reply: Reply): readonly Effect[] {
    return this.#isTooOdd() ? this.#leave(replies.tooOdd) : this.#apply(say(reply, forgetful))
  }

  #isTooOdd(): boolean {
    const oddities = this.#state.oddities + 1
    this.#state = { ...this.#state, oddities }
    return oddities >= mostOddities
  }

  #apply({ change, effects }: Outcome): readonly Effect[] {
    if (change !== undefined) this.#state = { ...this.#state, ...change }
    for (const effect of effects) {
      if (effect.do === 'close') this.#closed = true
      // What was sent in the clear after AUTH may be anybody's, and is not heard (abuse case d36).
      if (effect.do === 'close' || effect.do === 'encrypt') this.#waiting.length = 0
    }
    return effects
  }
}

/** The verb of a line, if it is one of FTP. */
export function verbOf(line: Line): string | undefined {
  if (line.type !== 'command') return undefined
  const { verb } = split(line.text)
  return verbs.has(verb) || verbsOfOthers.has(verb) ? verb : undefined
}

const silentEnd: Outcome = { effects: [{ do: 'close' }] }
const forgetsRename = { renameFrom: undefined } as const
const forgetful = { restartAt: 0, renameFrom: undefined } as const

const controlByte = /\p{Cc}/u

/** A browser made to speak to us is not answered: what we say back could be taken for a web page (ALPACA, d39). */
const httpRequest = /^[A-Z]+ \S+ HTTP\/\d/

function split(text: string): { verb: string; argument: string } {
  const space = text.indexOf(' ')
  return space < 0
    ? { verb: text.toUpperCase(), argument: '' }
    : { verb: text.slice(0, space).toUpperCase(), argument: text.slice(space + 1) }
}
