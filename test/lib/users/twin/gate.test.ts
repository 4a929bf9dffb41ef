import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProbeFiles } from '../../../../lib/files/probe-files.ts'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { Refusal } from '../../../../lib/files/refusal.ts'
import { refusedAs } from '../../../support/refused.ts'
import { openTwin } from '../../../support/twins.ts'
import { contentOf, dataOf, phone, save } from '../../../support/user-store.ts'
import { until } from '../../../support/until.ts'

const name = dataOf('4711')
const other = dataOf('4712')

test('nothing begins and nothing ends while the gate is closed', async (t) => {
  const { store, gate } = await openTwin(t, { epoch: 1 })
  await save(store, name, 'x')
  const upload = await store.begin(name, phone)
  await upload.write(Buffer.from('y'))
  gate.isOpen = false
  await assert.rejects(upload.commit(), refusedAs('notActive'))
  for (const change of [
    () => store.begin(name, phone),
    () => store.putContent(name, Buffer.from('y'), phone),
    () => store.remove(name, phone),
    () => store.rename(name, other, phone),
    () => store.undelete(name, phone),
    () => store.takeIn(name),
  ])
    await assert.rejects(change(), refusedAs('notActive'))
  assert.equal(await contentOf(store, name), 'x')
  assert.equal(store.twin.tip.seq, 1)
})

test('every change waits until it may be acknowledged, and asks the gate once more after that', async (t) => {
  const { store, gate } = await openTwin(t, { epoch: 1 })
  const replicated: number[] = []
  gate.replicate = async (seq) => void replicated.push(seq)
  await save(store, name, '1')
  await store.rename(name, other, phone)
  await store.remove(other, phone)
  await store.undelete(other, phone)
  assert.deepEqual(replicated, [1, 3, 4, 5])
  gate.replicate = async () => {
    gate.isOpen = false
  }
  await assert.rejects(save(store, other, '2'), refusedAs('notActive'))
  assert.equal(await contentOf(store, other), '2', 'it may stand nevertheless')
})

test('a change that may not be acknowledged is refused with the reason', async (t) => {
  const { store, gate } = await openTwin(t, { epoch: 1 })
  gate.replicate = () => Promise.reject(new Refusal('notActive', 'the other node is gone'))
  await assert.rejects(save(store, name, '1'), refusedAs('notActive'))
  await assert.rejects(save(store, name, '1'), refusedAs('notActive'), 'the same content again, too')
})

test('changes wait for the other node together, and readers of a file until it is safe', async (t) => {
  const { store, gate } = await openTwin(t, { epoch: 1 })
  await save(store, name, 'old')
  const waiting: (() => void)[] = []
  gate.replicate = () => new Promise((resolve) => waiting.push(resolve))
  const saves = ['1', '2', '3'].map((extension) => save(store, dataOf(extension), extension))
  const changed = save(store, name, 'new')
  await until(() => (waiting.length === 4 ? true : undefined))
  let isRead = false
  const read = contentOf(store, name).then((content) => {
    isRead = true
    return content
  })
  assert.equal(isRead, false)
  for (const resolve of waiting) resolve()
  await Promise.all([...saves, changed])
  assert.equal(await read, 'new')
})

test('probe files of the watchdog are each node’s own: no record, no gate', async (t) => {
  const probes = new ProbeFiles()
  probes.begin('0123456789abcdef')
  const { store, gate } = await openTwin(t, { probes })
  gate.isOpen = false
  gate.replicate = () => Promise.reject(new Error('nobody waits for these'))
  const probe = parseFileName('watchdog0123456789abcdef_96xxdata.txt')
  await save(store, probe, 'probe')
  assert.equal(await contentOf(store, probe), 'probe')
  await store.remove(probe, phone)
  assert.equal(store.twin.tip.seq, 0)
})

test('a store that stops leading finishes what is under way, and refuses the rest', async (t) => {
  const { store, gate } = await openTwin(t, { epoch: 1 })
  const waiting = Promise.withResolvers<void>()
  gate.replicate = () => waiting.promise
  const saves = ['1', '1', '2'].map((content) => save(store, name, content).catch(() => 'refused'))
  await until(() => (store.twin.tip.seq === 1 ? true : undefined))
  const standingBy = store.twin.standBy()
  waiting.reject(new Refusal('notActive', 'over'))
  await standingBy
  assert.deepEqual(await Promise.all(saves), ['refused', 'refused', 'refused'])
  assert.equal(store.twin.tip.seq, 1)
  await assert.rejects(save(store, other, 'x'), refusedAs('notActive'))
})

test('whoever leads knows of no later reign', async (t) => {
  const { store } = await openTwin(t, { epoch: 5 })
  await save(store, name, 'x')
  await store.twin.standBy()
  await assert.rejects(store.twin.lead(4), /epoch 4 is over: the journal of user data knows of 5/)
  assert.equal(store.twin.leads, false)
  await store.twin.lead(6)
})
