import { writeSync } from 'node:fs'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { silentLog } from '../../lib/base/log.ts'
import { parseFileName } from '../../lib/files/file-name.ts'
import type { Step } from '../../lib/users/store/steps.ts'
import { UserStore, type Origin } from '../../lib/users/store/user-store.ts'
import { seededRandom } from './random.ts'

// A process of its own that is killed in the middle of its work (test/lib/users/store/crash.test.ts). It says on
// standard output what was acknowledged. Arguments: `step <folder> <operation> <step>`, which kills itself at that
// step; `random <folder> <seed>`, which works until it is killed; `nobody <folder> <operation>`, without privileges.
const [mode = '', folder = '', first = '', last = ''] = process.argv.slice(2)
const by: Origin = { protocol: 'http', address: '127.0.0.1' }
let deadly: string | undefined

const store = new UserStore(
  {
    dataFolder: folder,
    maxBytes: 1_048_576,
    versions: mode === 'random' ? 1_000_000 : 2, // all of them, so that each can be looked for
    binDays: 90,
    shrinkPercent: 100,
    compactAtBytes: mode === 'random' ? 60_000 : 4_194_304,
  },
  {
    clock: systemClock,
    log: silentLog,
    alarms: new Alarms({ clock: systemClock, log: silentLog }),
    onStep: (step: Step) => {
      if (step === deadly) process.kill(process.pid, 'SIGKILL')
    },
  },
)
const say = (line: string) => writeSync(1, `${line}\n`)
const put = (name: string, text: string) => store.putContent(parseFileName(name), Buffer.from(text), by)

const operations: Record<string, () => Promise<unknown>> = {
  new: () => put('new.txt', 'first'),
  'new in a folder': () => put('00040d123456/00040d123456-boot.log', 'first'),
  replace: () => put('old.txt', 'third'),
  delete: () => store.remove(parseFileName('old.txt'), by),
  undelete: () => store.undelete(parseFileName('gone.txt'), by),
  rename: () => store.rename(parseFileName('old.txt'), parseFileName('other.txt'), by),
  // Starting anew on a journal that has more than is needed compacts it.
  compaction: async () => {
    await store.stop(AbortSignal.timeout(5_000))
    const { pathname } = new URL(import.meta.url)
    process.execve?.(process.execPath, [process.execPath, pathname, 'start', folder, last], process.env)
  },
}

if (mode === 'step') {
  await store.start(() => {})
  for (const text of ['zeroth', 'first', 'second']) await put('old.txt', text)
  await put('other.txt', 'other')
  await put('gone.txt', 'gone')
  await store.remove(parseFileName('gone.txt'), by)
  deadly = last
  await operations[first]?.()
  say('acknowledged')
  await store.stop(AbortSignal.timeout(5_000))
} else if (mode === 'nobody') {
  process.setegid?.(65_534)
  process.seteuid?.(65_534)
  await store.start(() => {})
  await operations[first]?.()
  say('acknowledged')
  await store.stop(AbortSignal.timeout(5_000))
} else if (mode === 'start') {
  deadly = first
  await store.start(() => {})
  say('acknowledged')
  await store.stop(AbortSignal.timeout(5_000))
} else {
  await store.start(() => {})
  say('started')
  const random = seededRandom(Number(first))
  await Promise.all(Array.from({ length: 5 }, (_, writer) => work(writer, random)))
}

/** Each line tells one attempt: `begin <id> put <name> <content>`, later `done <id>`. */
async function work(writer: number, random: () => number): Promise<never> {
  for (let count = 0; ; count += 1) {
    const id = `${first}-${writer}-${count}`
    const [name, other] = [nameBy(random), nameBy(random)]
    const kind = random()
    try {
      if (kind < 0.7 || name === other)
        await attempt(id, `put ${name} ${id}`, () => put(name, longer(id, random)))
      else if (kind < 0.85) await attempt(id, `delete ${name} -`, () => store.remove(parseFileName(name), by))
      else if (kind < 0.95)
        await attempt(id, `undelete ${name} -`, () => store.undelete(parseFileName(name), by))
      else
        await attempt(id, `rename ${name} ${other}`, () =>
          store.rename(parseFileName(name), parseFileName(other), by),
        )
    } catch {
      say(`refused ${id}`)
    }
  }
}

async function attempt(id: string, what: string, task: () => Promise<unknown>): Promise<void> {
  say(`begin ${id} ${what}`)
  await task()
  say(`done ${id}`)
}

function nameBy(random: () => number): string {
  return `${Math.floor(random() * 6)}_96xxdata.txt`
}

function longer(id: string, random: () => number): string {
  return `${id}\n${'x'.repeat(random() * 5_000)}`
}
