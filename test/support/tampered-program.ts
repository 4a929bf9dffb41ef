import { subscribe } from 'node:diagnostics_channel'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientRequest } from 'node:http'
import { Claims } from '../../ha/agent/claims.ts'
import { EtcdUnavailable } from '../../ha/etcd/unavailable.ts'
import { stepsChannel } from '../../lib/users/store/announced.ts'
import type { Order, Point } from './tampering.ts'

// Loaded before the program of a node, which it can end or stop at a point of its work, and whose wall clock it can set
// (test/support/tampering.ts). Nothing else of the program is other than usual.
const folder = process.env['TAMPERING_FOLDER'] ?? ''

const found = (file: string): string | undefined => {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch {
    return undefined
  }
}

/** @returns whether an order was for that point */
function reached(point: Point): boolean {
  const text = found('order')
  if (text === undefined) return false
  const order = JSON.parse(text) as Order
  if (order.at !== point) return false
  rmSync(join(folder, 'order'))
  for (const pid of order.pids) process.kill(pid, order.signal)
  return true
}

subscribe(stepsChannel, (step) => void reached(step as Point))

subscribe('http.client.response.finish', (message) => {
  if ((message as { request: ClientRequest }).request.path === '/insync') reached('insync answered')
})

Claims.prototype.take = new Proxy(Reflect.get(Claims.prototype, 'take'), {
  async apply(take, claims: Claims, campaign: Parameters<Claims['take']>) {
    const claimed = await take.apply(claims, campaign)
    if (reached('role taken')) throw new EtcdUnavailable(new Map([['all', 'its answer was lost']]))
    return claimed
  },
})

const RealDate = Date
const readEveryMs = 100
let [shiftMs, readAt] = [0, -Infinity]
function now(): number {
  if (performance.now() - readAt > readEveryMs)
    [shiftMs, readAt] = [Number(found('clock-shift-ms') ?? 0), performance.now()]
  return RealDate.now() + shiftMs
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given: [], newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
