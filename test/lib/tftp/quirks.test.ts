import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Quirks } from '../../../lib/tftp/quirks.ts'

const limits = { maxBlockSize: 1_468, maxWindowSize: 64 }

test('a row narrows what phones of its network and its model are granted, and nobody else', () => {
  const quirks = new Quirks([
    { network: '10.1.0.0/16', refuse: ['windowsize'] },
    { model: '4610', refuse: [], maxBlockSize: 512 },
    { network: '10.1', model: '4602', refuse: ['blksize', 'tsize'] },
  ])
  const granted = (address: string, model?: string) => {
    const { maxBlockSize, refuse } = quirks.limitsFor({ address, model }, limits)
    return [maxBlockSize, ...refuse].join(' ')
  }
  assert.equal(granted('10.2.0.1'), '1468')
  assert.equal(granted('10.1.0.1'), '1468 windowsize')
  assert.equal(granted('10.2.0.1', '4610'), '512')
  assert.equal(granted('10.1.0.1', '4610'), '512 windowsize')
  assert.equal(granted('10.1.0.1', '4602'), '1468 windowsize blksize tsize')
  assert.equal(granted('10.2.0.1', '4602'), '1468')
})

test('a row without network and model is for all, and model names count without regard to case', () => {
  const all = new Quirks([{ refuse: ['timeout'] }])
  assert.deepEqual(
    all.limitsFor({ address: '2001:db8::1', model: undefined }, limits).refuse,
    new Set(['timeout']),
  )
  const model = new Quirks([{ model: 'J179', refuse: ['timeout'] }])
  assert.equal(model.limitsFor({ address: '10.0.0.1', model: 'j179' }, limits).refuse.size, 1)
})

test('a network that cannot be read is named with its row', () => {
  const rows = [{ refuse: [] }, { network: '10.0.0.999', refuse: [] }]
  assert.throws(() => new Quirks(rows), /^Error: tftp\.quirks: row 2, network "10\.0\.0\.999"/)
})
