import type { Config } from '../../lib/base/config.ts'
import type { WebPlace } from './ask-http.ts'
import type { Place } from './ask-tftp.ts'

/** Where to ask, and what for. */

export interface DrilledNode {
  name: string
  address: string
}

export interface Targets {
  /** The floating address. */
  vip: string
  nodes: readonly DrilledNode[]
  http?: Omit<WebPlace, 'host'>
  tftpPort?: number
  ftpPort?: number
  /** Where phones save: a path that ends in a slash, and what follows the extension in a name. */
  saving?: { folder: string; data: string }
  /** How often each door is asked; those that are dear half as often. */
  everyMs: number
  /** How long a node that has just come back may take to have everything that was saved. */
  catchUpMs?: number
}

/** Small files that a site is likely to have. */
export const likelyFiles = [
  '46xxsettings.txt',
  '46xxupgrade.scr',
  '96x1Supgrade.txt',
  'J100Supgrade.txt',
] as const

type Doors = Pick<Config, 'http' | 'https' | 'tftp' | 'ftp' | 'userData'>

/** What the settings say of the doors; both nodes have the same. */
export function targetsOf(config: Doors, place: Pick<Targets, 'vip' | 'nodes' | 'everyMs'>): Targets {
  const { tftp, ftp } = config
  const web = webOf(config)
  const saving = savingOf(config.userData)
  return {
    ...place,
    ...(web === undefined ? {} : { http: web }),
    ...(tftp.enabled ? { tftpPort: tftp.port } : {}),
    ...(ftp.enabled ? { ftpPort: ftp.port } : {}),
    ...(saving === undefined || web === undefined ? {} : { saving }),
  }
}

/** HTTPS costs the node a handshake each time, so it is asked only where there is nothing else. */
function webOf({ http, https }: Doors): Omit<WebPlace, 'host'> | undefined {
  const [plainPort] = http.ports
  if (http.enabled && plainPort !== undefined) return { port: plainPort, tls: false }
  const [tlsPort] = https.ports
  return https.enabled && tlsPort !== undefined ? { port: tlsPort, tls: true } : undefined
}

/** Our files are called like those of a user that nobody has. */
const extensionLength = 'drill'.length + 6 + 5

function savingOf({
  families,
  longestExtension,
  httpPaths,
}: Doors['userData']): { folder: string; data: string } | undefined {
  const known = families.flatMap(({ data }) => data)
  const data = known.find((name) => name === '96xxdata.txt') ?? known[0]
  const [folder] = httpPaths
  if (data === undefined || folder === undefined || longestExtension < extensionLength) return undefined
  return { folder, data }
}

/** @param token six hex digits, new for each drill */
export const drillFile = (token: string, count: number, data: string): string =>
  `drill${token}${String(count).padStart(5, '0')}_${data}`

export const placeOf = (host: string, port: number): Place => ({ host, port })
