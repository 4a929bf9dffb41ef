import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, chown, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { renameSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { servableName } from '../../../lib/files/servable.ts'
import { openStore, testStore, writeFiles } from '../../support/file-store.ts'
import { refusedAs } from '../../support/refused.ts'
import { words } from '../../support/words.ts'
import { needsRoot } from '../../support/programs.ts'

const run = promisify(execFile)
const asOtherUser = join(import.meta.dirname, '../../support/as-other-user.ts')

test('d7: a link to a file or folder inside the root is served, by the name of what it leads to', async (t) => {
  const { root, open, read } = await testStore(t, { 'firmware/6.5/fw.bin': 'firmware' })
  await symlink('firmware/6.5/fw.bin', join(root, 'fw.bin'))
  await symlink('6.5', join(root, 'firmware/current'))
  await symlink(join(root, 'firmware'), join(root, 'absolute'))
  for (const name of ['fw.bin', 'firmware/current/fw.bin', 'absolute/current/fw.bin']) {
    assert.equal(await read(name), 'firmware')
    assert.equal((await open(name)).name, 'firmware/6.5/fw.bin')
  }
})

test('d7: a link out of the root is refused, as a file, as a folder and over a detour', async (t) => {
  const { folder, root, open } = await testStore(t)
  await writeFiles(folder, {
    'HTTPSdata/a.txt': 'of another door',
    'HTTPdata-old/a.txt': 'begins alike',
    'a.txt': 'a',
  })
  for (const [name, target] of Object.entries({
    'file.txt': '../a.txt',
    'absolute.txt': join(folder, 'a.txt'),
    other: '../HTTPSdata',
    alike: '../HTTPdata-old',
    up: '..',
    top: '/',
    detour: 'up',
  }))
    await symlink(target, join(root, name))
  for (const name of words(
    'file.txt absolute.txt other/a.txt OTHER/A.TXT alike/a.txt up/a.txt top/etc/passwd detour/a.txt',
  ))
    await assert.rejects(open(name), refusedAs('forbidden'), name)
})

test('d7: a link that leads nowhere, or in a circle, is refused', async (t) => {
  const { root, open } = await testStore(t)
  await symlink('missing.txt', join(root, 'nowhere.txt'))
  await symlink('circle.txt', join(root, 'circle.txt'))
  await assert.rejects(open('nowhere.txt'), refusedAs('notFound'))
  await assert.rejects(open('circle.txt'), refusedAs('forbidden'))
})

test('d7: a link swapped between two calls is looked at again, even when its file is in memory', async (t) => {
  const { folder, root, hot, open, read } = await testStore(t, { 'a.txt': 'same' })
  await writeFile(join(folder, 'b.txt'), 'same')
  await symlink('a.txt', join(root, 'link.txt'))
  assert.equal(await read('link.txt'), 'same')
  assert.equal(hot.count, 1)
  await symlink('../b.txt', join(root, 'next'))
  await rename(join(root, 'next'), join(root, 'link.txt'))
  await assert.rejects(open('link.txt'), refusedAs('forbidden'))
})

test('d7: a folder that was moved out and left a link behind is refused, though not a byte of its files changed', async (t) => {
  const { folder, root, hot, open, read } = await testStore(t, { 'firmware/a.txt': 'a' })
  assert.equal(await read('firmware/a.txt'), 'a')
  assert.equal(hot.count, 1)
  await rename(join(root, 'firmware'), join(folder, 'firmware'))
  await symlink('../firmware', join(root, 'firmware'))
  await assert.rejects(open('firmware/a.txt'), refusedAs('forbidden'))
})

test('d8: a hard link is served when all names of the file lie inside the root', async (t) => {
  const { root, read } = await testStore(t, { 'firmware/a.txt': 'abc' })
  await link(join(root, 'firmware/a.txt'), join(root, 'b.txt'))
  assert.equal(await read('b.txt'), 'abc')
  assert.equal(await read('firmware/a.txt'), 'abc')
})

test('d8: a file with a hard link outside the root is refused, also when it gets one while in memory', async (t) => {
  const { folder, root, open } = await testStore(t, { 'hot.txt': 'abc' })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await link(join(folder, 'secret.txt'), join(root, 'a.txt'))
  await assert.rejects(open('a.txt'), refusedAs('forbidden'))
  await open('hot.txt')
  await link(join(root, 'hot.txt'), join(folder, 'hot.txt'))
  await assert.rejects(open('hot.txt'), refusedAs('forbidden'))
})

test('d8: a folder is not found', async (t) => {
  const { open } = await testStore(t, { 'firmware/a.txt': 'abc' })
  for (const name of ['firmware', 'FIRMWARE']) await assert.rejects(open(name), refusedAs('notFound'))
})

test('d8: a FIFO, also behind a link, neither blocks nor is served', async (t) => {
  const { root, open } = await testStore(t)
  await run('mkfifo', [join(root, 'pipe.txt')])
  await symlink('pipe.txt', join(root, 'link.txt'))
  for (const name of ['pipe.txt', 'link.txt']) await assert.rejects(open(name), refusedAs('notFound'))
})

test('d8: a FIFO that takes the place of a file while it is being opened does not block', async (t) => {
  const { folder, root } = await testStore(t, { 'file.txt': 'abc' })
  const { open } = openStore(folder, 0)
  await run('mkfifo', [join(root, 'pipe.txt')])
  for (let round = 0; round < 60; round++) {
    linkTo(root, 'file.txt')
    const opening = open('a.txt').catch((error: unknown) =>
      assert(refusedAs('notFound')(error), String(error)),
    )
    for (let turn = 0; turn < round % 6; turn++) await setImmediate()
    linkTo(root, 'pipe.txt')
    await opening
  }
})

function linkTo(root: string, target: string): void {
  symlinkSync(target, join(root, 'next'))
  renameSync(join(root, 'next'), join(root, 'a.txt'))
}

test('d8: a socket is not served', async (t) => {
  const { root, open } = await testStore(t)
  const server = createServer()
  t.after(() => server.close())
  await new Promise<void>((listening) => server.listen(join(root, 'socket.txt'), listening))
  await assert.rejects(open('socket.txt'), refusedAs('notFound'))
})

test('d8: a device is not served', needsRoot('make one'), async (t) => {
  const { root, open } = await testStore(t)
  await run('mknod', [join(root, 'null.txt'), 'c', '1', '3'])
  await run('mknod', [join(root, 'loop.bin'), 'b', '7', '0'])
  for (const name of ['null.txt', 'loop.bin']) await assert.rejects(open(name), refusedAs('notFound'))
})

test('d11: a link with a harmless name does not make a forbidden file servable', async (t) => {
  const files = {
    'server.key': 'k',
    'allow_IP.txt': '10',
    '.hidden': 'h',
    '.git/config': 'g',
    'a.txt.bak': 'old',
  }
  const { root, open } = await testStore(t, files)
  for (const [index, target] of Object.keys(files).entries()) {
    await symlink(target, join(root, `link${index}.txt`))
    await assert.rejects(open(`link${index}.txt`), refusedAs('forbidden'), target)
  }
})

const key = (words_: string) => `-----BEGIN ${words_}-----\nMIIE\n-----END ${words_}-----\n`

test('d11: a private key is refused whatever it is called, also behind a certificate', async (t) => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n'
  const files = {
    'a.pem': key('PRIVATE KEY'),
    'b.txt': key('RSA PRIVATE KEY'),
    'c.crt': certificate + key('EC PRIVATE KEY'),
    'd.txt': key('ENCRYPTED PRIVATE KEY'),
    'e.txt': '#'.repeat(60_000) + key('OPENSSH PRIVATE KEY'),
    'ca.pem': certificate,
  }
  const { folder, read } = await testStore(t, files)
  for (const name of words('a.pem b.txt c.crt d.txt e.txt'))
    await assert.rejects(read(name), refusedAs('forbidden'), name)
  assert.equal(await read('ca.pem'), certificate)
  const streaming = openStore(folder, 0)
  await assert.rejects(streaming.open('a.pem'), refusedAs('forbidden'), 'without any memory for contents')
  await assert.rejects(streaming.open('e.txt'), refusedAs('forbidden'))
})

