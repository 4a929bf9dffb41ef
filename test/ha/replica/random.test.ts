import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { parseFileName, type FileName } from '../../../lib/files/file-name.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { seededRandom } from '../../support/random.ts'
import { startReplicas, untilSynced, type TestNode, type TestPair } from '../../support/replicas.ts'
import { until } from '../../support/until.ts'
import { contentOf, save } from '../../support/user-store.ts'

// For a long run: REPLICA_SECONDS=600 REPLICA_SEED=7 node --test test/ha/replica/random.test.ts
const seconds = Number(process.env['REPLICA_SECONDS'] ?? 8)
const seed = Number(process.env['REPLICA_SEED'] ?? 1)

interface Attempt {
  name: FileName
  content: string
  outcome: 'acknowledged' | 'unknown'
  /** By the clock of the test. */
  from: number
  to: number
}

test(`whatever happens for ${seconds} s, what was acknowledged is on both nodes in the end (seed ${seed})`, async (t) => {
  const pair = await startReplicas(t, {
    pair: { replicateMs: 250 },
    store: { versions: 1_000 },
    b: { relayed: true },
  })
  const random = seededRandom(seed)
  const nemesis = new Nemesis(pair, random)
  const attempts: Attempt[] = []
  const end = systemClock.now() + seconds * 1_000
  const writers = Array.from({ length: 4 }, (_, writer) => write(nemesis, attempts, { writer, random, end }))
  while (systemClock.now() < end) {
    await delay(random() * 400)
    await nemesis.strike()
  }
  await Promise.all(writers)
  await nemesis.heal()
  await audit(t, nemesis, attempts)
})

/** What goes wrong, and who is what at the moment. */
class Nemesis {
  readonly nodes: Record<'node-a' | 'node-b', TestNode>
  readonly #pair: TestPair
  readonly #random: () => number
  readonly done: Record<string, number> = {}

  constructor(pair: TestPair, random: () => number) {
    this.#pair = pair
    this.#random = random
    this.nodes = { 'node-a': pair.a, 'node-b': pair.b }
  }

  get active(): TestNode {
    return this.nodes[this.#pair.agents.active]
  }

  async strike(): Promise<void> {
    const chance = this.#random()
    if (chance < 0.5) await this.#takeOver()
    else if (chance < 0.7) await this.#cut()
    else if (chance < 0.85) await this.#restart()
    else this.#muddle()
  }

  async heal(): Promise<void> {
    this.#pair.agents.answers = []
    this.#pair.tell()
    await untilSynced(this.active).catch((cause: unknown) => {
      const states = Object.values(this.nodes).map(({ name, replica, recorded }) => ({
        name,
        status: replica.status(),
        log: recorded.text().split('\n').slice(-12),
      }))
      throw new Error(JSON.stringify(states, undefined, 1), { cause })
    })
  }

  #count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1
  }

  /** Only a node that has everything can; the old one may hear of it later. */
  async #takeOver(): Promise<void> {
    const { agents, takeOver, tell } = this.#pair
    const other = agents.active === 'node-a' ? 'node-b' : 'node-a'
    const isThere = () => (agents.insync.includes(other) ? true : undefined)
    if (!(await until(isThere, 1_500).catch(() => false))) return
    this.#count('take over')
    if (this.#random() < 0.5) return takeOver(other)
    agents.active = other
    agents.epoch += 1
    agents.insync = [other]
    await delay(this.#random() * 200)
    tell()
  }

  async #cut(): Promise<void> {
    this.#count('cut')
    const { relay } = this.#pair
    if (this.#random() < 0.3) return relay.swallow()
    await relay.cut()
    await delay(this.#random() * 700)
    await relay.mend()
  }

  async #restart(): Promise<void> {
    this.#count('restart')
    const name = this.#random() < 0.5 ? 'node-a' : 'node-b'
    this.nodes[name] = await this.#pair.restart(name)
  }

  #muddle(): void {
    this.#count('etcd')
    const { agents } = this.#pair
    if (agents.answers.length < 3) agents.answers.push({ status: 503, happens: this.#random() < 0.5 })
  }
}

/** Files of their own, and some that all write to. */
async function write(
  nemesis: Nemesis,
  attempts: Attempt[],
  { writer, random, end }: { writer: number; random: () => number; end: number },
): Promise<void> {
  for (let count = 0; systemClock.now() < end; count += 1) {
    const content = `${writer}-${count}`
    const shared = random() < 0.3
    const name = parseFileName(shared ? `shared${Math.floor(random() * 3)}.txt` : `${content}.txt`)
    const attempt: Attempt = { name, content, outcome: 'unknown', from: systemClock.now(), to: Infinity }
    attempts.push(attempt)
    try {
      await save(nemesis.active.store, name, content)
      attempt.outcome = 'acknowledged'
    } catch {
      // It may be there, or not.
    }
    attempt.to = systemClock.now()
    await delay(random() * 10)
  }
}

async function audit(
  t: TestContext,
  { nodes, active, done }: Nemesis,
  attempts: readonly Attempt[],
): Promise<void> {
  const both = Object.values(nodes)
  const acknowledged = attempts.filter(({ outcome }) => outcome === 'acknowledged')
  await until(() => {
    const [root, other] = both.map(({ store }) => store.twin.root())
    return root !== undefined && root.root === other?.root ? true : undefined
  })
  const byName = Map.groupBy(attempts, ({ name }) => name)
  for (const { store, name: node } of both) {
    for (const [name, ofName] of byName) {
      const stands = await contentOf(store, name).catch(() => undefined)
      const possible = [...whatCouldStand(ofName)]
      assert.ok(possible.includes(stands), `${name} on ${node} is ${stands}, and not ${possible.join(', ')}`)
    }
    assert.ok(
      store.files().every(({ name }) => byName.has(name)),
      'nobody stored that',
    )
  }
  await checkRescued(both, acknowledged)
  const { epoch } = active.replica.status()
  t.diagnostic(
    `${acknowledged.length} of ${attempts.length} acknowledged, epoch ${epoch}, ${JSON.stringify(done)}`,
  )
  assert.ok(acknowledged.length > 20, 'the writers came to nothing')
}

/** What nothing that was acknowledged has overwritten for certain; nothing at all, where nothing was acknowledged. */
function* whatCouldStand(attempts: readonly Attempt[]): Generator<string | undefined> {
  const acknowledged = attempts.filter(({ outcome }) => outcome === 'acknowledged')
  if (acknowledged.length === 0) yield undefined
  const lastBegun = Math.max(...acknowledged.map(({ from }) => from))
  for (const { to, content } of attempts) if (to >= lastBegun) yield content
}

/** Only what was never acknowledged had to give way. */
async function checkRescued(nodes: readonly TestNode[], acknowledged: readonly Attempt[]): Promise<void> {
  for (const { store } of nodes) {
    for (const { id, name, hash } of await store.twin.rescue.list()) {
      if (hash === undefined) continue
      const content = (await store.twin.rescue.read(id)).content.toString()
      const was = acknowledged.find((each) => each.name === name && each.content === content)
      assert.equal(was, undefined, `${name} with ${content} was acknowledged, and rescued as ${id}`)
    }
  }
}
