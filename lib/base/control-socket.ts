import { chmod, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { fastify, type FastifyInstance } from 'fastify'
import type { Component } from './component.ts'

/** HTTP with JSON on a Unix socket: `curl --unix-socket /run/twintone/fileserver.sock http://local/status`. */
export const controlSocketPath = (folder: string, program: string): string => join(folder, `${program}.sock`)

/** Nobody but the service's user and group may talk to it: the socket is the password. */
const socketMode = 0o660

/** Serves `routes` on the control socket of this program. */
export function controlSocket(path: string, routes: (app: FastifyInstance) => void): Component {
  let app: FastifyInstance | undefined
  return {
    name: 'control socket',
    async start() {
      await mkdir(dirname(path), { recursive: true, mode: 0o750 })
      await removeStale(path)
      app = fastify({ logger: false, forceCloseConnections: true })
      routes(app)
      try {
        await app.listen({ path })
        await chmod(path, socketMode)
      } catch (cause) {
        throw new Error(`control socket ${path}: cannot be opened; check run.folder and who owns it`, {
          cause,
        })
      }
    },
    async stop() {
      await app?.close()
      app = undefined
    },
  }
}

/** A socket left behind by a killed process is removed; one that answers belongs to a running one. */
async function removeStale(path: string): Promise<void> {
  if (await answers(path))
    throw new Error(`control socket ${path}: another process is serving it; stop that one first`)
  await rm(path, { force: true })
}

const answers = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(path)
    const done = (alive: boolean) => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })

/** The program is not running, or not reachable by this user. */
export class NotRunning extends Error {}

/** The program answered, but not with a success. */
export class ControlRefused extends Error {}

export interface ControlCall {
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  timeoutMs?: number
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
  const { method = 'GET', body, timeoutMs = 5_000 } = call
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const headers =
    payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
  const asked = request({ socketPath, path: url, method, headers, timeout: timeoutMs }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
    )
    response.on('error', reject)
  })
  asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  asked.on('error', reject)
  asked.end(payload)
  const { status, text } = await promise.catch((cause: unknown) => {
    throw new NotRunning(whyUnreachable(socketPath, cause), { cause })
  })
  if (status >= 200 && status < 300) return (text === '' ? undefined : JSON.parse(text)) as Answer
  throw new ControlRefused(messageIn(text) ?? `the program answered ${status}`)
}

function whyUnreachable(path: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return `nothing is running behind ${path}; start the node, or name its configuration with --config`
  if (code === 'EACCES') return `${path}: this user may not talk to the node; use sudo or join its group`
  return `${path}: ${cause instanceof Error ? cause.message : String(cause)}`
}

function messageIn(text: string): string | undefined {
  try {
    const answer = JSON.parse(text) as { message?: unknown }
    return typeof answer.message === 'string' ? answer.message : undefined
  } catch {
    return undefined
  }
}
