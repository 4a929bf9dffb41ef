import assert from 'node:assert/strict'
import { appendFileSync, closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { FileChanged, type StoredFile } from '../../../lib/files/stored-file.ts'
import { testStore } from '../../support/file-store.ts'
import { refusedAs } from '../../support/refused.ts'
import { words } from '../../support/words.ts'

const size = 8 << 20
const version = (number: number) => Buffer.alloc(size, String.fromCharCode(97 + (number % 26)))

/** Writes version after version for two seconds, in turns over the old one in pieces, and as a new file. */
async function writeVersions(path: string): Promise<void> {
  const until = performance.now() + 2_000
  for (let number = 1; performance.now() < until; number++) {
    const content = version(number)
    if (number % 2 === 0) {
      const file = openSync(path, 'r+')
      for (let at = 0; at < size; at += 1 << 18) writeSync(file, content, at, 1 << 18, at)
      closeSync(file)
    } else {
      writeFileSync(`${path}.new`, content)
      renameSync(`${path}.new`, path)
    }
    // A file is read once it has been left alone for 50 ms: most writes come just then.
    await delay(number % 6 === 0 ? 120 : 48 + (number % 10))
  }
}

/** Reads as long as somebody writes. @returns how many reads were whole */
async function countWholeReads(open: () => Promise<StoredFile>, ended: AbortSignal): Promise<number> {
  let whole = 0
  while (!ended.aborted) {
    await delay(1) // a file in memory is given without waiting for anything
    try {
      const content = await readFile(await open())
      assert.equal(content.length, size)
      assert(content.equals(Buffer.alloc(size, content[0])), 'two versions in one file')
      whole++
    } catch (error) {
      if (!(error instanceof FileChanged) && !refusedAs('busy')(error)) throw error
    }
  }
  return whole
}

async function readFile(file: StoredFile): Promise<Buffer> {
  if (file.content !== undefined) return Buffer.from(file.content)
  const reader = await file.open()
  try {
    const pieces: Buffer[] = []
    for (let at = 0; at < file.size; at += 1 << 16) pieces.push(await reader.read(at, 1 << 16))
    return Buffer.concat(pieces)
  } finally {
    await reader.close()
  }
}

async function readWhileWriting(t: TestContext, budgetBytes: number): Promise<number> {
  const { root, open } = await testStore(t, { 'a.bin': version(0) }, budgetBytes)
  const ended = new AbortController()
  const readers = Array.from({ length: 3 }, () => countWholeReads(() => open('a.bin'), ended.signal))
  await writeVersions(join(root, 'a.bin')).finally(() => ended.abort())
  const counts = await Promise.all(readers)
  return counts.reduce((sum, count) => sum + count)
}

test('d12: files in memory are one version whole, while others write them all the time', async (t) => {
  assert((await readWhileWriting(t, 4 * size)) > 0)
})

test('d12: files read in pieces are one version whole or break off, while others write them all the time', async (t) => {
  assert((await readWhileWriting(t, 1_000)) > 0)
})

test('d12: a file that is being written is refused as busy, or given when it has been left alone for a while', async (t) => {
  const { root, open } = await testStore(t, { 'a.txt': '' })
  const writtenAt = [performance.now()]
  const write = () => {
    appendFileSync(join(root, 'a.txt'), '.')
    writtenAt.push(performance.now())
  }
  await whileRepeating(5, write, async () => {
    for (let round = 0; round < 4; round++) {
      const given = await open('a.txt').catch((error: unknown) =>
        assert(refusedAs('busy')(error), String(error)),
      )
      await delay(30) // the next write comes
      if (given === undefined) continue
      const [last = 0, next = Infinity] = writtenAt.slice(given.size)
      assert(next - last > 30, 'given in the middle of being written')
    }
  })
})

test('a file that is replaced all the time is served all the same, as one of its versions', async (t) => {
  const { root, read } = await testStore(t, { 'a.txt': 'version' })
  const replace = () => {
    writeFileSync(join(root, 'next'), 'version')
    renameSync(join(root, 'next'), join(root, 'a.txt'))
  }
  await whileRepeating(40, replace, async () => {
    for (let round = 0; round < 8; round++) assert.equal(await read('a.txt'), 'version')
  })
})

async function whileRepeating(everyMs: number, task: () => void, body: () => Promise<void>): Promise<void> {
  const timer = setInterval(task, everyMs)
  await body().finally(() => clearInterval(timer))
}

test('an edit during the lookup refuses nobody: old or new, the file is given', async (t) => {
  const { root, read } = await testStore(t)
  for (let round = 0; round < 5; round++) {
    writeFileSync(join(root, 'a.txt'), 'old')
    const reading = read('a.txt')
    await delay(10)
    writeFileSync(join(root, 'a.txt'), 'new')
    assert.match(await reading, /^(?:old|new)$/)
  }
})

test('a file replaced while it is being looked up is given whole under its own name', async (t) => {
  const { root, open } = await testStore(t, { 'file.txt': 'old' })
  const spellings = words('file.txt File.txt fIle.txt fiLe.txt filE.txt FIle.txt fILe.txt fiLE.txt FILe.txt')
  for (let round = 0; round < 10; round++) {
    writeFileSync(join(root, 'next'), 'new')
    const opened: Promise<StoredFile>[] = []
    for (const spelling of spellings) {
      opened.push(open(spelling))
      await setImmediate()
    }
    renameSync(join(root, 'next'), join(root, 'file.txt'))
    for (const { name, content } of await Promise.all(opened)) {
      assert.equal(name, 'file.txt')
      assert.match(String(content), /^(?:old|new)$/)
    }
  }
})

test('d115: a file whose date lies far in the future is served and held in memory', async (t) => {
  const { hot, root, read } = await testStore(t, { 'a.txt': 'abc' })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 }) // the clock was set back
  assert.equal(await read('a.txt'), 'abc')
  assert.equal(hot.count, 1)
  writeFileSync(join(root, 'a.txt'), 'new')
  assert.equal(await read('a.txt'), 'new')
})
