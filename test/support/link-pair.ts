import { createSecretKey, type KeyObject } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { TestContext } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Link, type LinkOptions } from '../../ha/link/link.ts'
import type { Message } from '../../ha/link/messages.ts'
import { freshToken } from '../../ha/link/seal.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { silentLog } from '../../lib/base/log.ts'
import { startLinkRelay, type LinkRelay, type RelayEnd } from './link-relay.ts'
import { seededBytes } from './random.ts'
import { until } from './until.ts'

export const pairSecret = (): KeyObject => createSecretKey(seededBytes(32))

export const pairUuid = '7b0e2f0a-51d4-4f0c-9a53-2d4a4f1f6c01'

/** One node's end of the link, and what it has heard. */
export interface TestEnd {
  at: RelayEnd
  link: Link
  heard: Message[]
}

export interface TestPair {
  a: RelayEnd
  b: RelayEnd
  relay: LinkRelay
  /** A new process on a node: what it had heard is forgotten. */
  start(node: 'A' | 'B', change?: Partial<LinkOptions>): Promise<TestEnd>
}

/** Two places for agents, with a relay between them; links are stopped when the test ends. */
export async function makePair(t: TestContext, seed = 1): Promise<TestPair> {
  const a = { address: '127.8.0.1', port: await freeUdpPort('127.8.0.1') }
  const b = { address: '127.8.0.2', port: await freeUdpPort('127.8.0.2') }
  const relay = await startLinkRelay(t, [a, b], seed)
  return {
    a,
    b,
    relay,
    async start(node, change = {}) {
      const [at, other] = node === 'A' ? [a, 'B'] : [b, 'A']
      const link = new Link({
        local: { name: node, ...at },
        remote: { name: other, address: relay.address, port: relay.port },
        cluster: pairUuid,
        secret: pairSecret(),
        clock: systemClock,
        log: silentLog,
        ...change,
      })
      const heard: Message[] = []
      link.onMessage((message) => heard.push(message))
      t.after(() => link.stop())
      await link.start()
      return { at, link, heard }
    },
  }
}

/** Says it until it is heard, as agents do. No repetition of it is on its way any more after this, only of a STATUS. */
export async function sayUntilHeard(from: TestEnd, to: TestEnd, message: Message): Promise<void> {
  await sayUntil(from, message, () => to.heard.some((each) => isDeepStrictEqual(each, message)))
  // Whatever was sent before this has come, or will be refused.
  const mark: Message = { type: 'STATUS', status: { mark: freshToken() } }
  await sayUntil(from, mark, () => to.heard.some((each) => isDeepStrictEqual(each, mark)))
}

async function sayUntil(from: TestEnd, message: Message, isHeard: () => boolean): Promise<void> {
  await until(() => {
    if (isHeard()) return true
    from.link.send(message)
    return undefined
  })
}

/** What was heard and could change anything. */
export const weightyHeard = ({ heard }: TestEnd): Message[] => heard.filter(({ type }) => type !== 'STATUS')

async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
