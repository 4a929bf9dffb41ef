import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { controlSocket, controlSocketPath } from '../../lib/base/control-socket.ts'
import { temporaryFolder } from './folder.ts'

export interface Call {
  /** `POST /pause`. */
  what: string
  body: unknown
}

export interface FakeAgent {
  /** `--config FILE` of a node whose agent this is. */
  words: string[]
  /** What it was asked, but for GET. */
  calls: Call[]
  socketPath: string
}

/** Answers by `METHOD /path`; what throws becomes a 409 with its message. Query strings are part of the body. */
export type Answers = Record<string, (body: never) => unknown>

/** A control socket with answers of our choice, and settings that lead to it. */
export async function fakeAgent(
  t: TestContext,
  answers: Answers,
  { settings = '', program = 'agent' }: { settings?: string; program?: string } = {},
): Promise<FakeAgent> {
  const folder = await temporaryFolder(t)
  const calls: Call[] = []
  const socketPath = controlSocketPath(folder, program)
  const socket = controlSocket(socketPath, (app) => {
    app.all('*', async (request, reply) => {
      const what = `${request.method} ${request.url.split('?')[0]}`
      const body = request.body ?? { ...(request.query as object) }
      if (request.method !== 'GET') calls.push({ what, body })
      const answer = answers[what]
      if (answer === undefined) return reply.code(404).send({ message: `no ${what}` })
      try {
        return (await answer(body as never)) ?? {}
      } catch (error) {
        return reply.code(409).send({ message: error instanceof Error ? error.message : String(error) })
      }
    })
  })
  await socket.start(() => {})
  t.after(() => socket.stop(AbortSignal.abort()))
  const config = join(folder, 'twintone.toml')
  await writeFile(config, `[run]\nfolder = "."\n${settings}`)
  return { words: ['--config', config], calls, socketPath }
}
