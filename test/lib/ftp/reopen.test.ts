import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { deafen } from '../../support/deaf-door.ts'
import { collect, FtpClient, MemoryView, openFtp } from '../../support/ftp.ts'

test('a session and its transfer go on while its door is opened anew, and new ones are let in', async (t) => {
  const view = new MemoryView()
  const { door, port } = await openFtp(t, view)
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  assert.match(await client.ask('STOR a.txt'), /^150/)
  data.write('one ')
  assert.deepEqual(
    (await door.reopen(port)).map((status) => [status.protocol, status.port]),
    [['ftp', port]],
  )
  data.end('two')
  assert.match(await client.reply(), /^226/)
  const other = await FtpClient.login(t, port)
  const fetched = await other.passive()
  const content = collect(fetched)
  assert.match(await other.ask('RETR a.txt'), /^150/)
  assert.equal(String(await content), 'one two')
})

test('d110: a port that another process has taken meanwhile is named', async (t) => {
  const { door, port } = await openFtp(t, new MemoryView())
  deafen('tcp', port)
  const other = createServer().listen(port, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  await assert.rejects(
    door.reopen(port),
    new RegExp(`ftp\\.port: TCP port ${port} on 127\\.0\\.0\\.1 is held by`),
  )
  assert.deepEqual(door.status(), [])
})
