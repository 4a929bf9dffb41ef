import { join } from 'node:path'
import { perProtocol, type Protocol } from '../base/protocol.ts'

/** The folders phones see, by the names administrators know. */
export const rootNames: Record<Protocol, string> = {
  http: 'HTTPdata',
  https: 'HTTPSdata',
  tftp: 'TFTPdata',
  ftp: 'FTPdata',
}

export const rootOf = (dataFolder: string, protocol: Protocol): string =>
  join(dataFolder, rootNames[protocol])

/** Address list files, the specific one first: it wins over the generic one. */
export const listNames = (protocol: Protocol): readonly string[] => [
  `${protocol.toUpperCase()}_allow_IP.txt`,
  'allow_IP.txt',
]

export const allRoots = (dataFolder: string): Record<Protocol, string> =>
  perProtocol((protocol) => rootOf(dataFolder, protocol))
