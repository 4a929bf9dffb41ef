import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { refusedAs, refusedBecause } from '../../support/refused.ts'
import { makeReplicas, startReplicas, untilSynced, type TestNode } from '../../support/replicas.ts'
import { needsRoot } from '../../support/programs.ts'
import { until } from '../../support/until.ts'
import { allVersions, contentOf, dataOf, phone, save } from '../../support/user-store.ts'

const name = dataOf('4711')
const other = dataOf('4712')
const alone = 'user data on one node'

const subjects = ({ alarms }: TestNode) => alarms.list().map(({ subject }) => subject)
const untilEqual = (a: TestNode, b: TestNode) =>
  until(() => (b.store.twin.root()?.root === a.store.twin.root()?.root ? true : undefined), 20_000)

test('what is acknowledged on the active node is on the standby, record for record', async (t) => {
  const { a, b } = await startReplicas(t)
  await save(a.store, name, 'first')
  assert.equal(await contentOf(b.store, name), 'first')
  await save(a.store, name, 'second')
  await a.store.rename(name, other, phone)
  await a.store.undelete(name, phone)
  await a.store.remove(other, phone)
  assert.deepEqual(b.store.twin.tip, a.store.twin.tip)
  for (const each of [name, other])
    assert.deepEqual(await allVersions(b.store, each), await allVersions(a.store, each))
  assert.deepEqual(b.store.twin.root(), a.store.twin.root())
  assert.deepEqual([subjects(a), subjects(b)], [[], []])
})

test('300 saves at once are all on both nodes when they are acknowledged', async (t) => {
  const { a, b, agents } = await startReplicas(t)
  const extensions = Array.from({ length: 300 }, (_, index) => String(5_000 + index))
  await Promise.all(
    extensions.map(async (extension) => {
      await save(a.store, dataOf(extension), extension.repeat(500))
      assert.equal(await contentOf(b.store, dataOf(extension)), extension.repeat(500))
    }),
  )
  assert.equal(b.store.files().length, 300)
  assert.deepEqual(b.store.twin.root(), a.store.twin.root())
  assert.deepEqual(agents.asked, [])
})

test('a file of several megabytes comes in pieces, and whole', async (t) => {
  const { a, b } = await startReplicas(t)
  const content = Buffer.alloc(5_000_000, 'firmware')
  await a.store.putContent(name, content, phone)
  assert.ok((await b.store.read(name)).content?.equals(content))
})

test('the standby refuses to save, and says which node is active; probe files are each node’s own', async (t) => {
  const { b } = await startReplicas(t)
  await assert.rejects(save(b.store, name, 'x'), refusedBecause('notActive', /node-a is the active one/))
})

test('while it is drained, what has begun ends, and nothing begins', async (t) => {
  const { a, agents } = await startReplicas(t)
  const upload = await a.store.begin(name, phone)
  await upload.write(Buffer.from('begun'))
  const { epoch, insync } = agents
  const untilMs = performance.now() + 1e9
  a.replica.setRole({ role: 'active', epoch, untilMs, insync, draining: true })
  await assert.rejects(a.store.begin(other, phone), refusedAs('notActive'))
  const drained = a.replica.drained(AbortSignal.timeout(10_000))
  assert.equal(a.replica.view().pending, 1)
  assert.equal(await upload.commit(), 'created')
  assert.equal(await drained, true)
})

test('nothing is acknowledged once the time of the gate is over, though it was stored', async (t) => {
  const { a, b, agents } = await makeReplicas(t)
  await a.start()
  await b.start()
  const { insync, epoch } = agents
  b.replica.setRole({ role: 'standby', epoch, active: 'node-a', insync })
  const role = { role: 'active', epoch, insync, draining: false } as const
  a.replica.setRole({ ...role, untilMs: Infinity })
  await untilSynced(a)
  b.steps.on = (step) => {
    if (step === 'journaled') a.replica.setRole({ ...role, untilMs: 0 })
  }
  await assert.rejects(save(a.store, name, 'late'), refusedBecause('notActive', /nothing confirms any more/))
  assert.equal(await contentOf(a.store, name), 'late')
})

