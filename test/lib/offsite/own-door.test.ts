import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashPassword } from '../../../lib/base/password-hash.ts'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { FtpSession } from '../../../lib/offsite/ftp-client.ts'
import { startNode } from '../../support/node.ts'
import { seededBytes } from '../../support/random.ts'

test("another node's FTP door takes copies from its super user, over TLS, into a data folder", async (t) => {
  const password = await hashPassword('correct horse')
  const node = await startNode(t, ({ superUser }) => {
    superUser.password = password
  })
  const target = {
    host: '127.0.0.1',
    port: node.port('ftp'),
    user: 'mvuser',
    password: 'correct horse',
    folder: '/HTTPdata/copies',
    tls: 'explicit',
    authorities: node.config.https.certificate,
    everyMinutes: 60,
    timeoutMs: 5_000,
  } as const
  const session = await FtpSession.open(target, new AbortController().signal)
  t.after(() => session.close())
  const content = seededBytes(500_000)
  await session.put(parseFileName('4711_96xxdata.txt'), Buffer.from('older'))
  await session.put(parseFileName('4711_96xxdata.txt'), content)
  await session.put(parseFileName('0004f2aabbcc/boot.log'), Buffer.alloc(0))
  const folder = join(node.config.data.folder, 'HTTPdata/copies')
  assert.deepEqual(await readFile(join(folder, '4711_96xxdata.txt')), content)
  assert.deepEqual((await readdir(folder)).toSorted(), ['0004f2aabbcc', '4711_96xxdata.txt'])
})
