import { join } from 'node:path'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Config } from '../../lib/base/config.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Message } from '../message.ts'
import { Desk, type ChannelStatus, type TestResult, type Way } from './desk.ts'
import { usualQueueRules, type QueueRules } from './queue-rules.ts'
import { waysOf } from './ways.ts'

export type { ChannelStatus, TestResult } from './desk.ts'

export interface TellingParts {
  /** Where queues are kept: one folder in it for each channel. */
  folder: string
  /** Name of this node, for test messages. */
  node: string
  clock: Clock
  log: Log
  /** 0 to 1; Math.random unless a test knows better. */
  random?: () => number
  queueRules?: QueueRules
  /** The ways to tell, instead of those of the settings. */
  ways?: readonly Way[]
}

/** Tells people, each way that the settings name: what is told now, later, together with others, or again. */
export class Telling implements Component {
  readonly name = 'alerts'
  readonly #parts: TellingParts
  readonly #desks: readonly Desk[]
  readonly #cut = new AbortController()

  /** @throws Error naming a setting that cannot be used */
  constructor(config: Config, parts: TellingParts) {
    this.#parts = parts
    const { folder, clock, log, random = Math.random, queueRules = usualQueueRules } = parts
    this.#desks = (parts.ways ?? waysOf(config, log, () => clock.wallTime())).map(
      (way) =>
        new Desk({
          ...way,
          folder: join(folder, way.channel.name.replaceAll(' ', '-')),
          queueRules,
          clock,
          log,
          random,
        }),
    )
  }

  async start(): Promise<void> {
    await Promise.all(this.#desks.map((desk) => desk.start()))
  }

  async stop(grace: AbortSignal): Promise<void> {
    this.#cut.abort(new Error('the watchdog stops'))
    await Promise.all(this.#desks.map((desk) => desk.stop(grace)))
  }

  /** Never waits and never throws. What is told before the start waits for it. */
  tell(message: Message): void {
    for (const desk of this.#desks) desk.tell(message)
  }

  /** Resolves once all that was told is on disk, or cannot be. */
  async saved(): Promise<void> {
    await Promise.all(this.#desks.map((desk) => desk.saved()))
  }

  status(): ChannelStatus[] {
    return this.#desks.map(({ status }) => status)
  }

  /** One message each way, at once, in quiet hours too. Never rejects. */
  async test(): Promise<TestResult[]> {
    const message = testMessage(this.#parts.node, this.#parts.clock.wallTime())
    return Promise.all(this.#desks.map((desk) => desk.test(message, this.#cut.signal)))
  }
}

function testMessage(node: string, at: Date): Message {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  return {
    incident: `${stamp}-test`,
    severity: 'info',
    kind: 'test',
    node,
    subject: `${node}: test of alerts`,
    text: 'Somebody tries out whether alerts arrive. Nothing is wrong, and there is nothing to do.',
    at: at.toISOString(),
  }
}
