import assert from 'node:assert/strict'
import type { PairEvent } from '../../ha/agent/views.ts'
import { beginTraffic, type Felt, type TrafficOptions } from './pair-audit.ts'
import type { Pair, PairNode } from './pair.ts'

/** What the rows of the fault matrix have in common. */

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Something happens to a pair that is well, while phones fetch and save; then it heals, and must have kept its promises:
 * one holder of the address, no acknowledged save lost, no epoch that goes back.
 * @returns what phones felt
 */
export async function whilePhonesWork(
  pair: Pair,
  fault: (active: PairNode, standby: PairNode) => Promise<void>,
  options: TrafficOptions = {},
): Promise<Felt> {
  const began = new Date().toISOString()
  try {
    return await playRow(pair, fault, options)
  } catch (cause) {
    const said = (await Promise.all([pair.a, pair.b].map((node) => eventsOf(node).catch(() => [])))).flat()
    const lines = said.filter(({ at }) => at > began).toSorted((x, y) => x.at.localeCompare(y.at))
    const text = lines.map(({ at, node, sentence }) => `${at.slice(17)} ${node}: ${sentence}`).join('\n')
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${text}`, { cause })
  }
}

async function playRow(
  pair: Pair,
  fault: (active: PairNode, standby: PairNode) => Promise<void>,
  options: TrafficOptions,
): Promise<Felt> {
  await pair.mend()
  const active = await pair.settled(30_000)
  const traffic = await beginTraffic(pair, options)
  await pause(500)
  try {
    await fault(active, pair.otherOf(active.name))
  } finally {
    await pair.mend()
  }
  await pair.settled(30_000)
  const felt = await traffic.stop()
  if (options.savesPerSecond !== 0) assert.ok(felt.acknowledged > 0, 'nothing was acknowledged at all')
  return felt
}

/** The same, for what must not cost the active node its role. */
export async function withoutChange(
  pair: Pair,
  fault: (active: PairNode, standby: PairNode) => Promise<void>,
  options: TrafficOptions = {},
): Promise<Felt> {
  let before = 0
  const felt = await whilePhonesWork(
    pair,
    async (active, standby) => {
      before = await epochOf(active)
      await fault(active, standby)
      assert.equal(await epochOf(active), before, 'the role has changed')
    },
    options,
  )
  assert.deepEqual(felt.epochs, [before], 'the role has changed')
  return felt
}

export const epochOf = async (node: PairNode): Promise<number> => (await node.status()).epoch

/** What an agent has said, latest last. */
export async function sentencesOf(node: PairNode): Promise<string[]> {
  return (await eventsOf(node)).map(({ sentence }) => sentence)
}

const eventsOf = async (node: PairNode) =>
  (await node.ask<{ events: PairEvent[] }>('agent', '/events')).events
