import type { TestContext } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import type { Downloads } from '../../lib/files/service.ts'
import type { TftpCollaborators } from '../../lib/tftp/reception.ts'
import { TftpServer } from '../../lib/tftp/server.ts'
import { Outcomes } from './http.ts'
import { RawClient } from './tftp-client.ts'

export interface OpenTftp {
  server: TftpServer
  /** Port of the first address. */
  port: number
  outcomes: Outcomes
}

export interface TftpChanges {
  settings?: Partial<Config['tftp']>
  parts?: Partial<TftpCollaborators>
}

/** A TFTP door on a free port of 127.0.0.1, cut off when the test ends. */
export async function openTftp(
  t: TestContext,
  files: Downloads,
  { settings = {}, parts = {} }: TftpChanges = {},
): Promise<OpenTftp> {
  const outcomes = new Outcomes()
  const server = new TftpServer(
    { ...defaultConfig().tftp, addresses: ['127.0.0.1'], port: 0, ...settings },
    { files, activity: outcomes, clock: systemClock, log: silentLog, ...parts },
  )
  t.after(() => server.stop(AbortSignal.abort()))
  await server.start((reason) => {
    throw reason
  })
  return { server, port: server.status()[0]?.port ?? 0, outcomes }
}

/** A bare socket, closed when the test ends. */
export async function openRaw(t: TestContext, address?: string, port?: number): Promise<RawClient> {
  const client = await RawClient.open(address, port)
  t.after(() => client.close())
  return client
}
