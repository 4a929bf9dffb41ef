import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vip, type PairNode } from './pair-node.ts'
import type { Pair } from './pair.ts'
import type { Program } from './program.ts'
import { until } from './until.ts'

/** What a client felt while something happened to a pair, and whether the pair kept its promises. Times: monotonic ms. */

interface Got {
  kind: 'get'
  at: number
  end: number
  ok: boolean
  epoch: number
}

interface Tried {
  kind: 'try'
  at: number
  name: string
  sum: string
}

interface Put {
  kind: 'put'
  at: number
  end: number
  outcome: 'yes' | 'no' | 'unknown'
  name: string
  sum: string
  status?: number
  epoch: number
}

interface Held {
  kind: 'vip'
  at: number
  has: boolean
}

type Line = Got | Tried | Put | Held

export interface Felt {
  gets: Got[]
  puts: Put[]
  tries: Tried[]
  /** Longest time, by the start of requests, in which none was answered well. */
  getGapMs: number
  putGapMs: number
  acknowledged: number
  epochs: number[]
}

export interface Traffic {
  /** Ends the clients, and tells what they felt so far. */
  stop(): Promise<Felt>
}

const program = new URL('pair-traffic.ts', import.meta.url).pathname
let extension = 5_000

export interface TrafficOptions {
  fetchEveryMs?: number
  /** 0: none. */
  savesPerSecond?: number
  /** False: what is watched is no pair of ours, and has promised nothing. */
  audit?: boolean
}

/** A client that fetches and saves through the floating address, and somebody who looks who has it. */
export async function beginTraffic(pair: Pair, options: TrafficOptions = {}): Promise<Traffic> {
  const { fetchEveryMs = 10, savesPerSecond = 20, audit = true } = options
  extension += 40
  const watchers = [pair.a, pair.b].map(({ host }) => host.startNode([program, 'holder', vip]))
  const clients = [
    pair.client.startNode([program, 'fetch', vip, String(fetchEveryMs)]),
    ...(savesPerSecond === 0
      ? []
      : [pair.client.startNode([program, 'save', vip, String(savesPerSecond), String(extension)])]),
  ]
  await Promise.all([...watchers, ...clients].map((each) => each.says('{')))
  return {
    async stop() {
      await ended(clients)
      await ended(watchers)
      const lines = clients.flatMap(linesOf)
      const [a = [], b = []] = watchers.map((watcher) => spellsOf(linesOf(watcher)))
      const felt = feltFrom(lines)
      if (!audit) return felt
      checkOneHolder(a, b)
      checkEpochs(felt)
      await checkSaves(pair, felt)
      return felt
    },
  }
}

async function ended(programs: readonly Program[]): Promise<void> {
  for (const { child } of programs) child.kill('SIGTERM')
  await Promise.all(programs.map((each) => each.ended))
}

const linesOf = (each: Program): Line[] =>
  each
    .output()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))

function feltFrom(lines: readonly Line[]): Felt {
  const gets = lines.filter((line) => line.kind === 'get').toSorted((x, y) => x.at - y.at)
  const puts = lines.filter((line) => line.kind === 'put').toSorted((x, y) => x.at - y.at)
  return {
    gets,
    puts,
    tries: lines.filter((line) => line.kind === 'try'),
    getGapMs: longestGap(gets.map(({ at, ok }) => ({ at, ok }))),
    putGapMs: longestGap(puts.map(({ at, outcome }) => ({ at, ok: outcome === 'yes' }))),
    acknowledged: puts.filter(({ outcome }) => outcome === 'yes').length,
    epochs: [...new Set([...gets, ...puts].flatMap(({ epoch }) => epoch || []))].toSorted((x, y) => x - y),
  }
}

/** From the last good request before a bad one to the next good one. */
function longestGap(asked: readonly { at: number; ok: boolean }[]): number {
  let longest = 0
  let lastGood = asked[0]?.at ?? 0
  let bad = false
  for (const { at, ok } of asked) {
    if (ok && bad) longest = Math.max(longest, at - lastGood)
    if (ok) lastGood = at
    bad = !ok
  }
  return bad ? Math.max(longest, (asked.at(-1)?.at ?? 0) - lastGood) : longest
}

interface Spell {
  from: number
  to: number
}

function spellsOf(lines: readonly Line[]): Spell[] {
  const spells: Spell[] = []
  for (const line of lines) {
    if (line.kind !== 'vip') continue
    const last = spells.at(-1)
    if (line.has) spells.push({ from: line.at, to: Infinity })
    else if (last !== undefined) last.to = line.at
  }
  return spells
}

/** I1: at most one node has the floating address at any instant. */
function checkOneHolder(a: readonly Spell[], b: readonly Spell[]): void {
  for (const one of a)
    for (const other of b) {
      const overlapMs = Math.min(one.to, other.to) - Math.max(one.from, other.from)
      assert.ok(overlapMs <= 0, `both nodes had the floating address for ${overlapMs} ms`)
    }
}

/** I3: for one client the epoch never goes back. */
function checkEpochs({ gets, puts }: Felt): void {
  const answers = [...gets, ...puts].filter(({ epoch }) => epoch > 0).toSorted((x, y) => x.end - y.end)
  let highest = { epoch: 0, end: 0 }
  for (const answer of answers) {
    if (answer.at > highest.end)
      assert.ok(answer.epoch >= highest.epoch, `epoch ${answer.epoch} was answered after ${highest.epoch}`)
    if (answer.epoch > highest.epoch) highest = answer
  }
}

/** I4, I5: what was acknowledged, or a later attempt, stands on both nodes; nothing stands that nobody has sent. */
async function checkSaves(pair: Pair, felt: Felt): Promise<void> {
  const putsOf = Map.groupBy(felt.puts, ({ name }) => name)
  for (const [name, tries] of Map.groupBy(felt.tries, (attempt) => attempt.name)) {
    const allowed = allowedSums(tries, putsOf.get(name) ?? [])
    for (const node of [pair.a, pair.b]) {
      let found: string | undefined
      const isAllowed = async () => {
        found = await sumOn(node, name)
        return allowed.includes(found) ? true : undefined
      }
      await until(isAllowed, 10_000).catch(() =>
        assert.fail(
          `${name} on ${node.name}: ${found ?? 'nothing'} stands, and not what was acknowledged last`,
        ),
      )
    }
  }
}

/** Undefined among them: nothing need stand there. */
function allowedSums(tries: readonly Tried[], puts: readonly Put[]): (string | undefined)[] {
  const acknowledged = puts.filter(({ outcome }) => outcome === 'yes')
  const lastBegan = Math.max(-Infinity, ...acknowledged.map(({ at }) => at))
  const possible = tries.filter(({ sum }) => {
    const answer = puts.find((put) => put.sum === sum)
    // One that was over before the last acknowledged one began has been replaced by that.
    return answer === undefined || answer.outcome === 'unknown' || answer.end >= lastBegan
  })
  return [...possible.map(({ sum }) => sum), ...(acknowledged.length === 0 ? [undefined] : [])]
}

async function sumOn(node: PairNode, name: string): Promise<string | undefined> {
  const content = await readFile(join(node.data, 'FTPdata', name)).catch(() => undefined)
  return content === undefined ? undefined : createHash('sha256').update(content).digest('hex')
}
