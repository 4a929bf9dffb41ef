import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { FtpClient, MemoryView, openFtp } from '../../support/ftp.ts'
import { dial, everything } from '../../support/http.ts'

test('when the door stops, idle sessions are told so, and a transfer may end and is the last', async (t) => {
  const { door, port, view } = await openFtp(t, new MemoryView())
  const idle = await FtpClient.login(t, port)
  const busy = await FtpClient.login(t, port)
  const data = await busy.passive()
  assert.match(await busy.ask('STOR a.txt'), /^150/)
  const grace = new AbortController()
  const stopped = door.stop(grace.signal)
  assert.match(await idle.reply(), /^421 The server is stopping/)
  data.end('x')
  assert.match(await busy.reply(), /^226/)
  assert.match(await busy.reply(), /^421/)
  await stopped
  assert.equal(view.files.get('/a.txt')?.toString(), 'x')
  await assert.rejects(FtpClient.dial(t, port))
})

test('a transfer that is not over when the grace period is, is cut off and leaves nothing', async (t) => {
  const { door, port, view, outcomes } = await openFtp(t, new MemoryView())
  const client = await FtpClient.login(t, port)
  const data = await client.passive()
  assert.match(await client.ask('STOR a.txt'), /^150/)
  data.write('x')
  const grace = new AbortController()
  const stopped = door.stop(grace.signal)
  grace.abort()
  await stopped
  await client.ended()
  assert.equal((await outcomes.ended(1))[0]?.reason, 'server stopping')
  assert.deepEqual([view.files.size, view.openUploads], [0, 0])
})

test('stopping is harmless twice, and before the start', async (t) => {
  const { door, port } = await openFtp(t, new MemoryView())
  const silent = await dial(t, port)
  await door.stop(AbortSignal.timeout(5_000))
  await everything(silent)
  await door.stop(AbortSignal.abort())
})

test('a port that is taken is named with its setting', async (t) => {
  const server = createServer()
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  await assert.rejects(
    openFtp(t, new MemoryView(), { settings: { port } }),
    /^Error: ftp\.port: TCP port \d+ on 127/,
  )
})
