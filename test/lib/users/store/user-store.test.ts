import assert from 'node:assert/strict'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { refusedAs, refusedBecause } from '../../../support/refused.ts'
import { seededBytes } from '../../../support/random.ts'
import {
  allVersions,
  contentOf,
  dataOf,
  keptOf,
  openUserStore,
  phone,
  save,
  stagingOf,
} from '../../../support/user-store.ts'

const name = dataOf('4711')

test('a backup lies under the name administrators know, and only group and owner read it', async (t) => {
  const { store, folder } = await openUserStore(t)
  assert.equal(await save(store, name, 'SPEEDDIAL=1'), 'created')
  const path = join(folder, 'FTPdata', '4711_96xxdata.txt')
  assert.equal(readFileSync(path, 'utf8'), 'SPEEDDIAL=1')
  assert.equal(lstatSync(path).mode & 0o137, 0)
  assert.equal(lstatSync(join(folder, '.state')).mode & 0o027, 0)
  assert.equal(await save(store, name, 'SPEEDDIAL=2'), 'replaced')
})

test('a log of another vendor lies in the folder of its phone', async (t) => {
  const { store, folder } = await openUserStore(t)
  await save(store, parseFileName('0004f2123456/0004f2123456-boot.log'), 'booted')
  assert.equal(readFileSync(join(folder, 'FTPdata/0004f2123456/0004f2123456-boot.log'), 'utf8'), 'booted')
})

test('content is stored as it came, in pieces that the sender uses again', async (t) => {
  const { store } = await openUserStore(t)
  const content = seededBytes(300_000)
  const upload = await store.begin(name, phone)
  const piece = Buffer.alloc(1_000)
  for (let at = 0; at < content.length; at += piece.length) {
    content.copy(piece, 0, at)
    await upload.write(piece)
  }
  piece.fill(0)
  await upload.commit()
  assert.ok((await store.read(name)).content?.equals(content))
})

test('an empty backup is a backup', async (t) => {
  const { store } = await openUserStore(t)
  await save(store, name, '')
  assert.equal((await store.read(name)).size, 0)
})

test('what is read has the first digits of its SHA-256 as ETag', async (t) => {
  const { store } = await openUserStore(t)
  await save(store, name, 'abc')
  const file = await store.read(name)
  assert.deepEqual([file.etag, file.size, file.name], ['ba7816bf', 3, name])
  const reader = await file.open()
  assert.equal((await reader.read(1, 10)).toString(), 'bc')
  await reader.close()
})

test('d52: an upload that breaks off leaves the old version, and nothing behind', async (t) => {
  const { store, folder } = await openUserStore(t)
  await save(store, name, 'old')
  const upload = await store.begin(name, phone)
  await upload.write(Buffer.alloc(200_000))
  assert.equal(stagingOf(folder).length, 1)
  await upload.abort()
  await upload.abort()
  assert.deepEqual(stagingOf(folder), [])
  assert.deepEqual(await allVersions(store, name), ['old'])
  await assert.rejects(upload.write(Buffer.from('x')), /over/)
  await assert.rejects(upload.commit(), /over/)
})

test('an upload taken back after its commit stays', async (t) => {
  const { store } = await openUserStore(t)
  const upload = await store.begin(name, phone)
  await upload.write(Buffer.from('new'))
  const committing = upload.commit()
  await upload.abort()
  assert.equal(await committing, 'created')
  await upload.abort()
  assert.equal(await contentOf(store, name), 'new')
})

test('d53: an upload over the limit is refused, and the old version stays', async (t) => {
  const { store, folder } = await openUserStore(t, { maxBytes: 100_000 })
  await save(store, name, 'old')
  const upload = await store.begin(name, phone)
  await upload.write(Buffer.alloc(90_000))
  await assert.rejects(upload.write(Buffer.alloc(20_000)), refusedAs('tooLarge'))
  assert.deepEqual(stagingOf(folder), [])
  assert.equal(await contentOf(store, name), 'old')
  const longer = await store.begin(name, phone, 'replace', 200_000)
  await longer.write(Buffer.alloc(150_000))
  assert.equal(await longer.commit(), 'replaced')
})

test('nothing is stored of an upload whose sender did not wait to hear that a write failed', async (t) => {
  const { store, folder } = await openUserStore(t, { maxBytes: 100 })
  const upload = await store.begin(name, phone)
  const asked = [upload.write(Buffer.alloc(90)), upload.write(Buffer.alloc(90)), upload.commit()]
  const outcomes = await Promise.allSettled(asked)
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  await upload.abort()
  assert.deepEqual([store.files(), stagingOf(folder)], [[], []])
})

test('d59: of two phones that store one file at once, the last to finish wins whole, and both are kept', async (t) => {
  const { store } = await openUserStore(t)
  const uploads = [await store.begin(name, phone), await store.begin(name, phone)] as const
  for (const piece of ['1', '2', '3'])
    await Promise.all(uploads.map((upload, index) => upload.write(Buffer.from(`${'AB'[index]}${piece}`))))
  const outcomes = await Promise.all([uploads[1].commit(), uploads[0].commit()])
  assert.deepEqual(outcomes, ['created', 'replaced'])
  assert.deepEqual(await allVersions(store, name), ['A1A2A3', 'B1B2B3'])
})

