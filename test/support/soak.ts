import { connect } from 'node:net'
import { request } from 'node:http'
import { once } from 'node:events'
import { seededRandom } from './random.ts'

/** A user whose phone saves again and again; what was acknowledged, and what may have been stored unseen. */
export class SoakUser {
  readonly name: string
  /** Undefined: nothing was acknowledged yet. */
  acknowledged: string | undefined
  /** Sent since, without a word about what became of it. */
  readonly unsure = new Set<string>()
  #busy = false
  #count = 0

  constructor(extension: number) {
    this.name = `${extension}_96xxdata.txt`
  }

  get isFree(): boolean {
    return !this.#busy
  }

  /** Saves once more by `how`, which resolves with whether it was acknowledged; a break is not an error. */
  async save(how: (name: string, content: string) => Promise<boolean>, bytes: number): Promise<boolean> {
    this.#busy = true
    const content = `SAVE=${this.name} ${++this.#count}\n`.padEnd(bytes, 'x')
    this.unsure.add(content)
    try {
      const acknowledged = await how(this.name, content).catch(() => false)
      if (acknowledged) {
        this.acknowledged = content
        this.unsure.clear()
      }
      return acknowledged
    } finally {
      this.#busy = false
    }
  }

  /** Whether that is what may stand now. */
  mayHold(content: string | undefined): boolean {
    return content === this.acknowledged || (content !== undefined && this.unsure.has(content))
  }
}

export interface SoakTarget {
  http: number
  ftp: number
}

/** Ways to save; those that break off do so at a moment of their own choice. */
export function waysToSave({ http, ftp }: SoakTarget, seed: number) {
  const random = seededRandom(seed)
  const soon = () => new Promise<void>((resolve) => setTimeout(resolve, random() * 20))
  const whole = [
    (name: string, content: string) => put(http, name, content),
    (name: string, content: string) => store(ftp, name, content),
  ]
  const broken = [
    (name: string, content: string) => put(http, name, content, soon),
    (name: string, content: string) => store(ftp, name, content, soon),
  ]
  /** Every fifth is broken off. */
  return () => {
    const ways = random() < 0.2 ? broken : whole
    return ways[Math.floor(random() * ways.length)] ?? whole[0]!
  }
}

/** @param until the client goes away after this, whatever has happened by then */
async function put(
  port: number,
  path: string,
  content: string,
  until?: () => Promise<void>,
): Promise<boolean> {
  const headers = { 'Content-Length': content.length }
  const asked = request({ host: '127.0.0.1', port, path: `/${path}`, method: 'PUT', headers, agent: false })
  asked.on('error', () => {})
  asked.write(content.slice(0, content.length / 2))
  if (until === undefined) asked.end(content.slice(content.length / 2))
  else void until().then(() => asked.destroy())
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume: () => void }]
  response.resume()
  return response.statusCode === 200 || response.statusCode === 201
}

async function store(
  port: number,
  name: string,
  content: string,
  until?: () => Promise<void>,
): Promise<boolean> {
  const control = connect(port, '127.0.0.1').setEncoding('utf8')
  const lines = control[Symbol.asyncIterator]() as AsyncIterator<string>
  let text = ''
  const reply = async () => {
    while (!text.includes('\r\n')) {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the connection ended')
      text += value
    }
    const at = text.indexOf('\r\n')
    const line = text.slice(0, at)
    text = text.slice(at + 2)
    return line
  }
  const ask = (command: string) => {
    control.write(`${command}\r\n`)
    return reply()
  }
  if (until !== undefined) void until().then(() => control.destroy())
  try {
    await reply()
    await ask('USER anonymous')
    await ask('PASS x')
    const dataPort = Number(/\|\|\|(\d+)\|/.exec(await ask('EPSV'))?.[1])
    const data = connect(dataPort, '127.0.0.1')
    data.on('error', () => {})
    if (!(await ask(`STOR ${name}`)).startsWith('150')) return false
    data.end(content)
    return (await reply()).startsWith('226')
  } finally {
    control.destroy()
  }
}
