import { Machine } from '../../lib/ftp/machine.ts'
import { wireText } from '../../lib/ftp/replies.ts'
import type { Effect, Result, Terms } from '../../lib/ftp/state.ts'

const plainTerms: Terms = {
  address: '10.1.2.3',
  offersTls: true,
  offersActive: true,
  mayAskPassword: (name, encrypted) => name !== 'mvuser' || encrypted,
}

/** A machine with nothing around it: what it wants done is kept, what it says is returned. */
export class Conversation {
  readonly machine: Machine
  /** All that was to be done, but for replies. */
  readonly effects: Exclude<Effect, { do: 'reply' }>[] = []

  constructor(terms: Partial<Terms> = {}, encrypted = false) {
    this.machine = new Machine({ ...plainTerms, ...terms }, encrypted)
  }

  /** Somebody who is in. */
  static in(
    as: 'phone' | 'superUser' = 'phone',
    terms: Partial<Terms> = {},
    encrypted = false,
  ): Conversation {
    const conversation = new Conversation({ mayAskPassword: () => true, ...terms }, encrypted)
    conversation.say('USER x')
    conversation.say('PASS y')
    conversation.result({ type: 'loggedIn', as, who: 'somebody' })
    conversation.effects.length = 0
    return conversation
  }

  /** Says a line; returns the replies as they would go over the wire, without the last line end. */
  say(text: string): string {
    return this.#take(this.machine.line({ type: 'command', text }))
  }

  result(result: Result): string {
    return this.#take(this.machine.result(result))
  }

  /** Says a line whose work is done at once. */
  done(text: string): string {
    this.say(text)
    return this.result({ type: 'done' })
  }

  take(effects: readonly Effect[]): string {
    return this.#take(effects)
  }

  get last(): Exclude<Effect, { do: 'reply' }> | undefined {
    return this.effects.at(-1)
  }

  get isClosed(): boolean {
    return this.last?.do === 'close'
  }

  #take(effects: readonly Effect[]): string {
    let text = ''
    for (const effect of effects) {
      if (effect.do === 'reply') text += wireText(effect.reply)
      else this.effects.push(effect)
    }
    return text.trimEnd()
  }
}

/** The codes of all replies in a text. */
export const codesOf = (text: string): number[] =>
  text
    .split('\r\n')
    .filter((line) => /^\d{3} /.test(line))
    .map((line) => Number(line.slice(0, 3)))