test('a firmware that holds such words is a firmware', async (t) => {
  const { open } = await testStore(t, {
    'fw.bin': Buffer.concat([Buffer.alloc(70_000), Buffer.from(key('PRIVATE KEY'))]),
  })
  assert.equal((await open('fw.bin')).name, 'fw.bin')
})

/** What a process of the user nobody gets, step by step. */
async function asNobody(folder: string, ...steps: readonly string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [asOtherUser, folder, ...steps])
  return stdout.trim().split('\n')
}

test(
  'd9: a file that is neither readable by everybody nor our own is not served',
  needsRoot('be root'),
  async (t) => {
    const { folder, root } = await testStore(t, {
      'all.txt': 'a',
      'root.txt': 'r',
      'group.txt': 'g',
      'own.txt': 'o',
      'in/a.txt': 'a',
    })
    await chmod(folder, 0o755)
    await chmod(join(root, 'root.txt'), 0o600)
    await chown(join(root, 'group.txt'), 0, 65_534)
    await chmod(join(root, 'group.txt'), 0o640)
    await chown(join(root, 'own.txt'), 65_534, 65_534)
    await chmod(join(root, 'own.txt'), 0o600)
    await chmod(join(root, 'in'), 0o700)
    assert.deepEqual(
      await asNobody(
        folder,
        'open all.txt',
        'open root.txt',
        'open group.txt',
        'open own.txt',
        'open in/a.txt',
      ),
      ['served a', 'forbidden', 'forbidden', 'served o', 'forbidden'],
    )
  },
)

