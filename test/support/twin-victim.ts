import { rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { silentLog } from '../../lib/base/log.ts'
import { parseFileName } from '../../lib/files/file-name.ts'
import type { Step } from '../../lib/users/store/steps.ts'
import { UserStore, type Origin } from '../../lib/users/store/user-store.ts'
import { copyAll, reseed, TestGate } from './twins.ts'

// A process of its own that is killed while it follows (test/lib/users/twin/crash.test.ts). Below `folder` are the data
// of the active node in `a` and of the one that follows in `b`; that one kills the process at its step. Arguments:
// `follow <folder> <operation> <step>` or `reseed <folder> - <step>`.
const [mode = '', folder = '', operation = '', last = ''] = process.argv.slice(2)
const by: Origin = { protocol: 'http', address: '127.0.0.1' }
let deadly: string | undefined

const open = (name: string, onStep: (step: Step) => void) =>
  new UserStore(
    {
      dataFolder: join(folder, name),
      maxBytes: 1_048_576,
      versions: 2,
      binDays: 90,
      shrinkPercent: 100,
    },
    {
      clock: systemClock,
      log: silentLog,
      onStep,
      gate: new TestGate(),
      alarms: new Alarms({ clock: systemClock, log: silentLog }),
    },
  )
const a = open('a', () => {})
const b = open('b', (step) => {
  if (step === deadly) process.kill(process.pid, 'SIGKILL')
})
const put = (name: string, text: string, store = a) =>
  store.putContent(parseFileName(name), Buffer.from(text), by)

const operations: Record<string, () => Promise<unknown>> = {
  'new in a folder': () => put('00040d123456/00040d123456-boot.log', 'first'),
  replace: () => put('old.txt', 'third'),
  delete: () => a.remove(parseFileName('old.txt'), by),
  rename: () => a.rename(parseFileName('old.txt'), parseFileName('other.txt'), by),
  'by hand': () => {
    writeFileSync(join(folder, 'a/FTPdata/old.txt'), 'written by hand')
    return a.takeIn(parseFileName('old.txt'))
  },
  'removed by hand': () => {
    rmSync(join(folder, 'a/FTPdata/old.txt'))
    return a.takeIn(parseFileName('old.txt'))
  },
}

for (const store of [a, b]) await store.start(() => {})
await a.twin.lead(1)
for (const text of ['zeroth', 'first', 'second']) await put('old.txt', text)
await put('other.txt', 'other')
await put('gone.txt', 'gone')
await a.remove(parseFileName('gone.txt'), by)
await copyAll(a, b)
if (mode === 'follow') {
  await operations[operation]?.()
  await a.stop(AbortSignal.timeout(5_000))
  const source = open('a', () => {})
  await source.start(() => {})
  deadly = last
  await copyAll(source, b)
  await source.stop(AbortSignal.timeout(5_000))
} else {
  await b.twin.lead(2)
  await put('old.txt', 'only here', b)
  await put('new.txt', 'nor there', b)
  await b.remove(parseFileName('other.txt'), by)
  await b.twin.standBy()
  await a.twin.lead(3)
  await put('gone.txt', 'back')
  await put('old.txt', 'third')
  await put('another.txt', 'third')
  await a.stop(AbortSignal.timeout(5_000))
  const source = open('a', () => {})
  await source.start(() => {})
  deadly = last
  await reseed(source, b)
  await source.stop(AbortSignal.timeout(5_000))
}
writeSync(1, 'done\n')
await b.stop(AbortSignal.timeout(5_000))
