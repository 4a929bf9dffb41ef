import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Link } from '../link/link.ts'
import { unheard } from './status.ts'
import type { NodeView } from './views.ts'

export interface OtherNodeParts {
  link: Pick<Link, 'send' | 'onMessage' | 'heardMs'>
  clock: Clock
  /** What we tell of ourselves. */
  own: () => NodeView
  /** What the other has written at etcd, which may be older. */
  registered: () => NodeView | undefined
}

const tellEveryMs = 500
const silentMs = 2_000
/** A datagram has room for so much. */
const longestWhy = 160
const longestFault = 90
const mostFaults = 3

/** The other node as it says it is; and tells it how we are. */
export class OtherNode implements Component {
  readonly name = 'word of the other node'
  readonly #place: { name: string; address: string }
  readonly #parts: OtherNodeParts
  readonly #stopping = new AbortController()
  #heard: NodeView | undefined
  #heardMs = -Infinity
  #work: Promise<void> = Promise.resolve()
  #forget: () => void = () => {}

  constructor(place: { name: string; address: string }, parts: OtherNodeParts) {
    this.#place = place
    this.#parts = parts
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#forget = this.#parts.link.onMessage((message, atMs) => {
      if (message.type !== 'STATUS') return
      this.#heard = message.status as unknown as NodeView
      this.#heardMs = atMs
    })
    this.#work = this.#keepTelling(this.#stopping.signal).catch(fail)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#forget()
    await this.#work
  }

  view(): NodeView {
    const { clock, link, registered } = this.#parts
    const { name, address } = this.#place
    const last = this.#heard ?? registered()
    if (last === undefined) return unheard(name, address)
    const heardMs = Math.max(this.#heardMs, link.heardMs())
    const seenMs = heardMs === -Infinity ? undefined : Math.round(clock.now() - heardMs)
    const view = { ...unheard(name, address), ...last, name, address, seenMs }
    if (seenMs !== undefined && seenMs < silentMs) return view
    // What it was when it was last heard says nothing about now.
    return {
      ...view,
      role: 'unknown',
      why: seenMs === undefined ? 'not heard, only registered' : 'not heard any more',
    }
  }

  async #keepTelling(signal: AbortSignal): Promise<void> {
    const { link, own, clock } = this.#parts
    while (!signal.aborted) {
      link.send({ type: 'STATUS', status: brief(own()) })
      await clock.sleep(tellEveryMs, signal).catch(() => {})
    }
  }
}

/** Without what the other knows of us, or better. */
function brief(view: NodeView): Record<string, unknown> {
  const { why, faults, faultKinds } = view
  return {
    ...view,
    name: undefined,
    address: undefined,
    seenMs: undefined,
    why: why.slice(0, longestWhy),
    faults: faults.slice(0, mostFaults).map((fault) => fault.slice(0, longestFault)),
    faultKinds: faultKinds.slice(0, mostFaults),
  }
}
