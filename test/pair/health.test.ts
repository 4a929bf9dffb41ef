import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pause, sentencesOf, whilePhonesWork, withoutChange } from '../support/pair-rows.ts'
import type { PairNode } from '../support/pair-node.ts'
import { startPair, withPair } from '../support/pair.ts'

/** Rows of the fault matrix where a node is not well, or its network is poor. */

const lastReign = async (node: PairNode) =>
  (await sentencesOf(node)).findLast((sentence) => sentence.startsWith('active with epoch')) ?? ''

test('a pair with a gateway to look at', { ...withPair, timeout: 280_000 }, async (t) => {
  const pair = await startPair(t, { gateway: true, pair: 'gateway = "10.77.0.254"' })

  await t.test('row 37: the active node alone does not reach the gateway, and hands over', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await pair.network.cut(active.name, 'g')
      await pair.becomesActive(standby)
      assert.match(await lastReign(standby), /10\.77\.0\.254 cannot be reached/)
    })
  })

  await t.test('row 38: neither reaches the gateway, and nobody moves', async () => {
    await withoutChange(pair, async () => {
      await pair.network.isolate('g')
      await pause(6_000)
    })
  })

  await t.test(
    'row 39: nearly a third of all packets of the active node are lost, and nothing happens',
    async () => {
      await withoutChange(
        pair,
        async (active) => {
          await pair.network.loss(active.name, 30)
          await pause(8_000)
        },
        { savesPerSecond: 0 },
      )
    },
  )

  await t.test('row 40: a large file goes to the standby over a thin line, and nothing happens', async () => {
    await withoutChange(pair, async (active, standby) => {
      await pair.network.limitMbit(standby.name, 1)
      await active.host.run([
        'dd',
        'if=/dev/urandom',
        `of=${active.data}/HTTPdata/fw.bin`,
        'bs=1M',
        'count=5',
      ])
      await pause(8_000)
    })
  })
})

test('a pair whose disks fill up', { ...withPair, timeout: 200_000 }, async (t) => {
  const pair = await startPair(t, { dataMb: 32, pair: 'freeMb = 4' })
  const fill = (node: PairNode) =>
    node.host.run(['sh', '-c', 'cat /dev/zero > "$0/filler" || true', node.data])
  const empty = (node: PairNode) => node.host.run(['rm', '-f', `${node.data}/filler`])

  await t.test('row 41: the disk of the active node is full, and it hands over', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await fill(active)
      await pair.becomesActive(standby)
      await empty(active)
    })
  })

  await t.test('row 42: the disk of the standby is full, and the active node goes on alone', async () => {
    await withoutChange(pair, async (active, standby) => {
      await fill(standby)
      await pause(4_000)
      assert.deepEqual((await active.status()).insync, [active.name])
      await empty(standby)
    })
  })
})
