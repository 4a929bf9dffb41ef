import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import { Periodic } from '../../lib/base/periodic.ts'
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
  readonly #telling: Periodic
  #heard: NodeView | undefined
  #heardMs = -Infinity
  #forget: () => void = () => {}

  constructor(place: { name: string; address: string }, parts: OtherNodeParts) {
    this.#place = place
    this.#parts = parts
    const { link, own, clock } = parts
    const tell = () => void link.send({ type: 'STATUS', status: brief(own()) })
    this.#telling = new Periodic(tell, { everyMs: tellEveryMs, clock })
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#forget = this.#parts.link.onMessage((message, atMs) => {
      if (message.type !== 'STATUS') return
      this.#heard = message.status as unknown as NodeView
      this.#heardMs = atMs
    })
    this.#telling.start(fail)
  }

  async stop(): Promise<void> {
    this.#forget()
    await this.#telling.stop()
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