test(
  'd9: a file, or its folder, made unreadable while in memory is not served',
  needsRoot('be root'),
  async (t) => {
    const { folder, root } = await testStore(t, { 'a.txt': 'a', 'in/b.txt': 'b' })
    await chmod(folder, 0o755)
    for (const path of ['a.txt', 'in', 'in/b.txt']) await chown(join(root, path), 65_534, 65_534)
    const steps = [
      'open a.txt',
      'chmod 000 a.txt',
      'open a.txt',
      'open in/b.txt',
      'chmod 000 in',
      'open in/b.txt',
    ]
    assert.deepEqual(await asNobody(folder, ...steps), ['served a', 'forbidden', 'served b', 'forbidden'])
  },
)

test('the name of a file is what follows the root, in the composed form', () => {
  assert.equal(servableName('/r/x', '/r/in/e\u0301.txt', '/r'), 'in/\u00e9.txt')
  assert.throws(() => servableName('/r/x', '/rx/a.txt', '/r'), refusedAs('forbidden'))
  assert.throws(() => servableName('/r/x', '/r', '/r'), refusedAs('forbidden'))
  assert.throws(() => servableName('/r/x', '/r/bad\u0007name.txt', '/r'), refusedAs('forbidden'))
})

test('the look at where a file really lies is not fooled by a folder that vanishes', async (t) => {
  const { root, open } = await testStore(t, { 'in/a.txt': 'a' })
  const opening = open('in/a.txt')
  await rm(join(root, 'in'), { recursive: true })
  await mkdir(join(root, 'in'))
  await opening.then(
    ({ name, content }) => assert.deepEqual([name, String(content)], ['in/a.txt', 'a']),
    (error: unknown) => assert(refusedAs('notFound', 'busy')(error), String(error)),
  )
})
