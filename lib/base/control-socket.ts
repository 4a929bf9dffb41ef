import { once } from 'node:events'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { dirname, join } from 'node:path'
import { fastify, type FastifyInstance } from 'fastify'
import type { Component } from './component.ts'
import { withUmask } from './process.ts'

/** HTTP with JSON on a Unix socket: `curl --unix-socket /run/twintone/fileserver.sock http://local/status`. */
export const controlSocketPath = (folder: string, program: string): string => join(folder, `${program}.sock`)

/** Serves `routes` on the control socket of this program. */
export function controlSocket(path: string, routes: (app: FastifyInstance) => void): Component {
  let app: FastifyInstance | undefined
  return {
    name: 'control socket',
    async start() {
      const tooLong = lengthProblem(path)
      if (tooLong !== undefined) throw new Error(tooLong)
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o750 })
        await removeStale(path)
        app = fastify({ logger: false })
        routes(app)
        await app.ready()
        await listenPrivately(app.server, path)
      } catch (cause) {
        if (cause instanceof SocketTaken) throw cause
        const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
        throw new Error(
          `control socket ${path}: cannot be opened (${why}); check run.folder and who owns it`,
          { cause },
        )
      }
    },
    async stop() {
      app?.server.close()
      app?.server.closeAllConnections()
      await app?.close()
    },
  }
}

/**
 * Nobody but the service's user and group may talk to it, not for a moment: the socket is the password. So it comes
 * into being with mode 0660, instead of getting it a little later; that is why fastify does not listen itself.
 */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening')
  withUmask(0o117, () => server.listen(path))
  await listening
}

/** sun_path holds 108 bytes with the NUL at the end: unix(7). */
function lengthProblem(path: string): string | undefined {
  const bytes = Buffer.byteLength(path)
  return bytes <= 107
    ? undefined
    : `control socket ${path}: its path has ${bytes} bytes, and a socket's may have 107; choose a shorter run.folder`
}

class SocketTaken extends Error {}

/** A socket left behind by a killed process is removed; one that answers belongs to a running one. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket())
    throw new SocketTaken(`control socket ${path}: what is there is no socket; move it away`)
  const code = await connectProblem(path)
  if (code === undefined)
    throw new SocketTaken(`control socket ${path}: another process is serving it; stop that one first`)
  if (code !== 'ECONNREFUSED')
    throw new SocketTaken(
      `control socket ${path}: another process may be serving it (${code}); stop that one first`,
    )
  await rm(path, { force: true })
}

/** Undefined when somebody answers. */
const connectProblem = (path: string) =>
  new Promise<string | undefined>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })

/** The program is not running, or not reachable by this user. */
export class NotRunning extends Error {}

/** The program answered, but not with a success. */
export class ControlRefused extends Error {
  /** Of HTTP. */
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

export interface ControlCall {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  timeoutMs?: number
}

/** What a long piece of work tells on its way, a line of JSON each. @throws NotRunning, ControlRefused */
export async function* followControl<Line>(
  socketPath: string,
  url: string,
  method: 'GET' | 'POST' = 'POST',
): AsyncGenerator<Line> {
  const asked = request({ socketPath, path: url, method })
  asked.end()
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    if (response.statusCode !== 200)
      throw new ControlRefused(`the program answered ${response.statusCode}`, response.statusCode ?? 0)
    for await (const line of createInterface({ input: response })) yield JSON.parse(line) as Line
  } catch (cause) {
    throw cause instanceof ControlRefused
      ? cause
      : new NotRunning(whyUnreachable(socketPath, cause), { cause })
  } finally {
    asked.destroy()
  }
}

/**
 * Asks a running program over its control socket; resolves with its JSON answer.
 * @throws NotRunning, ControlRefused
 */
export async function askControl<Answer>(
  socketPath: string,
  url: string,
  call: ControlCall = {},
): Promise<Answer> {
  const { timeoutMs = 5_000 } = call
  const limit = AbortSignal.timeout(timeoutMs)
  const { status, text } = await exchange(socketPath, url, call, limit).catch((cause: unknown) => {
    const why = limit.aborted
      ? `${socketPath}: no answer within ${timeoutMs} ms`
      : whyUnreachable(socketPath, cause)
    throw new NotRunning(why, { cause })
  })
  const answer = text === '' ? undefined : jsonIn(text)
  if (status < 200 || status > 299)
    throw new ControlRefused(messageIn(answer) ?? `the program answered ${status}`, status)
  if (text !== '' && answer === undefined)
    throw new ControlRefused('the program answered something that is not JSON', status)
  return answer as Answer
}

async function exchange(
  socketPath: string,
  path: string,
  { method = 'GET', body }: ControlCall,
  signal: AbortSignal,
) {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  // Node says the length of a POST by itself, but not of a DELETE.
  const headers =
    payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
  const asked = request({ socketPath, path, method, headers, signal })
  asked.end(payload)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const text = (await response.setEncoding('utf8').toArray()).join('')
  return { status: response.statusCode ?? 0, text }
}

function whyUnreachable(path: string, cause: unknown): string {
  const tooLong = lengthProblem(path)
  if (tooLong !== undefined) return tooLong
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return `nothing is running behind ${path}; start the node, or name its configuration with --config`
  if (code === 'EACCES') return `${path}: this user may not talk to the node; use sudo or join its group`
  if (code === 'ECONNRESET') return `${path}: the program ended before it had answered`
  return `${path}: ${cause instanceof Error ? cause.message : String(cause)}`
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function messageIn(answer: unknown): string | undefined {
  const message =
    typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : undefined
  return typeof message === 'string' ? message : undefined
}
