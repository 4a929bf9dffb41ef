import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allFetched, pause, sentencesOf, whilePhonesWork, withoutChange } from '../support/pair-rows.ts'
import { startPair, withPair } from '../support/pair.ts'
import { until } from '../support/until.ts'

/** Rows of the fault matrix where the network is cut. */

const etcdPorts = [2_379, 2_380]

test('a pair whose network is cut', { ...withPair, timeout: 280_000 }, async (t) => {
  const pair = await startPair(t)

  await t.test(
    'row 12: the active node is cut off from everything, and stops before the other begins',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        await pair.network.isolate(active.name)
        await pair.becomesActive(standby)
        const said = (await sentencesOf(active)).at(-1)
        assert.match(said ?? '', /no longer active: neither etcd nor the other node has answered/)
      })
    },
  )

  await t.test(
    'row 13: cut off from etcd alone it goes on by promise, and later hands over in good order',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        pair.etcd.member(active.name).freeze()
        await pair.network.cut(active.name, standby.name, etcdPorts)
        await pair.network.cut(active.name, 'w', etcdPorts)
        await until(async () => (await active.status()).failsafe || undefined)
        await pause(3_000)
        assert.equal((await active.status()).active, active.name)
        await until(async () => ((await standby.status()).active === standby.name ? true : undefined), 30_000)
        const reign = (await sentencesOf(standby)).findLast((sentence) => sentence.startsWith('active'))
        assert.match(reign ?? '', /has given it up/)
      })
    },
  )

  await t.test('row 14: the two cannot hear each other, and the active node goes on alone', async () => {
    await withoutChange(pair, async (active, standby) => {
      await pair.network.cut(active.name, standby.name)
      await until(async () => ((await active.status()).insync.length === 1 ? true : undefined))
      await pause(3_000)
      assert.match(
        (await standby.status()).nodes.find(({ name }) => name === standby.name)?.why ?? '',
        /stale/,
      )
    })
  })

  for (const [row, direction] of [
    [15, 'from the active node to the other'],
    [16, 'from the standby to the active node'],
  ] as const) {
    await t.test(`row ${row}: nothing passes ${direction}, and nothing flaps`, async () => {
      await withoutChange(pair, async (active, standby) => {
        const [from, to] = row === 15 ? [active, standby] : [standby, active]
        await pair.network.cutOneWay(from.name, to.name)
        await pause(5_000)
      })
    })
  }

  await t.test('row 17: the standby is cut off, and nothing happens but that it is stale', async () => {
    await withoutChange(
      pair,
      async (active, standby) => {
        await pair.network.isolate(standby.name)
        await until(async () => ((await active.status()).insync.length === 1 ? true : undefined))
        await pause(2_500)
      },
      {},
      allFetched,
    )
  })

  await t.test('row 18: the witness is cut off, and nothing happens', async () => {
    await withoutChange(
      pair,
      async () => {
        await pair.network.isolate('w')
        await pause(4_000)
      },
      {},
      allFetched,
    )
  })

  await t.test(
    'row 19: the active node is alone with the client, and gives the address up all the same',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        await pair.network.cut(active.name, standby.name)
        await pair.network.cut(active.name, 'w')
        await pair.becomesActive(standby)
        assert.equal((await active.status()).nodes.find(({ name }) => name === active.name)?.role, 'standby')
      })
    },
  )
})
