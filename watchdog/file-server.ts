import { askControl } from '../lib/base/control-socket.ts'
import type { Protocol } from '../lib/base/protocol.ts'

/** Of `/watchdog/hurt` of the file server. */
interface HurtAnswer {
  phones: number
  models: Record<string, number>
}

const askMs = 3_000

/** The file server, as the watchdog talks with it over its control socket. */
export class FileServer {
  readonly #socketPath: string
  readonly #token: string
  #pid: number | undefined

  constructor(socketPath: string, token: string) {
    this.#socketPath = socketPath
    this.#token = token
  }

  /** As it told last; undefined: it never answered. */
  get pid(): number | undefined {
    return this.#pid
  }

  /** Tells it which files are probes, and learns its pid. @throws NotRunning, ControlRefused */
  async hello(): Promise<void> {
    await this.#post('/watchdog/hello', { token: this.#token, pid: process.pid })
    const { process: its } = await this.#get<{ process: { pid: number } }>('/status')
    this.#pid = its.pid
  }

  /** A round of probes is over. @throws NotRunning, ControlRefused */
  async beat(round: number, ok: boolean): Promise<void> {
    await this.#post('/watchdog/beat', { round, ok })
  }

  /** We stop on purpose. @throws NotRunning, ControlRefused */
  async bye(): Promise<void> {
    await this.#post('/watchdog/bye', {})
  }

  /** Opens one door anew. @throws NotRunning, ControlRefused */
  async reopen(protocol: Protocol, port: number): Promise<string> {
    await this.#post('/doors/reopen', { protocol, port }, 10_000)
    return `${protocol} ${port} was opened anew`
  }

  /** Which phones came in the last day, in words: `412 over http, 30 over tftp`. @throws NotRunning, ControlRefused */
  async whoIsHurt(protocols: readonly Protocol[]): Promise<string> {
    const parts: string[] = []
    for (const protocol of protocols) {
      const { phones, models } = await this.#get<HurtAnswer>(`/watchdog/hurt?protocol=${protocol}`)
      if (phones > 0) parts.push(`${phones} over ${protocol}${modelWords(models)}`)
    }
    return parts.length === 0 ? '' : `seen in the last 24 hours: ${parts.join(', ')}`
  }

  #get<Answer>(url: string): Promise<Answer> {
    return askControl<Answer>(this.#socketPath, url, { timeoutMs: askMs })
  }

  async #post(url: string, body: unknown, timeoutMs = askMs): Promise<void> {
    await askControl<unknown>(this.#socketPath, url, { method: 'POST', body, timeoutMs })
  }
}

const mostModels = 5

function modelWords(models: Record<string, number>): string {
  const sorted = Object.entries(models).toSorted(([, a], [, b]) => b - a)
  const words = sorted.slice(0, mostModels).map(([model, count]) => `${model} ${count}`)
  return words.length === 0 ? '' : ` (${words.join(', ')}${sorted.length > mostModels ? ', ...' : ''})`
}
