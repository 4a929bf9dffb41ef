import * as files from './file-commands.ts'
import * as session from './session-commands.ts'
import { replies } from './replies.ts'
import { say, type Handler } from './state.ts'
import * as transfers from './transfer-commands.ts'

export interface Verb {
  handle: Handler
  needs: 'nothing' | 'login' | 'superUser'
  /** What follows is text of which every character counts, and none may be a control character. */
  takesName?: true
  /** Stands between REST and the command it is for, with clients that prepare the data connection late. */
  keepsRestart?: true
}

const free = (handle: Handler): Verb => ({ handle, needs: 'nothing' })
const inside = (handle: Handler): Verb => ({ handle, needs: 'login' })
const way = (handle: Handler): Verb => ({ handle, needs: 'login', keepsRestart: true })
const named = (handle: Handler): Verb => ({ handle, needs: 'login', takesName: true })
const superUser = (handle: Handler): Verb => ({ handle, needs: 'superUser', takesName: true })

/** All that is understood; in the order HELP lists it. */
export const verbs: ReadonlyMap<string, Verb> = new Map(
  Object.entries({
    USER: free(session.user),
    PASS: free(session.password),
    QUIT: free(session.quit),
    NOOP: free(session.noop),
    SYST: free(session.system),
    FEAT: free(session.features),
    HELP: free(() => say({ code: 214, text: 'Commands', lines: helpLines })),
    OPTS: free(session.options),
    AUTH: free(session.authenticate),
    PBSZ: free(session.bufferSize),
    PROT: free(session.protection),
    CCC: free(session.clearCommands),
    STAT: inside((state, argument, terms) =>
      argument === '' ? session.status(state, argument, terms) : say(replies.notOffered),
    ),
    TYPE: inside(session.type),
    MODE: inside(session.mode),
    STRU: inside(session.structure),
    ALLO: inside(session.allocate),
    PORT: way(transfers.port),
    EPRT: way(transfers.extendedPort),
    PASV: way(transfers.passive),
    EPSV: way(transfers.extendedPassive),
    REST: inside(transfers.restart),
    RETR: named(transfers.retrieve),
    STOR: named(transfers.store),
    APPE: superUser(transfers.append),
    LIST: named(transfers.list),
    NLST: named(transfers.names),
    MLSD: named(transfers.machineList),
    MLST: named(files.machineLook),
    ABOR: inside(transfers.abort),
    SIZE: named(files.size),
    MDTM: named(files.changeTime),
    DELE: named(files.remove),
    PWD: inside(files.printFolder),
    XPWD: inside(files.printFolder),
    CWD: named(files.changeFolder),
    XCWD: named(files.changeFolder),
    CDUP: inside(files.changeToParent),
    XCUP: inside(files.changeToParent),
    RNFR: superUser(files.renameFrom),
    RNTO: superUser(files.renameTo),
    MKD: superUser(files.makeFolder),
    XMKD: superUser(files.makeFolder),
    RMD: superUser(files.removeFolder),
    XRMD: superUser(files.removeFolder),
  } satisfies Record<string, Verb>),
)

/** Commands of FTP that others have and we do not, so that they are called by their name and not nonsense. */
export const verbsOfOthers: ReadonlySet<string> = new Set(
  'ACCT ADAT AVBL CLNT CONF CSID DSIZ ENC ESTA ESTP HASH HOST LANG LPRT LPSV MFCT MFF MFMT MIC MODZ RANG REIN RMDA SITE SMNT SPSV STOU XCRC XMD5 XRCP XRSQ XSHA XSHA1 XSHA256'.split(
    ' ',
  ),
)

const wordsInLine = 12

const helpLines = [...verbs.keys()].reduce<string[]>((lines, verb, index) => {
  if (index % wordsInLine === 0) lines.push(verb)
  else lines[lines.length - 1] += ` ${verb}`
  return lines
}, [])