test('the same content again is acknowledged, and is no new version', async (t) => {
  const { store, folder } = await openUserStore(t)
  await save(store, name, 'same')
  assert.equal(await save(store, name, 'same'), 'replaced')
  assert.equal(store.versions(name).length, 1)
  assert.deepEqual(stagingOf(folder), [])
})

test('appending makes a new version that begins with the old one', async (t) => {
  const { store } = await openUserStore(t)
  await save(store, name, 'one,', 'append')
  await save(store, name, 'two', 'append')
  assert.deepEqual(await allVersions(store, name), ['one,two', 'one,'])
})

test('the limit counts what is appended to, too', async (t) => {
  const { store } = await openUserStore(t, { maxBytes: 10 })
  await save(store, name, '12345678')
  await assert.rejects(save(store, name, '9abc', 'append'), refusedAs('tooLarge'))
})

test('two names that differ in case are two users', async (t) => {
  const { store } = await openUserStore(t)
  await save(store, dataOf('Ann'), 'of Ann')
  await assert.rejects(store.read(dataOf('ann')), refusedAs('notFound'))
  await save(store, dataOf('ann'), 'of ann')
  assert.equal(await contentOf(store, dataOf('Ann')), 'of Ann')
})

test('of each file the last versions are kept, the current one included', async (t) => {
  const { store, folder } = await openUserStore(t, { versions: 3 })
  for (const content of ['1', '2', '3', '4', '5']) await save(store, name, content)
  assert.deepEqual(await allVersions(store, name), ['5', '4', '3'])
  assert.equal(keptOf(folder).length, 2)
})

test('a backup that shrinks keeps the one before at hand until one is as large again', async (t) => {
  const { store, logged, folder } = await openUserStore(t, { versions: 2 })
  for (const length of [100, 40, 41, 42]) await save(store, name, 'x'.repeat(length))
  const lengths = async () => (await allVersions(store, name)).map((content) => content.length)
  assert.deepEqual(await lengths(), [42, 41, 100])
  const events = logged.filter(({ msg }) => msg === 'backup shrank')
  assert.deepEqual(
    events.map(({ file, from, to, kept }) => [file, from, to, kept]),
    [[name, 100, 40, 1]],
  )
  await save(store, name, 'x'.repeat(101))
  assert.deepEqual(await lengths(), [101, 42])
  assert.equal(keptOf(folder).length, 1)
})

test('a deleted file can be brought back, as a new version', async (t) => {
  const { store } = await openUserStore(t)
  await save(store, name, 'mine')
  await store.remove(name, phone)
  await assert.rejects(store.read(name), refusedAs('notFound'))
  assert.deepEqual([store.files(), store.deleted().map(({ size }) => size)], [[], [4]])
  await store.undelete(name, phone)
  assert.equal(await contentOf(store, name), 'mine')
  assert.deepEqual(await allVersions(store, name), ['mine', '(deleted)', 'mine'])
  assert.deepEqual(store.deleted(), [])
})

test('what does not fit the bin is refused', async (t) => {
  const { store } = await openUserStore(t)
  await assert.rejects(store.remove(name, phone), refusedAs('notFound'))
  await assert.rejects(store.undelete(name, phone), refusedAs('notFound'))
  await save(store, name, 'mine')
  await assert.rejects(store.undelete(name, phone), refusedBecause('forbidden', /not deleted/))
})

test('a renamed file goes on under its new name, and what had that name is a version of it', async (t) => {
  const { store } = await openUserStore(t)
  const other = dataOf('4712')
  await save(store, name, 'of 4711')
  await save(store, other, 'of 4712')
  await store.rename(name, other, phone)
  assert.deepEqual(await allVersions(store, other), ['of 4711', 'of 4712'])
  assert.deepEqual(await allVersions(store, name), ['(deleted)', 'of 4711'])
  await assert.rejects(store.rename(name, other, phone), refusedAs('notFound'))
})

test('renames that cross do not wait for each other forever', async (t) => {
  const { store } = await openUserStore(t)
  const other = dataOf('4712')
  await save(store, name, 'a')
  await save(store, other, 'b')
  await Promise.all([store.rename(name, other, phone), store.rename(other, name, phone)])
  assert.deepEqual(await allVersions(store, name), ['a', '(deleted)', 'a'])
})

test('everything is as it was after a restart', async (t) => {
  const first = await openUserStore(t)
  for (const content of ['1', '2']) await save(first.store, name, content)
  const records = first.store.versions(name)
  await first.stop()
  const { store } = await openUserStore(t, { dataFolder: first.folder })
  assert.deepEqual(store.versions(name), records)
  assert.deepEqual(await allVersions(store, name), ['2', '1'])
})