test('a standby that is gone is removed first, then saves are acknowledged alone, and it comes back by catching up', async (t) => {
  const { a, b, agents, restart } = await startReplicas(t, { pair: { replicateMs: 300 } })
  await save(a.store, name, 'on both')
  await b.replica.stop()
  const saves = ['1', '2', '3'].map((extension) => save(a.store, dataOf(extension), 'alone'))
  await Promise.all(saves)
  assert.deepEqual([agents.asked, agents.insync], [['node-a remove node-b'], ['node-a']])
  assert.deepEqual(subjects(a), [alone])
  assert.equal(b.store.files().length, 1)
  const again = await restart('node-b')
  await untilSynced(a)
  assert.deepEqual(agents.insync, ['node-a', 'node-b'])
  assert.equal(again.store.files().length, 4)
  assert.deepEqual(again.store.twin.root(), a.store.twin.root())
  assert.deepEqual(subjects(a), [])
  assert.deepEqual(again.recorded.events('user data made equal'), [], 'it caught up, and was not seeded')
})

test('an agent that does not answer, or not clearly, has the save refused; it goes on when the standby is back', async (t) => {
  const { a, b, agents, restart } = await startReplicas(t, { pair: { replicateMs: 200 } })
  await b.stop()
  agents.answers = [
    { status: 503, happens: false },
    { status: 504, happens: true },
  ]
  await assert.rejects(save(a.store, name, '1'), refusedBecause('notActive', /etcd does not answer/))
  await assert.rejects(save(a.store, other, '2'), refusedBecause('notActive', /etcd does not answer/))
  await restart('node-b')
  await untilSynced(a)
  assert.deepEqual(agents.asked, ['node-a remove node-b', 'node-a remove node-b', 'node-a add node-b'])
  await save(a.store, name, '3')
})

test('the same content saved again after a refusal is acknowledged only when the other node has it', async (t) => {
  const { a, b, agents } = await startReplicas(t, { pair: { replicateMs: 200, durability: 'strict' } })
  await b.stop()
  await assert.rejects(save(a.store, name, 'same'), refusedAs('notActive'))
  await assert.rejects(save(a.store, name, 'same'), refusedAs('notActive'))
  assert.deepEqual(agents.asked, [])
})

test('strict: without the other node saves are refused, and with it they are not', async (t) => {
  const { a, b, agents, restart } = await startReplicas(t, {
    pair: { replicateMs: 200, durability: 'strict' },
  })
  await b.stop()
  await assert.rejects(save(a.store, name, 'x'), refusedBecause('notActive', /did not store record 1/))
  await assert.rejects(a.store.remove(name, phone), refusedAs('notActive'))
  assert.deepEqual(agents.insync, ['node-a', 'node-b'], 'it has everything that was acknowledged')
  const again = await restart('node-b')
  await untilEqual(a, again)
  await save(a.store, name, 'y')
  assert.equal(await contentOf(again.store, name), 'y')
})

test('whoever is told that it is not active refuses what waits', async (t) => {
  const { a, b, agents } = await startReplicas(t, { pair: { replicateMs: 200 } })
  await b.stop()
  agents.answers = [{ status: 409, happens: false }]
  await assert.rejects(save(a.store, name, 'x'), refusedBecause('notActive', /no longer active/))
  await assert.rejects(save(a.store, name, 'y'), refusedAs('notActive'))
  assert.deepEqual(agents.asked, ['node-a remove node-b'])
  await until(() => save(a.store, name, 'z').catch(() => undefined))
  assert.equal(agents.insync.length, 1, 'the agent has said again and again that it is')
})

test('the nodes change places, and everything is on both', async (t) => {
  const { a, b, takeOver } = await startReplicas(t)
  await save(a.store, name, 'on a')
  takeOver('node-b')
  await untilSynced(b)
  await save(b.store, name, 'on b')
  assert.deepEqual(await allVersions(a.store, name), ['on b', 'on a'])
  await assert.rejects(save(a.store, name, 'x'), refusedAs('notActive'))
  takeOver('node-a')
  await untilSynced(a)
  await save(a.store, name, 'on a again')
  assert.deepEqual(await allVersions(b.store, name), ['on a again', 'on b', 'on a'])
  assert.deepEqual(b.store.twin.root(), a.store.twin.root())
  assert.equal(a.replica.view().rescued + b.replica.view().rescued, 0)
})

