import type { Log } from '../base/log.ts'
import type { FinishedTransfer, TransferListener, TransferResult } from './activity.ts'

/** Stable event names: administrators' scripts look for them. */
const events: Record<TransferResult, string> = {
  sent: 'file sent',
  unchanged: 'file unchanged',
  stored: 'file stored',
  removed: 'file removed',
  refused: 'file refused',
  broken: 'transfer broken',
}

/** Writes one line for each transfer. */
export function transferLog(log: Log): TransferListener {
  return (finished) => {
    const fields = transferFields(finished)
    if (finished.result === 'broken') log.warn(fields, events.broken)
    else log.info(fields, events[finished.result])
  }
}

/** The watchdog's transfers, for whoever looks closely. */
export function probeLog(log: Log): TransferListener {
  return (finished) => log.debug(transferFields(finished), 'probe answered')
}

/** What the log and the live view tell of a transfer; what is unknown is left out. */
function transferFields({
  phone,
  address,
  protocol,
  port,
  upload,
  asked,
  file,
  bytes,
  ms,
  code,
  etag,
  reason,
  detail,
  retries,
  fallback,
  kind,
}: FinishedTransfer) {
  return {
    address,
    ...(phone === undefined ? {} : { phone }),
    protocol,
    port,
    upload,
    asked,
    file,
    kind,
    bytes,
    ms,
    code,
    etag,
    reason,
    detail,
    retries,
    fallback,
  }
}
