import { runComponents } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import { openLog } from '../lib/base/log.ts'
import { inputEnd, listenForStop, onHangup } from '../lib/base/process.ts'
import { assembleFileserver, type Fileserver } from './assemble.ts'

/** How long transfers under way may take to end once the server was asked to stop. */
const graceMs = 10_000

export interface RunOptions {
  /** Called once all doors are open. */
  onReady?: (fileserver: Fileserver) => void
  graceMs?: number
  /** Also stops when standard input ends. */
  untilInputEnds?: boolean
}

/** Runs a file server until the process is asked to stop. @throws the first cause when it cannot start or breaks */
export async function runFileserver(config: Config, options: RunOptions = {}): Promise<void> {
  const opened = openLog('fileserver', config.log)
  const { log } = opened
  const stop = listenForStop((signal) => log.info({ signal }, 'stop asked for'))
  const ended = options.untilInputEnds === true ? inputEnd() : new AbortController().signal
  const fileserver = assembleFileserver(config, opened)
  const forgetHangup = onHangup(() => {
    try {
      fileserver.reload()
    } catch (error) {
      log.error({ err: error }, 'reload failed')
    }
  })
  try {
    await runComponents(fileserver.parts, {
      until: AbortSignal.any([stop.signal, ended]),
      graceMs: options.graceMs ?? graceMs,
      log,
      ready() {
        log.info({ doors: fileserver.snapshot().doors }, 'ready')
        options.onReady?.(fileserver)
      },
    })
    log.info('stopped')
  } catch (error) {
    log.fatal({ err: error }, 'file server failed')
    throw error
  } finally {
    forgetHangup()
    stop.dispose()
    await opened.close()
  }
}