test('row 49: the old active node comes back with a tail that was never acknowledged: it is rescued, and both are equal', async (t) => {
  const { a, b, agents, restart, takeOver } = await startReplicas(t, { pair: { replicateMs: 200 } })
  await save(a.store, name, 'acknowledged')
  await b.stop()
  agents.answers = Array.from({ length: 2 }, () => ({ status: 503, happens: false }))
  await assert.rejects(save(a.store, name, 'not acknowledged'), refusedAs('notActive'))
  await assert.rejects(save(a.store, other, 'nor this'), refusedAs('notActive'))
  const again = await restart('node-b')
  takeOver('node-b')
  await until(() => (again.gate.isOpen ? true : undefined))
  await save(again.store, name, 'newer')
  await untilSynced(again)
  assert.deepEqual(a.store.twin.root(), again.store.twin.root())
  assert.deepEqual(await allVersions(a.store, name), ['newer', 'acknowledged'])
  const rescued = await a.store.twin.rescue.list()
  assert.deepEqual(
    rescued.map((each) => [each.id, each.name, each.op]),
    [
      ['10/1', name, 'put'],
      ['10/2', other, 'put'],
    ],
  )
  assert.deepEqual([a.replica.view().rescued, agents.insync], [2, ['node-b', 'node-a']])
})

test('row 50: what the disk has spoiled is found and mended from the other node, on either side', async (t) => {
  const { a, b } = await startReplicas(t)
  for (const content of ['first', 'second']) await save(a.store, name, content)
  for (const node of [a, b]) {
    const paths = [join(node.folder, 'FTPdata', name), join(node.folder, '.state/versions/1')]
    for (const path of paths) await flipByte(path)
    await assert.rejects(node.store.readVersion(name, 1), /cannot be read/)
    const { at: _at, ...report } = await node.replica.verify(AbortSignal.timeout(20_000))
    assert.deepEqual(report, { damaged: 2, repaired: 2 })
    assert.deepEqual(await allVersions(node.store, name), ['second', 'first'])
    const { damaged } = node.replica.status()
    assert.deepEqual(damaged, [])
  }
})

/** As the disk does it: nobody wrote, so the date stays, to the nanosecond. */
async function flipByte(path: string): Promise<void> {
  const [content, date] = [readFileSync(path), `${path}.date`]
  content[0] = (content[0] ?? 0) ^ 1
  await execa('touch', ['-r', path, date])
  writeFileSync(path, content)
  await execa('touch', ['-r', date, path])
  rmSync(date)
}

test('a node that can store nothing any more tells the agent so, and one with a damaged file does not', async (t) => {
  const { a, b } = await startReplicas(t)
  for (const content of ['first', 'second']) await save(a.store, name, content)
  await flipByte(join(b.folder, '.state/versions/1'))
  await b.replica.verify(AbortSignal.timeout(20_000))
  a.steps.on = (step) => {
    if (step === 'renamed') throw new Error('EIO')
  }
  await assert.rejects(save(a.store, name, 'third'), /EIO/)
  assert.match(a.replica.view().broken ?? '', /^no user data is stored any more/)
  assert.equal(b.replica.view().broken, undefined)
})

test('what is damaged, and cannot be mended, is an alarm', async (t) => {
  const { a, b } = await startReplicas(t)
  for (const content of ['first', 'second']) await save(a.store, name, content)
  for (const { folder } of [a, b]) await flipByte(join(folder, '.state/versions/1'))
  const { damaged, repaired } = await b.replica.verify(AbortSignal.timeout(20_000))
  assert.deepEqual([damaged, repaired], [1, 0])
  assert.match(b.alarms.list()[0]?.text ?? '', /version 1 of 4711_96xxdata.txt; check the disk/)
})

test('both nodes compare what stands, and find it equal', async (t) => {
  const { a, b } = await startReplicas(t)
  await save(a.store, name, 'x')
  a.replica.compare()
  await until(() => b.replica.status().lastCompare && a.replica.status().lastCompare)
  assert.equal(a.replica.status().lastCompare?.isEqual, true)
  const { at: _at, ...compared } = b.replica.status().lastCompare ?? {}
  assert.deepEqual(compared, { isEqual: true, files: 1 })
})

