/**
 * Programs that run inside the namespaces of a pair's network. All stamps are CLOCK_MONOTONIC in ms, which is one clock
 * for all namespaces of a machine. Each prints JSON lines; SIGTERM ends it.
 *
 *   pair-traffic.ts fetch VIP EVERY-MS      { kind: 'get', at, end, ok, epoch }  HTTP GET of the settings file
 *   pair-traffic.ts save VIP PER-SECOND FIRST-EXTENSION
 *     { kind: 'put', at, end, outcome: 'yes'|'no'|'unknown', name, sum, epoch }
 *   pair-traffic.ts holder VIP              { kind: 'vip', at, has }         looks every 5 ms: seen first, seen last
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { networkInterfaces } from 'node:os'
import { systemClock } from '../../lib/base/clock.ts'

const [command, vip = '', rate = '5', ...more] = process.argv.slice(2)
const ending = new AbortController()
process.once('SIGTERM', () => ending.abort())

const limitMs = 1_000
/** A new connection for each request, as phones do. */
const agent = new Agent({ keepAlive: false, maxSockets: 500 })
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

interface Answer {
  status: number
  epoch: number
}

async function ask(method: 'GET' | 'PUT', path: string, body?: Buffer): Promise<Answer> {
  const asked = request({
    host: vip,
    port: 80,
    path,
    method,
    agent,
    headers: body === undefined ? {} : { 'Content-Length': body.length },
    signal: AbortSignal.timeout(limitMs),
  })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  await response.toArray()
  return { status: response.statusCode ?? 0, epoch: Number(response.headers['x-ha-epoch'] ?? 0) }
}

async function fetchOnce(): Promise<void> {
  const at = systemClock.now()
  const answer = await ask('GET', '/46xxsettings.txt').catch(() => undefined)
  print({ kind: 'get', at, end: systemClock.now(), ok: answer?.status === 200, epoch: answer?.epoch ?? 0 })
}

const firstExtension = Number(more[0] ?? 5_000)
/** Every other save is the only one of its name: a lost one is not made good by the next. The others replace. */
const extensionOf = (count: number): string =>
  count % 2 === 0
    ? String(firstExtension + (count % 40))
    : `${firstExtension}${String(count).padStart(5, '0')}`

let saved = 0
async function saveOnce(): Promise<void> {
  const at = systemClock.now()
  const body = randomBytes(200)
  saved += 1
  const name = `${extensionOf(saved)}_96xxdata.txt`
  const sum = createHash('sha256').update(body).digest('hex')
  print({ kind: 'try', at, name, sum })
  const answer = await ask('PUT', `/${name}`, body).catch(() => undefined)
  const outcome =
    answer === undefined ? 'unknown' : answer.status >= 200 && answer.status < 300 ? 'yes' : 'no'
  print({
    kind: 'put',
    at,
    end: systemClock.now(),
    outcome,
    name,
    sum,
    status: answer?.status,
    epoch: answer?.epoch ?? 0,
  })
}

async function repeat(once_: () => Promise<void>, everyMs: number): Promise<void> {
  const running = new Set<Promise<void>>()
  for (let next = systemClock.now(); !ending.signal.aborted; next += everyMs) {
    const one = once_().finally(() => running.delete(one))
    running.add(one)
    await systemClock.sleep(Math.max(0, next + everyMs - systemClock.now()), ending.signal).catch(() => {})
  }
  await Promise.all(running)
}

async function watchHolder(): Promise<void> {
  let before: boolean | undefined
  let seen = systemClock.now()
  while (!ending.signal.aborted) {
    const has = Object.values(networkInterfaces()).some((entries) =>
      entries?.some(({ address }) => address === vip),
    )
    const at = systemClock.now()
    // It went at some time after it was seen last: only that much is sure.
    if (has !== before) print({ kind: 'vip', at: has ? at : seen, has })
    if (has) seen = at
    before = has
    await systemClock.sleep(5, ending.signal).catch(() => {})
  }
}

if (command === 'fetch') await repeat(fetchOnce, Number(rate))
else if (command === 'save') await repeat(saveOnce, 1_000 / Number(rate))
else await watchHolder()
process.exit(0)