test('a version whose content was damaged is not handed out', async (t) => {
  const { store, folder, alarms } = await openUserStore(t)
  for (const content of ['1', '2']) await save(store, name, content)
  writeFileSync(join(folder, '.state/versions/1'), 'X')
  await assert.rejects(store.readVersion(name, 1), /version 1 of 4711_96xxdata.txt/)
  assert.match(alarms.list()[0]?.text ?? '', /damaged/)
  await assert.rejects(store.readVersion(name, 7), refusedAs('notFound'))
})

test('a stopped store ends what is under way, and takes nothing more', async (t) => {
  const { store, folder, stop } = await openUserStore(t)
  const upload = await store.begin(name, phone)
  await upload.write(Buffer.alloc(100_000))
  const saving = save(store, dataOf('4712'), 'in time').catch(() => 'refused')
  await stop()
  await assert.rejects(upload.commit(), /over/)
  await assert.rejects(store.begin(name, phone), refusedAs('busy'))
  assert.deepEqual(stagingOf(folder), [])
  const saved = await saving
  assert.equal(readdirSync(join(folder, 'FTPdata')).length, saved === 'created' ? 1 : 0)
})

test('address lists are nobody’s backup', async (t) => {
  const { store, folder } = await openUserStore(t)
  writeFileSync(join(folder, 'FTPdata', 'FTP_allow_IP.txt'), '10.0.0.0/8')
  for (const list of ['FTP_allow_IP.txt', 'allow_IP.txt', 'ALLOW_ip.TXT'].map(parseFileName)) {
    await assert.rejects(store.begin(list, phone), refusedAs('forbidden'))
    await assert.rejects(store.read(list), refusedAs('forbidden'))
    await assert.rejects(store.remove(list, phone), refusedAs('forbidden'))
    await assert.rejects(store.rename(name, list, phone), refusedAs('forbidden'))
  }
})

test('links and special files are neither read nor written through', async (t) => {
  const { store, folder } = await openUserStore(t)
  const root = join(folder, 'FTPdata')
  mkdirSync(join(folder, 'elsewhere'))
  writeFileSync(join(folder, 'elsewhere', 'secret.txt'), 'secret')
  symlinkSync(join(folder, 'elsewhere', 'secret.txt'), join(root, 'link.txt'))
  symlinkSync(join(folder, 'elsewhere'), join(root, 'folder'))
  writeFileSync(join(folder, 'elsewhere', 'linked.txt'), 'secret')
  linkSync(join(folder, 'elsewhere', 'linked.txt'), join(root, 'hard.txt'))
  await execa('mkfifo', [join(root, 'pipe.txt')])
  for (const text of ['link.txt', 'folder/secret.txt', 'hard.txt', 'pipe.txt']) {
    const asked = parseFileName(text)
    await assert.rejects(store.read(asked), refusedAs('forbidden', 'notFound'), text)
    await assert.rejects(save(store, asked, 'x'), refusedAs('forbidden'), text)
    await assert.rejects(store.remove(asked, phone), refusedAs('forbidden'), text)
  }
  await assert.rejects(save(store, parseFileName('folder/new.txt'), 'x'), refusedAs('forbidden'))
  assert.equal(readFileSync(join(folder, 'elsewhere', 'secret.txt'), 'utf8'), 'secret')
  assert.deepEqual(readdirSync(join(folder, 'elsewhere')).toSorted(), ['linked.txt', 'secret.txt'])
  assert.deepEqual(keptOf(folder), [])
})

test('a file and a folder cannot have one name', async (t) => {
  const { store, folder } = await openUserStore(t)
  await save(store, parseFileName('4711'), 'a file')
  await assert.rejects(save(store, parseFileName('4711/x.txt'), 'x'), refusedAs('forbidden'))
  mkdirSync(join(folder, 'FTPdata', '4712'))
  await assert.rejects(save(store, parseFileName('4712'), 'x'), refusedAs('forbidden'))
  await assert.rejects(store.read(parseFileName('4712')), refusedAs('notFound'))
  assert.deepEqual(stagingOf(folder), [])
})

test('d12: reading while others replace the file always gives one version whole', async (t) => {
  const { store } = await openUserStore(t, { versions: 1 })
  const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(50_000))
  await save(store, name, contents[0] ?? '')
  const storing = new AbortController()
  const writer = async () => {
    for (let round = 0; round < 40; round += 1) await save(store, name, contents[round % 4] ?? '')
    storing.abort()
  }
  const reader = async () => {
    while (!storing.signal.aborted) assert.ok(contents.includes(await contentOf(store, name)))
  }
  await Promise.all([writer(), reader(), reader()])
})

test('many phones store at once, each its own', async (t) => {
  const { store } = await openUserStore(t)
  const extensions = Array.from({ length: 200 }, (_, index) => String(4_000 + index))
  await Promise.all(extensions.map((extension) => save(store, dataOf(extension), extension.repeat(99))))
  for (const extension of extensions)
    assert.equal(await contentOf(store, dataOf(extension)), extension.repeat(99))
})
