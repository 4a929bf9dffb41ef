import type { StoredFile } from './stored-file.ts'
import type { Upload } from './upload.ts'

export interface Entry {
  name: string
  kind: 'file' | 'folder'
  size: number
  changedAt: Date
}

/**
 * What somebody who logged in by FTP sees. Paths are whole: they begin with `/`, which is the top of the view, have
 * no `.` or `..` in them and do not end with a slash; everything else about them is for the view to judge.
 * All methods throw a Refusal for what is not there or not allowed.
 */
export interface View {
  /** A phone has its own files and no folders; the super user has the data folders. */
  readonly kind: 'phone' | 'superUser'
  /** Who that is, for the reply to the login and the log: `extension 4711 (4621)`, `super user mvuser`. */
  readonly who: string
  /** Whether that is a folder one can be in. */
  enter(path: string): Promise<void>
  list(path: string): Promise<Entry[]>
  look(path: string): Promise<Entry>
  read(path: string): Promise<StoredFile>
  store(path: string, how: 'replace' | 'append'): Promise<Upload>
  remove(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  makeFolder(path: string): Promise<void>
  removeFolder(path: string): Promise<void>
}

/** Who came to the FTP door, before it is known what they may see. */
export interface FtpCaller {
  /** Canonical address of the client. */
  address: string
  /** Local port that was asked. */
  port: number
  /** Local address that was asked. */
  localAddress: string
  encrypted: boolean
}

export interface Logins {
  /** What to say to USER: a super user must not send a password in the clear. */
  mayAskPassword(caller: FtpCaller, name: string): boolean
  /**
   * The super user, by name and password, or the phone at that address.
   * @throws Refusal `unidentified` with a detail that helps the person who reads the phone's screen or the log
   */
  login(caller: FtpCaller, name: string, password: string): Promise<View>
}
