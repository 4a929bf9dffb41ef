import { parseCount } from './arguments.ts'
import { allFacts, type Fact } from './listing.ts'
import { replies, type Reply } from './replies.ts'
import { farewell, say, start, type Handler, type Outcome, type State } from './state.ts'

/** Commands about the session itself: who it is, how it speaks, and when it is over. */

/** What a session forgets when another user, or encryption, begins. */
export const nobody = {
  login: { stage: 'none' },
  folder: '/',
  way: { kind: 'none' },
  onlyEpsv: false,
} as const satisfies Partial<State>

export const user: Handler = (state, name, { mayAskPassword }) => {
  if (name === '') return say(replies.argumentMissing)
  const leave = { do: 'closePort' } as const
  if (!mayAskPassword(name, state.encrypted)) {
    const { change, effects } = loginFailed(state, replies.needsTls)
    return { change: { ...nobody, ...change }, effects: [leave, ...effects] }
  }
  return {
    change: { ...nobody, login: { stage: 'named', name } },
    effects: [leave, { do: 'reply', reply: replies.passwordPlease }],
  }
}

export const password: Handler = ({ login }, given) => {
  if (login.stage !== 'named') return say(replies.userFirst)
  return start({ do: 'login', name: login.name, password: given }, { login: { stage: 'none' } })
}

const mostFailedLogins = 3

/** The reply to a login that failed, or the end of the session. */
export function loginFailed(state: State, reply: Reply): Outcome {
  const failedLogins = state.failedLogins + 1
  return failedLogins < mostFailedLogins ? say(reply, { failedLogins }) : farewell(replies.tooManyFailures)
}

export const quit: Handler = () => farewell(replies.goodbye)

export const noop: Handler = () => say(replies.noop)

export const system: Handler = () => say(replies.system)

export const features: Handler = (state, _argument, { offersTls }) => {
  const tls = offersTls || state.encrypted ? ['AUTH TLS', 'PBSZ', 'PROT'] : []
  const facts = allFacts.map((fact) => `${fact}${state.facts.includes(fact) ? '*' : ''};`).join('')
  const others = ['EPRT', 'EPSV', 'MDTM', `MLST ${facts}`, 'REST STREAM', 'SIZE', 'TVFS', 'UTF8']
  return say({ code: 211, text: 'Features', lines: [...tls, ...others] })
}

export const status: Handler = (state) => {
  const { login, folder, encrypted, encryptsData } = state
  const who = login.stage === 'in' ? { phone: 'a phone', superUser: 'the super user' }[login.as] : 'nobody'
  return say({
    code: 211,
    text: 'Status',
    lines: [
      `Logged in: ${who}`,
      `Folder: ${folder}`,
      `Control connection: ${encrypted ? 'TLS' : 'in the clear'}`,
      `Data connections: ${encryptsData ? 'TLS' : 'in the clear'}`,
    ],
  })
}

export const options: Handler = (_state, argument) => {
  const [name = '', value = ''] = argument.toUpperCase().split(' ', 2)
  if (name === 'UTF8' || name === 'UTF-8')
    return say(value === 'OFF' ? replies.optionRefused : replies.utf8Always)
  if (name !== 'MLST') return say(replies.optionRefused)
  const facts = allFacts.filter((fact) => value.toLowerCase().split(';').includes(fact))
  return say({ code: 200, text: `MLST OPTS ${facts.map((fact: Fact) => `${fact};`).join('')}` }, { facts })
}

/**
 * Type A is taken and changes nothing: phones send A or I as they please and mean the bytes of their file, so those
 * are what is kept and given back. RFC 959, 3.1.1.1 would have line ends translated.
 */
export const type: Handler = (_state, argument) =>
  say(/^(?:[AI](?: N)?|L ?8)$/i.test(argument.trim()) ? replies.typeSet : replies.typeRefused)

export const mode: Handler = (_state, argument) =>
  say(/^S$/i.test(argument.trim()) ? replies.modeSet : replies.modeRefused)

export const structure: Handler = (_state, argument) =>
  say(/^F$/i.test(argument.trim()) ? replies.structureSet : replies.structureRefused)

const largestAllo = 2 ** 40

export const allocate: Handler = (_state, argument) => {
  const [, digits = ''] = /^(\d+)(?: R \d+)?$/i.exec(argument.trim()) ?? []
  if (digits === '') return say(replies.argumentBad)
  const bytes = parseCount(digits)
  return say(bytes === undefined || bytes > largestAllo ? replies.alloTooMuch : replies.alloNotNeeded)
}

export const authenticate: Handler = (state, argument, { offersTls }) => {
  if (state.encrypted) return say(replies.tlsAlready)
  if (!offersTls) return say(replies.tlsNotOffered)
  if (!/^TLS(?:-C)?$/i.test(argument.trim())) return say(replies.mechanismUnknown)
  const work = { do: 'encrypt' } as const
  return {
    // Who logged in without encryption has not logged in with it (RFC 4217, 4).
    change: { ...nobody, pending: work },
    effects: [{ do: 'closePort' }, { do: 'reply', reply: replies.tlsNext }, work],
  }
}

export const bufferSize: Handler = (state, argument) => {
  if (!state.encrypted) return say(replies.tlsFirst)
  return parseCount(argument.trim()) === undefined
    ? say(replies.argumentBad)
    : say(replies.bufferSize, { bufferSizeGiven: true })
}

export const protection: Handler = (state, argument) => {
  if (!state.encrypted) return say(replies.tlsFirst)
  if (!state.bufferSizeGiven) return say(replies.bufferSizeFirst)
  const level = argument.trim().toUpperCase()
  if (level === 'P') return say(replies.dataEncrypted, { encryptsData: true })
  if (level === 'C') return say(replies.dataClear, { encryptsData: false })
  return say(replies.protectionRefused)
}

export const clearCommands: Handler = (state) =>
  say(state.encrypted ? replies.staysEncrypted : replies.tlsFirst)
