import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reign } from '../../ha/agent/views.ts'
import type { Step } from '../../lib/users/store/steps.ts'
import { allAnswered, allFetched, pause, whilePhonesWork, withoutChange } from '../support/pair-rows.ts'
import type { PairNode } from '../support/pair-node.ts'
import { startPair, withPair } from '../support/pair.ts'
import type { Point } from '../support/tampering.ts'
import { until } from '../support/until.ts'

/** Rows of the fault matrix where a program ends or stands still at a certain point of its work. */

/** Of a save, on either node. */
const steps: Step[] = ['staged', 'synced', 'journaled', 'renamed', 'folder synced']

test('a pair whose nodes die in the middle of a save', { ...withPair, timeout: 400_000 }, async (t) => {
  const pair = await startPair(t, { tampered: true })

  for (const at of steps)
    await t.test(`row 46: the active node dies when a save is ${at} there`, async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        order(active, at, programsOf(active))
        await active.fileserver.ended
        await pair.becomesActive(standby)
      })
    })

  for (const at of steps)
    await t.test(`row 46: the active node dies when a save is ${at} on the other node`, async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        order(standby, at, programsOf(active))
        await active.fileserver.ended
        await pair.becomesActive(standby)
      })
    })

  await t.test('row 46: the active node dies while its saves do not reach the other node', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await pair.network.cut(active.name, standby.name)
      await pause(300) // what is saved now waits for the other node, which is not taken out yet
      for (const pid of programsOf(active)) process.kill(pid, 'SIGKILL')
      await pair.becomesActive(standby)
    })
  })

  for (const at of steps)
    await t.test(
      `row 47: the standby dies when a save is ${at} there, and the active goes on alone`,
      async () => {
        await withoutChange(
          pair,
          async (active, standby) => {
            order(standby, at, programsOf(standby))
            await standby.fileserver.ended
            await until(async () => ((await active.status()).insync.length === 1 ? true : undefined))
          },
          {},
          allFetched,
        )
      },
    )

  await t.test(
    'row 48: the active node dies when it has taken the other out, and that one does not take over',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        order(active, 'insync answered', programsOf(active))
        standby.fileserver.child.kill('SIGKILL')
        await active.fileserver.ended
        standby.startFileserver()
        await pause(5_000)
        const { active: chosen, nodes, insync } = await standby.status()
        assert.deepEqual([chosen, insync], [undefined, [active.name]])
        assert.match(nodes.find(({ name }) => name === standby.name)?.why ?? '', /stale/)
      })
    },
  )

  await t.test(
    'rows 9, 49: a node that was frozen before it acknowledged does not do so later, and what it saved is set aside',
    async () => {
      await whilePhonesWork(
        pair,
        async (active, standby) => {
          order(active, 'folder synced', programsOf(active), 'SIGSTOP')
          const answered = save(active, '4999_96xxdata.txt')
          await pair.becomesActive(standby)
          await pause(500)
          for (const pid of programsOf(active)) process.kill(pid, 'SIGCONT')
          assert.match(await answered, /^503/)
          await pair.settled()
          assert.match((await active.ha('rescue', 'list')).output, /4999_96xxdata\.txt/)
        },
        { savesPerSecond: 0 },
      )
    },
  )

  await t.test(
    'row 28: the answer to its claim gets lost, and a node knows its own claim again',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        const before = (await reignsOf(standby)).length
        order(standby, 'role taken')
        for (const pid of programsOf(active)) process.kill(pid, 'SIGKILL')
        await pair.becomesActive(standby)
        assert.equal((await reignsOf(standby)).length, before + 1)
      })
    },
  )

  await t.test('row 51: the wall clocks of the nodes are set, and nothing happens', async () => {
    const hourMs = 3_600_000
    await withoutChange(
      pair,
      async (active, standby) => {
        for (const node of [active, standby])
          for (const hours of [1, -1, 24, -24, 0]) {
            node.tampering?.shiftClock(hours * hourMs)
            await pause(1_000)
            const wrongByMs = (await wallTimeOf(node)) - Date.now()
            assert.ok(Math.abs(wrongByMs - hours * hourMs) < hourMs / 2, `${wrongByMs} ms`)
          }
      },
      {},
      allAnswered,
    )
  })
})

const order = (
  { tampering }: PairNode,
  at: Point,
  pids: readonly number[] = [],
  signal: NodeJS.Signals = 'SIGKILL',
) => tampering?.order({ at, signal, pids })

/** The file server last: it may be the one that sends the signals. */
const programsOf = ({ agent, fileserver }: PairNode): number[] =>
  [agent, fileserver].flatMap(({ child }) => child.pid ?? [])

/** Directly at a node, whoever has the floating address. @returns the status, and what was said */
const save = ({ host }: PairNode, name: string): Promise<string> => {
  const what = ['-X', 'PUT', '--data-binary', 'saved before it froze', `http://${host.address}/${name}`]
  const said = ['-o', '/dev/null', '-w', '%{http_code} %{errormsg}']
  return host.run(['curl', '-sS', '-m', '15', ...said, ...what], 20_000)
}

/** As its agent sees it, which it tells of the end of a pause. */
async function wallTimeOf(node: PairNode): Promise<number> {
  const asked = { by: 'a test', why: 'tells the time', minutes: 1 }
  const { until: end } = await node.ask<{ until: string }>('agent', '/pause', 'POST', asked)
  await node.ask('agent', '/pause', 'DELETE')
  return Date.parse(end) - 60_000
}

const reignsOf = async (node: PairNode) => (await node.ask<{ reigns: Reign[] }>('agent', '/history')).reigns
