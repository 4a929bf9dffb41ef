/** How a phone reached us. FTP comes with the FTP door. */
export const protocols = ['http', 'https', 'tftp', 'ftp'] as const
export type Protocol = (typeof protocols)[number]

/** One of something for each protocol. */
export const perProtocol = <T>(make: (protocol: Protocol) => T): Record<Protocol, T> => ({
  http: make('http'),
  https: make('https'),
  tftp: make('tftp'),
  ftp: make('ftp'),
})
