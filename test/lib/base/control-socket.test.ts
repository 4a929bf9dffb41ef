import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, lstatSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import {
  askControl,
  controlSocket,
  ControlRefused,
  controlSocketPath,
  NotRunning,
} from '../../../lib/base/control-socket.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { runScript, startScript } from '../../support/script.ts'
import { needsRoot } from '../../support/programs.ts'

const noFailure = (reason: unknown) => {
  throw reason
}
const grace = () => AbortSignal.timeout(1_000)

/** A control socket that is being served, in a folder of its own. */
async function serve(t: TestContext, routes: (app: FastifyInstance) => void): Promise<string> {
  const path = controlSocketPath(join(await temporaryFolder(t), 'run'), 'fileserver')
  const part = controlSocket(path, routes)
  t.after(() => part.stop(grace()))
  await part.start(noFailure)
  return path
}

/** Something else behind the socket. */
async function pretend(t: TestContext, answer: RequestListener): Promise<string> {
  const path = join(await temporaryFolder(t), 'x.sock')
  const server = createServer(answer)
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(path)
  await once(server, 'listening')
  return path
}

test('a question is answered in JSON, with method, body and address as they were given', async (t) => {
  const path = await serve(t, (app) => {
    app.get('/phones/:phone', ({ params, query }) => ({ params, query }))
    app.post('/log', ({ body }) => ({ body }))
    app.delete('/clients', ({ method, body }) => ({ method, body }))
  })
  assert.deepEqual(await askControl(path, '/phones/%C3%BC%2F1?all=1'), {
    params: { phone: 'ü/1' },
    query: { all: '1' },
  })
  assert.deepEqual(await askControl(path, '/log', { method: 'POST', body: { text: 'ü' } }), {
    body: { text: 'ü' },
  })
  assert.deepEqual(await askControl(path, '/log', { method: 'POST' }), {})
  assert.deepEqual(await askControl(path, '/clients', { method: 'DELETE' }), { method: 'DELETE' })
  const withBody = { method: 'DELETE', body: { by: 'ü' } } as const
  assert.deepEqual(await askControl(path, '/clients', withBody), withBody)
})

test('an answer without content is undefined', async (t) => {
  const path = await serve(t, (app) => {
    app.post('/reload', (_, reply) => reply.code(204).send())
  })
  assert.equal(await askControl(path, '/reload', { method: 'POST' }), undefined)
})

test('only the user and the group of the service may open it, from its first moment and whatever the umask', async (t) => {
  const before = process.umask(0)
  try {
    const stat = lstatSync(await serve(t, () => {}), { bigint: true })
    assert.equal(stat.mode & 0o777n, 0o660n)
    assert.equal(stat.ctimeNs, stat.birthtimeNs, 'nobody changed it after it was made')
    assert.equal(process.umask(), 0)
  } finally {
    process.umask(before)
  }
})

test('a folder that has to be made is closed to others', async (t) => {
  const before = process.umask(0)
  try {
    const path = await serve(t, () => {})
    assert.equal(lstatSync(join(path, '..')).mode & 0o777, 0o750)
  } finally {
    process.umask(before)
  }
})

test('a socket that a killed process left behind is replaced', async (t) => {
  const path = join(await temporaryFolder(t), 'x.sock')
  const killed = await startScript(
    t,
    `import { createServer } from 'node:net'
    createServer().listen('${path}', () => console.log('up'))`,
  )
  await killed.says('up')
  killed.child.kill('SIGKILL')
  await killed.ended
  assert.equal(existsSync(path), true)
  const part = controlSocket(path, (app) => app.get('/', () => ({ mine: true })))
  t.after(() => part.stop(grace()))
  await part.start(noFailure)
  assert.deepEqual(await askControl(path, '/'), { mine: true })
})

test('a socket that another process serves is left to it', async (t) => {
  const path = await serve(t, (app) => app.get('/', () => ({ first: true })))
  const second = controlSocket(path, () => {})
  await assert.rejects(
    second.start(noFailure),
    new Error(`control socket ${path}: another process is serving it; stop that one first`),
  )
  await second.stop(grace())
  assert.deepEqual(await askControl(path, '/'), { first: true })
})

test('what is no socket is not deleted', async (t) => {
  const path = join(await temporaryFolder(t), 'x.sock')
  writeFileSync(path, 'precious')
  await assert.rejects(
    controlSocket(path, () => {}).start(noFailure),
    new Error(`control socket ${path}: what is there is no socket; move it away`),
  )
  assert.equal(existsSync(path), true)
})

test('a folder that cannot be made is told with the setting', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const path = join(folder, 'file', 'run', 'x.sock')
  await assert.rejects(
    controlSocket(path, () => {}).start(noFailure),
    new Error(`control socket ${path}: cannot be opened (ENOTDIR); check run.folder and who owns it`),
  )
})

