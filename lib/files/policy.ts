import type { FileKind } from './file-kind.ts'
import { parseFileName, type FileName } from './file-name.ts'
import type { RefusalReason } from './refusal.ts'

/** What the rules know about one request for a download. */
export interface DownloadFacts {
  kind: FileKind
  /** Undefined: no list stands in the folder, which means open. */
  list: { allowed: boolean; why: string } | undefined
  /** Asked for only when everything else is well, because asking takes a slot. */
  admitted: () => boolean
}

export type Decision =
  | { outcome: 'serve' }
  /** `instead`: what a refused phone may have, so that it stops asking and gets a safe minimum. */
  | { outcome: 'refuse'; reason: RefusalReason; why: string; instead: FileName | undefined }

const fallbackOf: Partial<Record<FileKind, FileName>> = {
  upgrade: parseFileName('fxd_upgrade.scr'),
  settings: parseFileName('fxd_settings.txt'),
}

export const allSlotsTaken = 'all client slots are taken (access.maxClients)'

/** Who may download: file kind, then address list, then session control. */
export function decideDownload({ kind, list, admitted }: DownloadFacts): Decision {
  if (kind === 'forbidden')
    return {
      outcome: 'refuse',
      reason: 'forbidden',
      why: 'files of this kind are never served',
      instead: undefined,
    }
  const instead = fallbackOf[kind]
  if (list !== undefined && !list.allowed)
    return { outcome: 'refuse', reason: 'forbidden', why: list.why, instead }
  if (!admitted())
    return {
      outcome: 'refuse',
      reason: 'busy',
      why: allSlotsTaken,
      instead,
    }
  return { outcome: 'serve' }
}
