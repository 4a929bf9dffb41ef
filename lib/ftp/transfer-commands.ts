import { parseCount, parseExtendedPort, parsePort, withoutOptions, type HostPort } from './arguments.ts'
import { isPattern, longestPattern } from './glob.ts'
import type { ListFormat } from './listing.ts'
import { folderPath, itemPath, lastPartOf, parentOf } from './paths.ts'
import { replies } from './replies.ts'
import { say, start, type Handler, type Job, type Outcome, type State, type Terms } from './state.ts'

/** Commands about data connections, and those that use one. */

export const port: Handler = (state, argument, terms) => active(state, parsePort(argument.trim()), terms)

export const extendedPort: Handler = (state, argument, terms) => {
  const asked = parseExtendedPort(argument.trim())
  return asked === 'otherProtocol' ? say(replies.protocolUnknown) : active(state, asked, terms)
}

/** Lowest port that data are sent to: those below belong to servers. */
const lowestPort = 1_024

/** Data go to who asked for them only: otherwise we could be made to speak to anybody (RFC 2577, 3). */
function active({ onlyEpsv }: State, asked: HostPort | undefined, { address, offersActive }: Terms): Outcome {
  if (onlyEpsv) return say(replies.onlyEpsv)
  if (!offersActive) return say(replies.activeNotOffered)
  if (asked === undefined) return say(replies.argumentBad)
  if (asked.address !== address || asked.port < lowestPort) {
    const detail = `asked for ${asked.address} port ${asked.port}`
    return {
      effects: [
        { do: 'reportStranger', detail },
        { do: 'reply', reply: replies.foreignPort },
      ],
    }
  }
  return {
    change: { way: { kind: 'active', port: asked.port } },
    effects: [{ do: 'closePort' }, { do: 'reply', reply: replies.activeSet }],
  }
}

export const passive: Handler = ({ onlyEpsv }, _argument, { address }) => {
  if (onlyEpsv) return say(replies.onlyEpsv)
  if (address.includes(':')) return say(replies.pasvIsIPv4)
  return start({ do: 'openPort', extended: false }, { way: { kind: 'none' } })
}

export const extendedPassive: Handler = (_state, argument, { address }) => {
  const asked = argument.trim().toUpperCase()
  if (asked === 'ALL') return say(replies.epsvAll, { onlyEpsv: true })
  const family = address.includes(':') ? '2' : '1'
  if (asked !== '' && asked !== family) {
    return say(
      /^\d+$/.test(asked) ? { ...replies.protocolUnknown, text: `Use (${family})` } : replies.argumentBad,
    )
  }
  return start({ do: 'openPort', extended: true }, { way: { kind: 'none' } })
}

export const restart: Handler = (_state, argument) => {
  const at = parseCount(argument.trim())
  return at === undefined ? say(replies.argumentBad) : say(replies.restartSet(at), { restartAt: at })
}

export const retrieve: Handler = (state, argument) => {
  const path = itemPath(state.folder, argument)
  if (path === undefined) return say(replies.nameRefused)
  return transfer(state, { kind: 'retrieve', path, from: state.restartAt })
}

const storing =
  (how: 'replace' | 'append'): Handler =>
  (state, argument) => {
    const path = itemPath(state.folder, argument)
    if (path === undefined) return say(replies.nameRefused)
    if (state.restartAt > 0) return say(replies.noRestartOfUploads)
    return transfer(state, { kind: 'store', path, how })
  }

export const store = storing('replace')
export const append = storing('append')

const listingAs =
  (format: ListFormat): Handler =>
  (state, argument) => {
    const asked = format === 'MLSD' ? argument : withoutOptions(argument)
    const path = folderPath(state.folder, asked)
    const last = lastPartOf(path)
    const { facts } = state
    const perhapsFile = format !== 'MLSD' && asked !== '' && path !== '/'
    if (format === 'MLSD' || !isPattern(path)) {
      return transfer(state, { kind: 'list', path, format, facts, pattern: undefined, perhapsFile })
    }
    if (isPattern(parentOf(path)) || last.length > longestPattern) return say(replies.patternRefused)
    return transfer(state, {
      kind: 'list',
      path: parentOf(path),
      format,
      facts,
      pattern: last,
      perhapsFile: false,
    })
  }

export const list = listingAs('LIST')
export const names = listingAs('NLST')
export const machineList = listingAs('MLSD')

/** A data connection is for one transfer. */
function transfer({ way, encryptsData }: State, job: Job): Outcome {
  if (way.kind === 'none') return say(replies.noWay)
  return start({ do: 'transfer', job, way, encrypted: encryptsData }, { way: { kind: 'none' } })
}

/** Without a transfer under way there is nothing to break off, but a port may be open for one. */
export const abort: Handler = () => ({
  change: { way: { kind: 'none' } },
  effects: [{ do: 'closePort' }, { do: 'reply', reply: replies.abortDone }],
})