test('a path of 107 bytes can be used, one more cannot, and why is said on both sides', async (t) => {
  const folder = await temporaryFolder(t)
  const fits = join(folder, 's'.repeat(106 - folder.length))
  const part = controlSocket(fits, (app) => app.get('/', () => ({ long: true })))
  t.after(() => part.stop(grace()))
  await part.start(noFailure)
  assert.deepEqual(await askControl(fits, '/'), { long: true })
  const message = `control socket ${fits}ü: its path has 109 bytes, and a socket's may have 107; choose a shorter run.folder`
  await assert.rejects(controlSocket(`${fits}ü`, () => {}).start(noFailure), new Error(message))
  await assert.rejects(askControl(`${fits}ü`, '/'), new NotRunning(message))
})

test('after the stop the socket is gone, and connections that were open are closed', async (t) => {
  const path = join(await temporaryFolder(t), 'x.sock')
  const part = controlSocket(path, (app) => {
    app.get('/live', (_, reply) => {
      reply.hijack()
      reply.raw.writeHead(200).write('first line\n')
    })
  })
  await part.start(noFailure)
  const idle = connect(path)
  const live = connect(path)
  live.write('GET /live HTTP/1.1\r\nHost: local\r\n\r\n')
  await once(live, 'data')
  const closed = [once(idle, 'close'), once(live, 'close')]
  live.resume()
  await part.stop(grace())
  await Promise.all(closed)
  assert.equal(existsSync(path), false)
})

test('stopping is harmless before the start, twice, and while it starts', async (t) => {
  const path = join(await temporaryFolder(t), 'x.sock')
  const part = controlSocket(path, () => {})
  await part.stop(grace())
  const starting = part.start(noFailure)
  await part.stop(grace())
  await starting.catch(() => {})
  await part.stop(grace())
  await part.stop(grace())
  assert.equal(existsSync(path), false)
})

const nothingRuns = (path: string) =>
  new NotRunning(`nothing is running behind ${path}; start the node, or name its configuration with --config`)

test('without a socket, and behind one that was left, nothing is running', async (t) => {
  const path = join(await temporaryFolder(t), 'x.sock')
  await assert.rejects(askControl(path, '/'), nothingRuns(path))
  writeFileSync(path, '')
  await assert.rejects(askControl(path, '/'), nothingRuns(path))
})

test('a user who may not talk to the node is told so', needsRoot('become somebody'), async (t) => {
  const path = await serve(t, () => {})
  chmodSync(join(path, '..'), 0o755)
  chmodSync(join(path, '..', '..'), 0o755)
  const { stdout } = await runScript(
    t,
    `import { askControl, NotRunning } from 'LIB/base/control-socket.ts'
    process.setgroups([])
    process.setgid(65534)
    process.setuid(65534)
    await askControl('${path}', '/').catch((error) => console.log(error instanceof NotRunning, error.message))`,
  )
  assert.equal(stdout, `true ${path}: this user may not talk to the node; use sudo or join its group\n`)
})

test('a refusal carries the message of the program, or else its status', async (t) => {
  const path = await serve(t, (app) => {
    app.get('/refused', (_, reply) => reply.code(404).send({ message: 'no phone 10.0.0.1 was seen' }))
    app.get('/broken', () => {
      throw new Error('the disk is gone')
    })
    app.get('/odd', (_, reply) => reply.code(500).type('text/plain').send('null'))
  })
  await assert.rejects(askControl(path, '/refused'), new ControlRefused('no phone 10.0.0.1 was seen', 404))
  await assert.rejects(askControl(path, '/broken'), new ControlRefused('the disk is gone', 500))
  await assert.rejects(askControl(path, '/odd'), new ControlRefused('the program answered 500', 500))
  await assert.rejects(askControl(path, '/unknown'), ControlRefused)
})

test('an answer that is not JSON is a refusal, not a crash', async (t) => {
  const path = await pretend(t, (_, response) => response.end('<html>'))
  await assert.rejects(
    askControl(path, '/'),
    new ControlRefused('the program answered something that is not JSON', 200),
  )
})

test('a program that does not answer is waited for no longer than asked', async (t) => {
  const path = await pretend(t, () => {})
  await assert.rejects(
    askControl(path, '/', { timeoutMs: 100 }),
    new NotRunning(`${path}: no answer within 100 ms`),
  )
})

test('the limit is for the whole answer: a byte now and then does not extend it', async (t) => {
  const path = await pretend(t, (_, response) => {
    const dripping = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(dripping))
  })
  await assert.rejects(
    askControl(path, '/', { timeoutMs: 200 }),
    new NotRunning(`${path}: no answer within 200 ms`),
  )
})

test('a program that ends while it answers is told as such', async (t) => {
  const path = await pretend(t, (request, response) => {
    if (request.url === '/half') response.write('{"half":')
    setTimeout(() => response.destroy(), 20)
  })
  const ended = new NotRunning(`${path}: the program ended before it had answered`)
  await assert.rejects(askControl(path, '/none'), ended)
  await assert.rejects(askControl(path, '/half'), ended)
})
