import { join } from 'node:path'
import type { Probe } from '../probe.ts'
import { Missed, type Attempt } from './attempt.ts'
import { withCheckFile } from './check-file.ts'
import { checkFileName, folderOf } from './names.ts'
import { needsOfDoors, probeOf, type ProbeParts } from './parts.ts'
import { targetOf, type Target } from './target.ts'
import { readOverTftp, TftpRefused, type TftpFile } from './tftp-client.ts'

/** Reads a fresh file as phones do: old ones without options, younger ones with them. */
export function tftpProbe(parts: ProbeParts): Probe {
  const { addresses, port } = parts.config.tftp
  const target = targetOf(addresses, port, parts.config.watchdog.address)
  const identity = {
    name: `tftp ${port}`,
    about: { kind: 'door', protocol: 'tftp', port },
    dependsOn: needsOfDoors,
  } as const
  return probeOf(identity, parts, async (attempt) => {
    const name = checkFileName(parts.token)
    const path = join(folderOf(parts.config.data.folder, 'tftp'), name)
    await withCheckFile(attempt, { path, turns: parts.turns }, async (content) => {
      try {
        await readTwice(attempt, target, name, content)
      } catch (error) {
        if (!(error instanceof TftpRefused) || error.code !== accessViolation) throw error
        attempt.warnings.push(
          `the address list of TFTPdata keeps the watchdog out; add ${target.from} to TFTP_allow_IP.txt or allow_IP.txt there`,
        )
      }
    })
  })
}

/** RFC 1350, 5 */
const accessViolation = 2

async function readTwice(attempt: Attempt, target: Target, name: string, content: Buffer): Promise<void> {
  attempt.ask(`TFTP ${target.port} without options`)
  compare(await attempt.phase('read', () => readOverTftp(attempt, target, name)), content)
  attempt.ask(`TFTP ${target.port} with options`)
  const asked = { blksize: 1_024, tsize: 0 }
  const file = await attempt.phase('readWithOptions', () => readOverTftp(attempt, target, name, asked))
  compare(file, content)
  const size = file.granted?.get('tsize')
  if (size !== undefined && size !== String(content.length))
    throw new Missed(`it said the file has ${size} bytes, and it has ${content.length},`)
}

function compare({ bytes }: TftpFile, content: Buffer): void {
  if (bytes.equals(content)) return
  throw new Missed(
    `${bytes.length} bytes that are not those of the file; another program may be answering on this port`,
  )
}
