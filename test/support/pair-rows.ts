import assert from 'node:assert/strict'
import type { PairEvent } from '../../ha/agent/views.ts'
import { beginTraffic, type Felt, type TrafficOptions } from './pair-audit.ts'
import type { PairNode } from './pair-node.ts'
import type { Pair } from './pair.ts'

/** What the rows of the fault matrix have in common. */

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

type Fault = (active: PairNode, standby: PairNode) => Promise<void>

/**
 * Something happens to a pair that is well, while phones fetch and save; then it heals, and must have kept its promises:
 * one holder of the address, no acknowledged save lost, no epoch that goes back. A promise is never broken; but on a
 * machine that stands still for a second a pair does what it does for a node that stands still, so a row whose course
 * was another one is played once more.
 * @param judge of what phones felt; throws
 * @returns what they felt
 */
export async function whilePhonesWork(
  pair: Pair,
  fault: Fault,
  options: TrafficOptions = {},
  judge: (felt: Felt) => void = () => {},
): Promise<Felt> {
  const first = await played(pair, fault, options, judge)
  if (!(first instanceof Error)) return first
  console.log(`played once more, for: ${first.message}`)
  const second = await played(pair, fault, options, judge)
  if (second instanceof Error) throw second
  return second
}

/** @returns why the row took another course. @throws when a promise was broken */
async function played(
  pair: Pair,
  fault: Fault,
  options: TrafficOptions,
  judge: (felt: Felt) => void,
): Promise<Felt | Error> {
  const began = new Date().toISOString()
  await pair.mend()
  const active = await pair.settled(30_000)
  const traffic = await beginTraffic(pair, options)
  await pause(500)
  const failure = await fault(active, pair.otherOf(active.name)).catch((error: unknown) => error)
  await pair.mend()
  try {
    await pair.settled(60_000)
    const felt = await traffic.stop()
    if (failure !== undefined) throw new OtherCourse(failure)
    if (options.savesPerSecond !== 0) assert.ok(felt.acknowledged > 0, 'nothing was acknowledged at all')
    return judged(felt, judge)
  } catch (cause) {
    const said = `${messageOf(cause)}\n${await toldSince(pair, began)}`
    if (cause instanceof OtherCourse) return new Error(said, { cause })
    throw new Error(said, { cause })
  }
}

/** The row did not go as it should, though no promise was broken. */
class OtherCourse extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

function judged(felt: Felt, judge: (felt: Felt) => void): Felt {
  try {
    judge(felt)
    return felt
  } catch (cause) {
    throw new OtherCourse(cause)
  }
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

async function toldSince(pair: Pair, began: string): Promise<string> {
  const said = (await Promise.all([pair.a, pair.b].map((node) => eventsOf(node).catch(() => [])))).flat()
  const lines = said.filter(({ at }) => at > began).toSorted((x, y) => x.at.localeCompare(y.at))
  return lines.map(({ at, node, sentence }) => `${at.slice(17)} ${node}: ${sentence}`).join('\n')
}

/** The same, for what must not cost the active node its role. */
export async function withoutChange(
  pair: Pair,
  fault: Fault,
  options: TrafficOptions = {},
  judge: (felt: Felt) => void = () => {},
): Promise<Felt> {
  let before = 0
  return whilePhonesWork(
    pair,
    async (active, standby) => {
      before = await epochOf(active)
      await fault(active, standby)
      assert.equal(await epochOf(active), before, 'the role has changed')
    },
    options,
    (felt) => {
      assert.deepEqual(felt.epochs, [before], 'the role has changed')
      judge(felt)
    },
  )
}

/** No download failed. */
export const allFetched = ({ gets }: Felt): void =>
  assert.ok(
    gets.every(({ ok }) => ok),
    'a download failed, though the active node was well',
  )

/** No download and no save failed. */
export const allAnswered = (felt: Felt): void => {
  allFetched(felt)
  assert.ok(
    felt.puts.every(({ outcome }) => outcome === 'yes'),
    'a save failed, though the active node was well',
  )
}

export const epochOf = async (node: PairNode): Promise<number> => (await node.status()).epoch

/** What an agent has said, latest last. */
export async function sentencesOf(node: PairNode): Promise<string[]> {
  return (await eventsOf(node)).map(({ sentence }) => sentence)
}

const eventsOf = async (node: PairNode) =>
  (await node.ask<{ events: PairEvent[] }>('agent', '/events')).events
