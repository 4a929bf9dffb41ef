import type { Clock } from '../../lib/base/clock.ts'
import { askHttp, type WebPlace } from './ask-http.ts'
import { fetchFtp, greetFtp } from './ask-ftp.ts'
import { askTftp } from './ask-tftp.ts'
import type { Asked } from './gaps.ts'
import { Saves } from './saves.ts'
import { likelyFiles, placeOf, type Targets } from './targets.ts'
import { whyFailed, WrongAnswer } from './timed.ts'

/** What one door is asked again and again. */
export interface Question {
  protocol: Asked
  what: string
  everyMs: number
  /** @returns the reign of whoever answered, where that is known. @throws when it was not answered well */
  ask(signal: AbortSignal): Promise<number | undefined>
}

export interface Questions {
  questions: Question[]
  saves: Saves | undefined
  /** What is not asked, and why. */
  notes: string[]
}

/** How long each door has to show what can be asked of it. */
const lookMs = 2_000

/** Looks what the doors behind the address have to offer to whoever asks from this host. */
export async function findQuestions(targets: Targets, { clock }: { clock: Clock }): Promise<Questions> {
  const found: Questions = { questions: [], saves: undefined, notes: [] }
  const tell = (protocol: Asked) => (error: unknown) =>
    void found.notes.push(`${protocol} is not measured: ${whyFailed(error)}`)
  const { http, tftpPort, ftpPort, vip } = targets
  if (http !== undefined) {
    const place = { ...http, host: vip }
    await findWeb(place, targets, found).catch(tell('http'))
    await findSaves(place, targets, found, clock).catch(tell('put'))
  }
  if (tftpPort !== undefined) await findTftp(tftpPort, targets, found).catch(tell('tftp'))
  if (ftpPort !== undefined) await findFtp(ftpPort, targets, found).catch(tell('ftp'))
  return found
}

/** A part is enough; the whole could be long. */
const firstBytes = { Range: 'bytes=0-255' }

async function findWeb(place: WebPlace, { everyMs }: Targets, found: Questions): Promise<void> {
  const get = (name: string, signal: AbortSignal) =>
    askHttp(place, { method: 'GET', path: `/${name}`, headers: firstBytes }, signal)
  const add = (name: string, what: string, good: readonly number[]) =>
    found.questions.push({
      protocol: 'http',
      what,
      everyMs,
      async ask(signal) {
        const { status, epoch } = await get(name, signal)
        if (!good.includes(status)) throw new WrongAnswer(`status ${status}`)
        return epoch
      },
    })
  let status = 0
  for (const name of likelyFiles) {
    ;({ status } = await get(name, AbortSignal.timeout(lookMs)))
    if (status === 200 || status === 206) return void add(name, name, [200, 206])
  }
  if (status !== 404) throw new WrongAnswer(`status ${status}`)
  add(likelyFiles[0], 'whether there is a file', [404])
  found.notes.push(
    `no file of ${likelyFiles.join(', ')} is there over http: that it is not is taken for an answer`,
  )
}

const usualCatchUpMs = 10_000

async function findSaves(
  place: WebPlace,
  { saving, nodes, everyMs, catchUpMs = usualCatchUpMs }: Targets,
  found: Questions,
  clock: Clock,
): Promise<void> {
  if (saving === undefined) throw new WrongAnswer('userData has no names for it')
  const saves = new Saves({ place, ...saving, nodes, catchUpMs }, { clock })
  await saves.save(AbortSignal.timeout(lookMs)).catch((error: unknown) => {
    throw new WrongAnswer(
      `this host may not save (${whyFailed(error)}); a row of userData.policies with its address and "open" lets it`,
    )
  })
  found.saves = saves
  found.questions.push({
    protocol: 'put',
    what: 'a small backup each',
    everyMs: 2 * everyMs,
    ask: async (signal) => (await saves.save(signal)).epoch,
  })
}

async function findTftp(port: number, { vip, everyMs }: Targets, found: Questions): Promise<void> {
  const place = placeOf(vip, port)
  const add = (name: string, what: string, good: string) =>
    found.questions.push({
      protocol: 'tftp',
      what,
      everyMs,
      async ask(signal) {
        const answer = await askTftp(place, name, signal)
        if (answer !== good) throw new WrongAnswer(answer)
        return undefined
      },
    })
  for (const name of likelyFiles) {
    const answer = await askTftp(place, name, AbortSignal.timeout(lookMs))
    if (answer === 'data') return void add(name, name, 'data')
  }
  add(likelyFiles[0], 'whether there is a file', 'not found')
}

/** What a phone fetches is a backup, so one of ours must be there, and a policy that lets us in by the file's name. */
async function findFtp(port: number, { vip, everyMs }: Targets, found: Questions): Promise<void> {
  const place = placeOf(vip, port)
  const file = found.saves?.anyFile
  const mayFetch = file !== undefined && (await works(fetchFtp(place, file, AbortSignal.timeout(lookMs))))
  if (!mayFetch) await greetFtp(place, AbortSignal.timeout(lookMs))
  found.questions.push({
    protocol: 'ftp',
    what: mayFetch ? 'login and a backup' : 'welcome and farewell',
    everyMs: 2 * everyMs,
    async ask(signal) {
      await (mayFetch ? fetchFtp(place, file, signal) : greetFtp(place, signal))
      return undefined
    },
  })
}

const works = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
