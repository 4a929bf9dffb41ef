import { folderPath, itemPath, quoted } from './paths.ts'
import { replies, wasLooked } from './replies.ts'
import { say, start, type Handler } from './state.ts'

/** Commands about files and folders that need no data connection. */

export const printFolder: Handler = ({ folder }) => say(replies.folderIs(quoted(folder)))

export const changeFolder: Handler = ({ folder }, argument) =>
  argument === '' ? say(replies.argumentMissing) : start({ do: 'enter', path: folderPath(folder, argument) })

export const changeToParent: Handler = ({ folder }) => start({ do: 'enter', path: folderPath(folder, '..') })

const looking =
  (verb: 'SIZE' | 'MDTM' | 'MLST' | 'RNFR'): Handler =>
  ({ folder }, argument) => {
    const path = itemPath(folder, argument)
    return path === undefined ? say(replies.nameRefused) : start({ do: 'look', path, verb })
  }

export const size = looking('SIZE')
export const changeTime = looking('MDTM')
export const renameFrom = looking('RNFR')

/** Without a name it is the current folder that is meant, which is there, and of which more need not be known. */
export const machineLook: Handler = (state, argument, terms) => {
  const path = folderPath(state.folder, argument)
  if (path !== state.folder && path !== '/') return looking('MLST')(state, argument, terms)
  return say(wasLooked(`${state.facts.includes('type') ? 'type=dir;' : ''} ${path}`))
}

const working =
  (what: 'remove' | 'makeFolder' | 'removeFolder'): Handler =>
  ({ folder }, argument) => {
    const path = itemPath(folder, argument)
    return path === undefined ? say(replies.nameRefused) : start({ do: what, path })
  }

export const remove = working('remove')
export const makeFolder = working('makeFolder')
export const removeFolder = working('removeFolder')

export const renameTo: Handler = ({ folder, renameFrom: from }, argument) => {
  if (from === undefined) return say(replies.renameFromFirst)
  const to = itemPath(folder, argument)
  return to === undefined ? say(replies.nameRefused) : start({ do: 'rename', from, to })
}
