import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { seededRandom } from '../../../support/random.ts'
import { everything, openUserStore, stagingOf } from '../../../support/user-store.ts'
import { victimPath } from '../../../support/victims.ts'

// For a long run: CRASH_ROUNDS=1000 CRASH_SEED=7 node --test test/lib/users/store/random-crash.test.ts
const rounds = Number(process.env['CRASH_ROUNDS'] ?? 30)
const seed = Number(process.env['CRASH_SEED'] ?? 1)
const victim = victimPath('user-store-victim.ts')

interface Attempt {
  id: string
  kind: string
  name: string
  /** Where a renamed file goes. */
  other: string
  done: boolean
}

test(`no acknowledged backup is lost in ${rounds} kills at random moments (seed ${seed})`, async (t) => {
  const folder = await temporaryFolder(t)
  const random = seededRandom(seed)
  const acknowledged = new Set<string>()
  for (let round = 0; round < rounds; round += 1) {
    const said = await killAfter(random() * 250, ['random', folder, String(seed * 100_000 + round)])
    const attempts = attemptsOf(said)
    for (const { id, kind, done } of attempts) if (kind === 'put' && done) acknowledged.add(id)
    await check(t, { folder, round: `round ${round}`, attempts, acknowledged })
  }
  assert.ok(acknowledged.size > rounds, 'the writers came to nothing')
  t.diagnostic(`${acknowledged.size} backups were acknowledged`)
})

interface Round {
  folder: string
  round: string
  attempts: readonly Attempt[]
  acknowledged: ReadonlySet<string>
}

async function check(t: TestContext, { folder, round, attempts, acknowledged }: Round): Promise<void> {
  const { store, stop, alarms, logged } = await openUserStore(t, { dataFolder: folder, versions: 1_000_000 })
  const found = new Set<string>()
  for (const name of new Set([...store.files(), ...store.deleted()].map((record) => record.name))) {
    for (const { op, seq } of store.versions(name))
      if (op === 'put') found.add(idOf(await store.readVersion(name, seq)))
  }
  const missing = [...acknowledged].filter((id) => !found.has(id))
  assert.deepEqual(missing, [], `${round}: acknowledged, and gone`)
  for (const name of new Set(attempts.flatMap((attempt) => [attempt.name, attempt.other])))
    if (name !== '-') await checkStanding(store, name, attempts, round)
  assert.deepEqual(stagingOf(folder), [], round)
  assert.deepEqual([alarms.list(), logged.filter(({ msg }) => msg !== cut)], [[], []], round)
  await stop()
  const disk = everything(folder)
  await (await openUserStore(t, { dataFolder: folder, versions: 1_000_000 })).stop()
  assert.deepEqual(everything(folder), disk, `${round}: a second restart changes nothing`)
}

const cut = 'unfinished record cut from the journal of user data'

/** What stands is what was done last to that name, or something that was still under way. */
async function checkStanding(
  store: Awaited<ReturnType<typeof openUserStore>>['store'],
  name: string,
  attempts: readonly Attempt[],
  round: string,
): Promise<void> {
  const [newest] = store.versions(parseFileName(name))
  const touching = attempts.filter((attempt) => attempt.name === name || attempt.other === name)
  const last = touching.findLast(({ done }) => done)
  const possible = touching.filter((attempt) => attempt === last || !attempt.done)
  if (last === undefined || newest === undefined) return
  const isDeletion = ({ kind, name: from }: Attempt) =>
    kind === 'delete' || (kind === 'rename' && from === name)
  if (newest.op === 'delete') return assert.ok(possible.some(isDeletion), `${round}: ${name} is deleted`)
  const stands = idOf((await store.read(parseFileName(name))).content ?? Buffer.alloc(0))
  const couldBe = possible.some(
    (attempt) =>
      (attempt.kind === 'put' && attempt.id === stands) || (attempt.kind !== 'put' && !isDeletion(attempt)),
  )
  assert.ok(couldBe, `${round}: ${name} has ${stands}`)
}

/** The first line of the content, which must be whole: see the victim. */
function idOf(content: Buffer): string {
  const [id = '', rest = ''] = content.toString().split('\n')
  assert.match(rest, /^x*$/)
  return id
}

/** In the order in which they were done; those that were not done come last. */
function attemptsOf(said: string): Attempt[] {
  const open = new Map<string, Attempt>()
  const done: Attempt[] = []
  for (const line of said.split('\n').slice(0, -1)) {
    const [what, id = '', kind = '', name = '', other = ''] = line.split(' ')
    if (what === 'begin')
      open.set(id, { id, kind, name, other: kind === 'rename' ? other : '-', done: false })
    const attempt = open.get(id)
    if (what === 'begin' || attempt === undefined) continue
    open.delete(id)
    if (what === 'done') done.push({ ...attempt, done: true })
  }
  return [...done, ...open.values()]
}

/** Starts the victim and kills it once it has worked for a while; every third time while it starts. */
async function killAfter(ms: number, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [victim, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const started = Promise.withResolvers<void>()
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    started.resolve()
  })
  const ended = once(child, 'close')
  if (ms > 80) await Promise.race([started.promise, ended])
  await delay(ms > 80 ? ms - 80 : ms * 4)
  child.kill('SIGKILL')
  const [, signal] = (await ended) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', 'it ended by itself')
  return said
}
