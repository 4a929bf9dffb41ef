import type { Log } from '../base/log.ts'
import type { FtpCaller, View } from '../files/view.ts'
import type { DataChannel } from './data-channel.ts'
import { lastPartOf } from './paths.ts'
import { replies } from './replies.ts'
import type { Result, Work } from './state.ts'
import { DataTransfer, type TransferParts } from './transfer.ts'
import { failureOf, watched } from './watched.ts'

/** What takes somebody who is in. */
export type ViewWork = Exclude<Work, { do: 'login' | 'encrypt' }>

export interface ViewWorkParts extends TransferParts {
  view: View
  caller: FtpCaller
  channel: DataChannel
  log: Log
  /** What a client of that address is told to connect to for passive data. */
  passiveAddress: (client: string, local: string) => string
}

/** Does what a command asks for. Never rejects: faults are logged here. */
export async function doWork(work: ViewWork, parts: ViewWorkParts): Promise<Result> {
  const { view, caller, log } = parts
  try {
    if (work.do === 'transfer') return await new DataTransfer(work, parts).run()
    if (work.do === 'openPort') return await openPort(parts)
    if (work.do === 'look') return { type: 'found', entry: await view.look(work.path) }
    if (work.do === 'remove') await remove(work.path, parts)
    else if (work.do === 'rename') await view.rename(work.from, work.to)
    else await view[work.do](work.path)
    return { type: 'done' }
  } catch (error) {
    const failure = failureOf(error)
    if (failure.type === 'failed') {
      log.error({ address: caller.address, work: work.do, err: error }, 'ftp command failed')
    }
    return failure
  }
}

async function remove(path: string, parts: ViewWorkParts): Promise<void> {
  await watched(parts, { path }, async () => {
    await parts.view.remove(path)
    return { result: 'removed', bytes: 0, file: lastPartOf(path), code: replies.changed.code }
  })
}

async function openPort({ channel, caller, passiveAddress }: ViewWorkParts): Promise<Result> {
  const port = await channel.openPort()
  return { type: 'portOpen', address: passiveAddress(caller.address, caller.localAddress), port }
}
