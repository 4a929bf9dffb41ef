import { printable } from '../base/printable.ts'
import { refusals, type RefusalReason } from '../files/refusal.ts'
import type { BreakReason } from './state.ts'

/** What clients get to hear: codes of RFC 959, 2228, 2428, 3659 and 4217, and words for whoever reads a phone's screen. */

export interface Reply {
  code: number
  /** The first line, or the only one. */
  text: string
  /** Further lines; the last line of the reply then says `end`. */
  lines?: readonly string[]
}

const reply = (code: number, text: string): Reply => ({ code, text })

export const replies = {
  welcome: reply(220, 'File server for desk phones, ready'),
  tooManyHere: reply(421, 'Too many connections from your address, try again later'),
  tooManyAtAll: reply(421, 'Too many clients, try again later'),
  banned: reply(421, 'Too many failed logins from your address, try again in some minutes'),
  tooManyFailures: reply(421, 'Too many failed logins, goodbye'),
  tooOdd: reply(421, 'Too many commands that are none, goodbye'),
  loginTimeout: reply(421, 'No login for too long, goodbye'),
  idleTimeout: reply(421, 'Nothing heard for too long, goodbye'),
  stopping: reply(421, 'The server is stopping, try again later'),
  goodbye: reply(221, 'Goodbye'),

  passwordPlease: reply(331, 'Password please; a phone may send any'),
  needsTls: reply(530, 'This login needs TLS: send AUTH TLS first, or use the port for FTPS'),
  phoneIn: (who: string) => reply(230, `Logged in as ${printable(who, 100)}`),
  superUserIn: (who: string) =>
    reply(230, `Logged in as ${printable(who, 100)}; CWD to a data folder to store or delete files there`),
  userFirst: reply(503, 'Send USER first'),
  loginFirst: reply(530, 'Log in with USER and PASS first'),

  notUnderstood: reply(500, 'Command not understood; HELP lists those that are'),
  notOffered: reply(502, 'Not offered here; HELP lists what is'),
  tooLong: reply(500, 'Command line too long'),
  notUtf8: reply(501, 'Text is not UTF-8'),
  superUserOnly: reply(
    550,
    'Only the super user may do that; a phone may store, fetch, list and delete its own files',
  ),
  argumentMissing: reply(501, 'Something is missing after the command'),
  argumentBad: reply(501, 'What follows the command is not understood'),
  controlBytes: reply(553, 'File name not allowed: a character that cannot be seen'),
  nameRefused: reply(553, 'File name not allowed: give the name of a file, without ".." in it'),
  patternRefused: reply(
    501,
    'Patterns are for the names in one folder: * and ? after the last slash, 100 characters at most',
  ),

  noop: reply(200, 'Yes'),
  system: reply(215, 'UNIX Type: L8'),
  typeSet: reply(200, 'Type set; files are sent and kept byte for byte'),
  typeRefused: reply(504, 'Only types A, I and L 8'),
  modeSet: reply(200, 'Mode is S'),
  modeRefused: reply(504, 'Only mode S (stream)'),
  structureSet: reply(200, 'Structure is F'),
  structureRefused: reply(504, 'Only structure F (file)'),
  alloNotNeeded: reply(202, 'No need to say so beforehand'),
  alloTooMuch: reply(504, 'No file is that large'),
  utf8Always: reply(200, 'File names are UTF-8, always'),
  optionRefused: reply(501, 'Only options of UTF8 and MLST'),

  tlsNext: reply(234, 'TLS begins now'),
  tlsAlready: reply(503, 'The connection is encrypted already'),
  tlsNotOffered: reply(534, 'TLS is not offered on this port'),
  mechanismUnknown: reply(504, 'Only AUTH TLS'),
  tlsFirst: reply(503, 'Send AUTH TLS first'),
  bufferSize: reply(200, 'PBSZ=0'),
  bufferSizeFirst: reply(503, 'Send PBSZ 0 first'),
  dataEncrypted: reply(200, 'Data connections will be encrypted'),
  dataClear: reply(200, 'Data connections will be in the clear'),
  protectionRefused: reply(536, 'Only PROT C and PROT P'),
  staysEncrypted: reply(534, 'The control connection stays encrypted'),

  activeSet: reply(200, 'Your data port is noted'),
  activeNotOffered: reply(502, 'Active data connections are not offered; use EPSV or PASV'),
  foreignPort: reply(501, 'Data connections go to your own address and to ports from 1024 on only'),
  protocolUnknown: reply(522, 'Network protocol not supported, use (1,2)'),
  onlyEpsv: reply(501, 'After EPSV ALL only EPSV'),
  epsvAll: reply(200, 'Only EPSV from now on'),
  pasvIsIPv4: reply(502, 'PASV only knows IPv4; use EPSV'),
  noPassivePort: reply(425, 'No data port is free, try again later'),
  noWay: reply(425, 'Send PORT, EPRT, PASV or EPSV first'),

  restartSet: (at: number) => reply(350, `The next RETR begins at byte ${at}`),
  noRestartOfUploads: reply(554, 'Uploads begin at the start; REST is for RETR'),
  renameTo: reply(350, 'Now RNTO'),
  renameFromFirst: reply(503, 'Send RNFR first'),
  notAFile: reply(550, 'Not a file'),
  /** Clients look for the number in brackets, to show how far they are. */
  begins: (what: string, bytes: number | undefined) =>
    reply(150, `${what} over the data connection${bytes === undefined ? '' : ` (${bytes} bytes)`}`),
  sent: reply(226, 'Sent'),
  stored: reply(226, 'Stored'),
  abortDone: reply(226, 'Nothing is being transferred now'),
  underWay: reply(211, 'A transfer is under way'),
  changed: reply(250, 'Done'),
  loginBroken: reply(421, 'Something is wrong with the server, its log says what'),
  localError: reply(451, 'Something is wrong with the server, its log says what'),
  folderIs: (path: string) => reply(257, `${path} is the current folder`),
  folderRefused: (detail: string | undefined) =>
    reply(550, `No folder to go to${detail === undefined ? '' : `: ${printable(detail, 200)}`}`),
  folderMade: (path: string) => reply(257, `${path} made`),
  folderEntered: (path: string) => reply(250, `You are in ${path}`),
  value: (text: string) => reply(213, text),
  passive: (address: string, port: number) =>
    reply(227, `Entering Passive Mode (${address.replaceAll('.', ',')},${port >> 8},${port & 0xff})`),
  extendedPassive: (port: number) => reply(229, `Entering Extended Passive Mode (|||${port}|)`),
} as const

