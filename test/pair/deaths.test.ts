import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allFetched, pause, sentencesOf, whilePhonesWork, withoutChange } from '../support/pair-rows.ts'
import { startPair, withPair } from '../support/pair.ts'

/**
 * Rows of the fault matrix where somebody dies or stands still. After each the pair must have kept its promises: one
 * holder of the address, no acknowledged save lost, no epoch that goes back.
 */

test('a pair whose nodes die, and stand still', { ...withPair, timeout: 240_000 }, async (t) => {
  const pair = await startPair(t)

  await t.test('row 1: the active host dies, and the other node takes over', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await pair.network.linkDown(active.name)
      for (const program of [active.agent, active.fileserver]) program.child.kill('SIGKILL')
      await pair.etcd.member(active.name).kill()
      await pair.becomesActive(standby)
    })
  })

  await t.test('row 2: so it is when the host also leads etcd', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await pair.etcd.lead(active.name)
      await pair.network.linkDown(active.name)
      for (const program of [active.agent, active.fileserver]) program.child.kill('SIGKILL')
      await pair.etcd.member(active.name).kill()
      await pair.becomesActive(standby)
    })
  })

  await t.test('row 3: the standby dies: the active node goes on, and saves are acknowledged', async () => {
    await withoutChange(
      pair,
      async (active, standby) => {
        for (const program of [standby.agent, standby.fileserver]) program.child.kill('SIGKILL')
        await pause(1_500)
        assert.deepEqual((await active.status()).insync, [active.name])
      },
      {},
      allFetched,
    )
  })

  await t.test('row 4: the witness dies, and nothing happens', async () => {
    await withoutChange(
      pair,
      async () => {
        await pair.etcd.member('w').kill()
        await pause(2_500)
      },
      {},
      allFetched,
    )
  })

  await t.test('row 5: the agent is killed and cleaned up after: the other node need not wait', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await active.killAgent()
      await active.clear()
      await pair.becomesActive(standby)
      const reign = (await sentencesOf(standby)).findLast((sentence) => sentence.startsWith('active'))
      assert.match(reign ?? '', /has given it up/)
    })
  })

  await t.test('row 6: the agent is killed and nobody cleans up: the kernel drops the address', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      await active.killAgent()
      await pair.becomesActive(standby)
    })
  })

  await t.test(
    'row 7: the agent is frozen for a while, and on waking finds that its time is over',
    async () => {
      await whilePhonesWork(pair, async (active, standby) => {
        active.freeze()
        await pair.becomesActive(standby)
        await pause(2_000)
        active.thaw()
        await pause(500)
        assert.equal((await active.status()).active, standby.name)
      })
    },
  )

  await t.test('row 8: the agent is frozen for less than its deadline, and nothing happens', async () => {
    await withoutChange(pair, async (active) => {
      active.freeze()
      await pause(450)
      active.thaw()
      await pause(2_000)
    })
  })

  await t.test('row 10: the whole active host stands still, as a virtual machine may', async () => {
    await whilePhonesWork(pair, async (active, standby) => {
      const pids = [active.agent.child.pid, active.fileserver.child.pid, pair.etcd.member(active.name).pid]
      const tell = (signal: NodeJS.Signals) => {
        for (const pid of pids) if (pid !== undefined) process.kill(pid, signal)
      }
      tell('SIGSTOP')
      try {
        await pair.becomesActive(standby)
        await pause(1_000)
      } finally {
        tell('SIGCONT')
      }
      await pause(1_000)
      assert.equal((await active.status()).active, standby.name)
    })
  })
})
