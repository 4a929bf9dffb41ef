/** What is compared, with whom, and what we aim at. */
export interface Case {
  group: Group
  title: string
  load: Load
  /** Peers, each with the least ratio of ours to theirs we aim at; undefined: shown only. */
  peers: Partial<Record<PeerName, number | undefined>>
}

export type PeerName = 'nginx' | 'tftpd-hpa' | 'atftpd' | 'dnsmasq' | 'vsftpd'
export type Load = TftpLoad | WebLoad | FtpLoad

export interface TftpLoad {
  door: 'tftp'
  file: FileName
  clients: number
  /** Transfers of one run. */
  files: number
  blockSize: number
  windowSize: number
}

export interface WebLoad {
  door: 'http' | 'https'
  file: FileName
  connections: number
  seconds: number
  keepAlive: boolean
  /** What counts: requests for small files, megabytes for large ones. */
  unit: 'requests/s' | 'handshakes/s' | 'MB/s'
}

export interface FtpLoad {
  door: 'ftp'
  /** What each session does between login and QUIT, over a passive data connection. */
  does: 'fetch' | 'store'
  /** The content; each client has names of its own. */
  file: FileName
  clients: number
  /** Sessions of one run. */
  sessions: number
  unit: 'sessions/s' | 'MB/s'
}

export const groups = ['tftp', 'http', 'tls', 'ftp'] as const
export type Group = (typeof groups)[number]

/** Files that every server serves, in bytes. */
export const fileSizes = {
  '1k.bin': 1_024,
  '8k.bin': 8_192,
  '20k.bin': 20_480,
  '512k.bin': 524_288,
  '20m.bin': 20_971_520,
} as const
export type FileName = keyof typeof fileSizes

const lockstep = { door: 'tftp', clients: 100, windowSize: 1 } as const
const shown = undefined

export const cases: readonly Case[] = [
  {
    group: 'tftp',
    title: '100 clients, 512 KB, 512 B blocks',
    load: { ...lockstep, file: '512k.bin', files: 500, blockSize: 512 },
    peers: { 'tftpd-hpa': 2, atftpd: 1.2, dnsmasq: 0.8 },
  },
  {
    group: 'tftp',
    title: '100 clients, 20 KB, 512 B blocks',
    load: { ...lockstep, file: '20k.bin', files: 6_000, blockSize: 512 },
    peers: { 'tftpd-hpa': shown, atftpd: shown, dnsmasq: shown },
  },
  {
    group: 'tftp',
    title: '100 clients, 512 KB, 1468 B blocks',
    load: { ...lockstep, file: '512k.bin', files: 1_000, blockSize: 1_468 },
    peers: { 'tftpd-hpa': shown, atftpd: shown, dnsmasq: shown },
  },
  {
    group: 'tftp',
    title: '100 clients, 512 KB, 1468 B, window 16',
    load: { ...lockstep, file: '512k.bin', files: 1_500, blockSize: 1_468, windowSize: 16 },
    peers: { atftpd: 1.2 },
  },
  {
    group: 'http',
    title: '8 KB, a new connection each',
    load: { door: 'http', file: '8k.bin', connections: 50, seconds: 4, keepAlive: false, unit: 'requests/s' },
    peers: { nginx: 0.85 },
  },
  {
    group: 'http',
    title: '8 KB, keep-alive',
    load: { door: 'http', file: '8k.bin', connections: 50, seconds: 4, keepAlive: true, unit: 'requests/s' },
    peers: { nginx: 0.5 },
  },
  {
    group: 'http',
    title: '20 MB, keep-alive',
    load: { door: 'http', file: '20m.bin', connections: 10, seconds: 4, keepAlive: true, unit: 'MB/s' },
    peers: { nginx: 1.8 },
  },
  {
    group: 'tls',
    title: 'full handshakes, TLS 1.2, RSA-2048, 1 KB',
    load: {
      door: 'https',
      file: '1k.bin',
      connections: 20,
      seconds: 4,
      keepAlive: false,
      unit: 'handshakes/s',
    },
    peers: { nginx: 0.8 },
  },
  {
    group: 'ftp',
    title: 'store 20 KB, 20 clients',
    load: { door: 'ftp', does: 'store', file: '20k.bin', clients: 20, sessions: 1_500, unit: 'sessions/s' },
    peers: { vsftpd: 1.5 },
  },
  {
    group: 'ftp',
    title: 'fetch 20 KB, 20 clients',
    load: { door: 'ftp', does: 'fetch', file: '20k.bin', clients: 20, sessions: 1_500, unit: 'sessions/s' },
    peers: { vsftpd: 1 },
  },
  {
    group: 'ftp',
    title: 'fetch 20 KB, one session after the other',
    load: { door: 'ftp', does: 'fetch', file: '20k.bin', clients: 1, sessions: 600, unit: 'sessions/s' },
    peers: { vsftpd: 1 },
  },
  {
    group: 'ftp',
    title: 'fetch 20 MB, 10 clients',
    load: { door: 'ftp', does: 'fetch', file: '20m.bin', clients: 10, sessions: 300, unit: 'MB/s' },
    peers: { vsftpd: 0.7 },
  },
]