/** How a transfer that broke is told; of an upload it must be clear that nothing came of it. */
export function brokenReply(how: BreakReason, isUpload: boolean): Reply {
  const { code, text } = broken[how]
  return reply(code, isUpload ? `${text}; nothing was stored` : text)
}

const broken: Record<BreakReason, Reply> = {
  'no data connection': reply(425, 'The data connection did not come about'),
  'not encrypted': reply(522, 'The data connection is not encrypted as PROT P says'),
  'connection lost': reply(426, 'The data connection broke'),
  'no progress': reply(426, 'The data connection stood still for too long'),
  aborted: reply(426, 'Transfer aborted'),
  'session ended': reply(426, 'Transfer aborted'),
  'beyond the end': reply(554, 'The file ends before that byte'),
  'file changed': reply(451, 'The file changed meanwhile, ask again'),
  'server stopping': reply(426, 'The server is stopping'),
}

/** The answer to MLST (RFC 3659, 7.2). */
export const wasLooked = (facts: string): Reply => ({ code: 250, text: 'Facts', lines: [facts] })

/**
 * @param detail told to those whom it helps: people at a phone that was not let in, and the super user. Others hear
 * the short text only.
 */
export function refusalReply(reason: RefusalReason, detail?: string): Reply {
  const { ftp, text } = refusals[reason]
  const short = `${text[0]?.toUpperCase()}${text.slice(1)}`
  return { code: ftp, text: detail === undefined ? short : `${short}: ${printable(detail, 200)}` }
}

/** A reply as it goes over the wire (RFC 959, 4.2). */
export function wireText({ code, text, lines }: Reply): string {
  if (lines === undefined) return `${code} ${text}\r\n`
  return `${code}-${text}\r\n${lines.map((line) => ` ${line}\r\n`).join('')}${code} End\r\n`
}
