import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remember } from '../../../lib/http/remember.ts'

test('what was answered once is not asked again, an absent answer included', () => {
  const asked: string[] = []
  const ask = remember((text: string) => void asked.push(text), 10)
  ask('a')
  ask('a')
  ask('b')
  assert.deepEqual(asked, ['a', 'b'])
})

test('no more answers are kept than it may have', () => {
  const asked: string[] = []
  const ask = remember((text: string) => {
    asked.push(text)
    return text.toUpperCase()
  }, 2)
  assert.deepEqual(['a', 'b', 'c', 'a', 'c'].map(ask), ['A', 'B', 'C', 'A', 'C'])
  assert.deepEqual(asked, ['a', 'b', 'c', 'a'])
})
