import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Picture } from '../../../ha/etcd/picture.ts'

function picture() {
  const told: string[] = []
  const held = new Picture(({ key, value, modRevision }) => told.push(`${key}=${value} @${modRevision}`))
  return {
    told,
    held,
    list: (revision: number, values: Record<string, number>, clusterId = 'c') =>
      held.replace({
        clusterId,
        revision,
        values: new Map(
          Object.entries(values).map(([key, modRevision]) => [
            key,
            { value: `v${modRevision}`, modRevision },
          ]),
        ),
      }),
    stream: (key: string, modRevision: number, value: string | undefined = `v${modRevision}`) =>
      held.apply({ key, value, modRevision }),
    gone: (key: string, modRevision: number) => held.apply({ key, value: undefined, modRevision }),
  }
}

test('a change that came by the stream and by a listing is told once', () => {
  const { told, list, stream, held } = picture()
  list(5, { a: 3 })
  stream('a', 3)
  stream('a', 6)
  assert.equal(list(6, { a: 6 }), 0)
  assert.deepEqual(told, ['a=v3 @3', 'a=v6 @6'])
  assert.equal(held.revision, 6)
})

test('a listing tells what the stream has lost, deletions too', () => {
  const { told, list, stream } = picture()
  list(5, { a: 3, b: 4 })
  stream('c', 9)
  assert.equal(list(10, { a: 7, c: 9 }), 2)
  assert.deepEqual(told.slice(3), ['a=v7 @7', 'b=undefined @10'])
})

test('an older listing brings nothing back', () => {
  const { told, list, stream, gone } = picture()
  list(5, { a: 3 })
  gone('a', 8)
  stream('b', 9)
  assert.equal(list(7, { a: 3 }), 0)
  list(10, { b: 9 })
  assert.equal(list(7, { a: 3 }), 0)
  stream('a', 8)
  assert.deepEqual(told, ['a=v3 @3', 'a=undefined @8', 'b=v9 @9'])
})

test('keys that are gone are forgotten with the next listing', () => {
  const { told, list, gone, stream } = picture()
  list(5, { a: 3 })
  gone('a', 6)
  assert.equal(list(7, {}), 0)
  stream('a', 8)
  assert.deepEqual(told.slice(1), ['a=undefined @6', 'a=v8 @8'])
})

test('a store that was made anew counts from the beginning, and is believed', () => {
  const { told, list, held, stream } = picture()
  list(500, { a: 300, b: 400 })
  assert.equal(held.isOf('other'), false)
  list(4, { a: 3 }, 'other')
  stream('c', 5)
  assert.deepEqual(told.slice(2), ['a=v3 @3', 'b=undefined @4', 'c=v5 @5'])
  assert.equal(held.revision, 5)
})