test('nodes that differ are made equal, once; if that does not help it is an alarm', async (t) => {
  const { a, b } = await startReplicas(t)
  await save(a.store, other, 'whole')
  // The content cannot be read by the time it is sent.
  a.steps.on = (step) => {
    return step === 'folder synced' ? flipByte(join(a.folder, 'FTPdata', name)) : undefined
  }
  await save(a.store, name, 'spoiled')
  a.steps.on = () => {}
  assert.deepEqual(b.store.versions(name), [])
  a.replica.compare()
  await until(() => b.recorded.events('user data made equal')[0])
  await untilSynced(a)
  a.replica.compare()
  const alarm = await until(() =>
    b.alarms.list().find(({ subject }) => subject === 'user data of both nodes'),
  )
  assert.match(alarm.text, /they differ/)
})

test('a standby with nothing is seeded while phones go on saving, and both are equal', async (t) => {
  const {
    a: first,
    b,
    agents,
    restart,
  } = await startReplicas(t, {
    pair: { replicateMs: 300 },
    store: { compactAtBytes: 5_000 },
  })
  const extensions = Array.from({ length: 100 }, (_, index) => String(6_000 + index))
  const saveAll = (content: string) =>
    Promise.all(extensions.map((extension) => save(first.store, dataOf(extension), content + extension)))
  for (const content of ['one', 'two', 'three']) await saveAll(content)
  await b.stop()
  const a = await restart('node-a') // so that it knows only what the compacted journal tells
  rmSync(join(b.folder, '.state'), { recursive: true })
  rmSync(join(b.folder, 'FTPdata'), { recursive: true })
  const saving = keepSaving(a)
  t.after(saving.stop)
  const again = await restart('node-b')
  await until(() => again.recorded.events('user data made equal')[0], 20_000)
  await untilSynced(a)
  saving.stop()
  const saved = await saving.done
  assert.ok(saved.length > 0)
  for (const each of saved) assert.equal(await contentOf(again.store, each), String(each))
  assert.deepEqual(again.store.twin.root(), a.store.twin.root())
  assert.ok(agents.asked.includes('node-a remove node-b'), 'it was in the set, and had nothing')
})

/** Saves one file after the other, each under its own name. `done` is those that were acknowledged. */
function keepSaving({ store }: TestNode) {
  const stopping = new AbortController()
  const saveOn = async () => {
    const saved: (typeof name)[] = []
    for (let count = 0; !stopping.signal.aborted; count += 1) {
      const each = dataOf(`9${count}`)
      await save(store, each, String(each)).then(
        () => saved.push(each),
        () => {},
      )
      await delay(1)
    }
    return saved
  }
  return { done: saveOn(), stop: () => stopping.abort() }
}

test(
  'row 42: a standby whose disk is full is removed, says so, and comes back once there is room',
  needsRoot('mount a small disk'),
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
    t.after(async () => {
      await execa('umount', ['--lazy', folder], { reject: false })
      await rm(folder, { recursive: true, force: true })
    })
    const { a, b, agents } = await startReplicas(t, { pair: { replicateMs: 400 }, b: { folder } })
    await a.store.putContent(name, Buffer.alloc(2_000_000), phone)
    assert.deepEqual(agents.insync, ['node-a'])
    await until(() => (subjects(b).includes('disk for user data') ? true : undefined))
    assert.match(b.replica.status().other.why ?? '', /no space left on the disk/)
    await execa('mount', ['-o', 'remount,size=64m', folder])
    await untilSynced(a)
    assert.equal((await b.store.read(name)).size, 2_000_000)
    assert.deepEqual(subjects(b), [])
  },
)

test('a hand edit on the standby is told, stays, and goes to rescue with `resync`', async (t) => {
  const { a, b } = await startReplicas(t)
  await save(a.store, name, 'stored')
  writeFileSync(join(b.folder, 'FTPdata', name), 'by hand')
  await b.store.twin.drift.look()
  assert.deepEqual([b.replica.view().drift, b.replica.status().drift], [1, [{ name, what: 'changed' }]])
  b.replica.resync('an administrator asked for it')
  await until(() => (b.replica.view().drift === 0 ? true : undefined))
  await untilSynced(a)
  assert.equal(await contentOf(b.store, name), 'stored')
  assert.equal(b.replica.view().rescued, 1)
  assert.throws(() => a.replica.resync('no'), /only the standby/)
})
