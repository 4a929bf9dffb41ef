import type { Entry } from '../files/view.ts'
import { factLine, timeValue } from './listing.ts'
import { quoted } from './paths.ts'
import { brokenReply, refusalReply, replies, wasLooked } from './replies.ts'
import { loginFailed } from './session-commands.ts'
import { farewell, say, type Outcome, type Result, type State, type Work } from './state.ts'

/** What to say when the work for a command is done, and what to keep of it. */
export function answerTo(work: Work, result: Result, state: State): Outcome {
  switch (result.type) {
    case 'refused':
      return refused(work, result, state)
    case 'banned':
      return farewell(replies.banned)
    case 'broken':
      return say(brokenReply(result.how, work.do === 'transfer' && work.job.kind === 'store'))
    case 'failed':
      return failed(work)
    case 'loggedIn':
      return say(result.as === 'phone' ? replies.phoneIn(result.who) : replies.superUserIn(result.who), {
        login: { stage: 'in', as: result.as },
      })
    case 'portOpen':
      return portOpen(work, result)
    case 'found':
      return found(work, result.entry, state)
    case 'done':
      return done(work)
  }
}

function refused(
  work: Work,
  { reason, detail }: Extract<Result, { type: 'refused' }>,
  state: State,
): Outcome {
  if (work.do === 'login') {
    if (reason === 'busy' || reason === 'notActive') return farewell({ ...refusalReply(reason), code: 421 })
    return loginFailed(state, { ...refusalReply(reason, detail), code: 530 })
  }
  const mayHearMore = state.login.stage === 'in' && state.login.as === 'superUser'
  const told = mayHearMore ? detail : undefined
  const reply = refusalReply(reason, told)
  if (reply.code === 421) return farewell(reply)
  return say(work.do === 'enter' && reply.code >= 500 ? replies.folderRefused(told) : reply)
}

function failed(work: Work): Outcome {
  if (work.do === 'encrypt') return { effects: [{ do: 'close' }] }
  if (work.do === 'openPort') return say(replies.noPassivePort)
  return work.do === 'login' ? farewell(replies.loginBroken) : say(replies.localError)
}

function portOpen(work: Work, { address, port }: Extract<Result, { type: 'portOpen' }>): Outcome {
  const extended = work.do === 'openPort' && work.extended
  return say(extended ? replies.extendedPassive(port) : replies.passive(address, port), {
    way: { kind: 'passive' },
  })
}

function found(work: Work, entry: Entry, { facts }: State): Outcome {
  const { path, verb } = work.do === 'look' ? work : { path: '/', verb: 'MLST' }
  if (verb === 'RNFR') return say(replies.renameTo, { renameFrom: path })
  if (verb === 'MLST') return say(wasLooked(factLine({ ...entry, name: path }, facts)))
  if (entry.kind !== 'file') return say(replies.notAFile)
  return say(replies.value(verb === 'SIZE' ? String(entry.size) : timeValue(entry.changedAt)))
}

function done(work: Work): Outcome {
  switch (work.do) {
    case 'encrypt':
      return { change: { encrypted: true, bufferSizeGiven: false, encryptsData: false }, effects: [] }
    case 'enter':
      return say(replies.folderEntered(quoted(work.path)), { folder: work.path })
    case 'makeFolder':
      return say(replies.folderMade(quoted(work.path)))
    case 'transfer':
      return say(work.job.kind === 'store' ? replies.stored : replies.sent)
    case 'remove':
    case 'removeFolder':
    case 'rename':
    case 'look':
    case 'login':
    case 'openPort':
      return say(replies.changed)
  }
}
