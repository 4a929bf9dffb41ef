import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/until.ts'
import { epochOf, pause, sentencesOf, whilePhonesWork } from '../support/pair-rows.ts'
import type { PairNode } from '../support/pair-node.ts'
import { startPair, withPair, type Pair } from '../support/pair.ts'

/** Rows of the fault matrix where somebody wants something of a pair. */

const handOver = (node: PairNode, more: object = {}) =>
  node.ask('agent', '/handover', 'POST', {
    by: 'a test',
    why: 'to see it',
    drainMs: 100,
    dryRun: false,
    ...more,
  })

test('a pair that administrators work with', { ...withPair, timeout: 280_000 }, async (t) => {
  const pair = await startPair(t)

  await t.test(
    'row 53: the role is handed over as planned, from either node, while phones work',
    async () => {
      for (const ask of ['active', 'standby'] as const) {
        const felt = await whilePhonesWork(pair, async (active, standby) => {
          await handOver(ask === 'active' ? active : standby)
          await pair.becomesActive(standby)
          await pause(1_000)
        })
        t.diagnostic(`gaps: fetching ${Math.round(felt.getGapMs)} ms, saving ${Math.round(felt.putGapMs)} ms`)
        assert.equal(felt.epochs.length, 2)
      }
    },
  )

  await t.test('row 54: the other node dies in the middle: the old one takes the role back', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      const before = await epochOf(active)
      standby.freeze()
      await handOver(active)
      await until(async () => {
        const status = await active.status()
        return status.active === active.name && status.epoch > before ? true : undefined
      })
    })
  })

  await t.test('row 55: while paused nobody takes over, and nobody hands over', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await active.ask('agent', '/pause', 'POST', { by: 'a test', why: 'switch is replaced', minutes: 5 })
      for (const node of [active, standby])
        await until(async () => ((await node.status()).paused === undefined ? undefined : true))
      await assert.rejects(handOver(active), /paused by a test: switch is replaced/)
      await active.killAgent()
      await active.clear()
      await pause(3_000)
      assert.equal((await standby.status()).active, undefined)
      await standby.ask('agent', '/pause', 'DELETE', { by: 'a test' })
      await pair.becomesActive(standby)
    })
  })

  await t.test('row 55: nothing is handed over to a node that is stale, or out of service', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await active.ask('agent', '/standby', 'POST', { node: standby.name, by: 'a test', why: 'new memory' })
      await until(async () =>
        (await active.status()).nodes.some(({ onStandby }) => onStandby) ? true : undefined,
      )
      await assert.rejects(handOver(active), /is taken out of service/)
      await active.ask('agent', '/standby', 'DELETE', { node: standby.name, by: 'a test' })
      await until(async () =>
        (await active.status()).nodes.some(({ onStandby }) => onStandby) ? undefined : true,
      )
      standby.fileserver.child.kill('SIGKILL')
      await until(async () => ((await active.status()).insync.length === 1 ? true : undefined))
      await assert.rejects(handOver(active), /stale/)
    })
  })

  await t.test('a stale node takes over by force alone, and only when the active one is dead', async () => {
    await pair.mend()
    const active = await pair.settled()
    const stale = pair.otherOf(active.name)
    const force = { by: 'a test', why: 'the other burnt', dryRun: false }
    await assert.rejects(stale.ask('agent', '/force', 'POST', force), /is active and answers/)
    stale.fileserver.child.kill('SIGKILL')
    await saveOnce(pair)
    await until(async () => ((await stale.status()).insync.length === 1 ? true : undefined))
    await active.killAgent()
    await active.clear()
    stale.startFileserver()
    await pause(3_000)
    assert.equal((await stale.status()).active, undefined)
    await stale.ask('agent', '/force', 'POST', force)
    await pair.becomesActive(stale)
    await pair.mend()
    await pair.settled(30_000)
  })

  await t.test('row 60: a node that comes back does not take the role back', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await active.killAgent()
      await active.clear()
      await pair.becomesActive(standby)
      active.startAgent()
      await pause(3_000)
      assert.equal((await standby.status()).active, standby.name)
    })
  })

  await t.test('row 58: a second machine of the same name does nothing, and says why', async () => {
    await pair.mend()
    const active = await pair.settled()
    const standby = pair.otherOf(active.name)
    const twin = pair.twinOf(standby)
    twin.startAgent()
    await until(async () => {
      const own = (await twin.status().catch(() => undefined))?.nodes.find(
        ({ name }) => name === standby.name,
      )
      return own?.role === 'refusing' && own.why.includes('another machine is registered as')
        ? true
        : undefined
    }, 20_000)
    twin.agent.child.kill('SIGTERM')
    await twin.agent.ended
    assert.equal((await active.status()).active, active.name)
  })

  await t.test('row 58: a node with the keys of another pair does nothing, and says why', async () => {
    const active = await pair.settled()
    const standby = pair.otherOf(active.name)
    const key = '/ha/test/cluster'
    const before = (await pair.etcd.etcdctl(['get', '--print-value-only', key])).trim()
    await pair.etcd.etcdctl(['put', key, JSON.stringify({ uuid: 'another' })])
    await until(async () => {
      const said = await sentencesOf(standby)
      return (
        said.some((sentence) =>
          /does nothing until it is started again: etcd knows this pair as another/.test(sentence),
        ) || undefined
      )
    })
    await pair.etcd.etcdctl(['put', key, before])
    for (const node of [active, standby]) {
      await node.killAgent()
      await node.clear()
    }
    await pair.mend()
    await pair.settled(30_000)
  })
})

/** So that the standby is found to be missing. */
async function saveOnce(pair: Pair): Promise<void> {
  await pair.client.run([
    'curl',
    '-sS',
    '-m',
    '5',
    '-T',
    pair.a.config,
    `http://${pair.address}/4999_96xxdata.txt`,
  ])
}
