import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allAnswered, pause, whilePhonesWork, withoutChange } from '../support/pair-rows.ts'
import { vip } from '../support/pair-node.ts'
import { startPair, withPair } from '../support/pair.ts'
import { until } from '../support/until.ts'

/** Rows of the fault matrix where etcd is in trouble. */

test('a pair whose etcd is in trouble', { ...withPair, timeout: 280_000 }, async (t) => {
  const pair = await startPair(t)
  const { members } = pair.etcd

  await t.test(
    'row 20: all of etcd is gone: downloads and saves go on, by the promise of the other node',
    async () => {
      await withoutChange(
        pair,
        async (active) => {
          for (const member of members) await member.kill()
          await pause(5_000)
          assert.equal((await active.status()).failsafe, true)
        },
        {},
        allAnswered,
      )
    },
  )

  await t.test(
    'row 21: etcd is gone, and then the other node: nothing is acknowledged any more',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        for (const member of members) await member.kill()
        await pause(1_000)
        for (const { child } of [standby.agent, standby.fileserver]) child.kill('SIGKILL')
        await until(async () => {
          const own = (await active.status()).nodes.find(({ name }) => name === active.name)
          return own?.role === 'standby' ? true : undefined
        })
        await until(async () =>
          (await active.host.run(['ip', 'address'])).includes(`${vip}/`) ? undefined : true,
        )
      })
    },
  )

  await t.test('row 23: the leader of etcd stands still, and nothing happens', async () => {
    await withoutChange(pair, async () => {
      const leader = await pair.etcd.leader()
      leader.freeze()
      await pause(4_000)
      leader.thaw()
    })
  })

  await t.test('row 24: etcd loses its quorum again and again, and nothing happens', async () => {
    await withoutChange(pair, async () => {
      const flapping = members.slice(1)
      for (let round = 0; round < 3; round += 1) {
        for (const member of flapping) member.freeze()
        await pause(2_000)
        for (const member of flapping) member.thaw()
        await pause(2_000)
      }
    })
  })

  await t.test('row 25: etcd is slow, and nothing happens', async () => {
    await withoutChange(pair, async () => {
      for (let round = 0; round < 12; round += 1) {
        for (const member of members) member.freeze()
        await pause(400)
        for (const member of members) member.thaw()
        await pause(40)
      }
    })
  })

  await t.test('row 27: etcd is compacted under everybody, and nobody misses anything', async () => {
    await withoutChange(pair, async () => {
      const { header } = JSON.parse(await pair.etcd.etcdctl(['get', '-w', 'json', 'any'])) as {
        header: { revision: number }
      }
      await pair.etcd.etcdctl(['compact', String(header.revision)])
      await pause(1_500)
    })
    const active = await pair.active()
    const standby = pair.otherOf(active.name)
    await active.ask('agent', '/handover', 'POST', { by: 'test', why: 'row 27', drainMs: 100, dryRun: false })
    await pair.becomesActive(standby)
  })
})

test('a pair that starts from nothing', { ...withPair, timeout: 120_000 }, async (t) => {
  const pair = await startPair(t, { idle: true })
  for (const node of [pair.a, pair.b]) node.startFileserver()

  await t.test('row 29: both start at once, and exactly one becomes active', async () => {
    for (const node of [pair.a, pair.b]) node.startAgent()
    const active = await pair.settled(30_000)
    const { values } = {
      values: await pair.etcd.etcdctl(['get', '--prefix', '/ha/test/history/', '--keys-only']),
    }
    assert.equal(values.trim().split('\n').length, 1, 'more than one reign')
    assert.ok(active)
  })

  const [stale, whole] = [pair.b, pair.a]
  await t.test(
    'row 30: only a node that is not in sync comes up, and it explains why it does nothing',
    async () => {
      for (const node of [pair.a, pair.b]) {
        node.agent.child.kill('SIGTERM')
        await node.agent.ended
      }
      await pair.etcd.etcdctl(['put', '/ha/test/insync', JSON.stringify({ nodes: [whole.name] })])
      stale.startAgent()
      await until(async () => {
        const own = (await stale.status().catch(() => undefined))?.nodes.find(
          ({ name }) => name === stale.name,
        )
        return own?.why.startsWith('stale: acknowledged saves may be missing here') === true
          ? true
          : undefined
      })
      await pause(3_000)
      assert.equal((await stale.status()).active, undefined)
    },
  )

  await t.test('row 31: the one that is in sync comes up, and becomes active', async () => {
    whole.startAgent()
    await pair.becomesActive(whole)
    await pair.settled(30_000)
  })
})
