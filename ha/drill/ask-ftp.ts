import { connect, type Socket } from 'node:net'
import { printable } from '../../lib/base/printable.ts'
import type { Place } from './ask-tftp.ts'
import { WrongAnswer } from './timed.ts'

/** A session of FTP (RFC 959) as a phone has it, as far as it lets us. */

/** Welcome and farewell: all that the door says to somebody whom it does not know. */
export const greetFtp = (place: Place, signal: AbortSignal): Promise<void> =>
  inSession(place, signal, async (session) => {
    await session.expect('QUIT', 221)
  })

/** Logs in and fetches a file. @throws WrongAnswer where that is not allowed here */
export const fetchFtp = (place: Place, name: string, signal: AbortSignal): Promise<void> =>
  inSession(place, signal, async (session) => {
    await session.expect('USER anonymous', 331)
    await session.expect('PASS drill@localhost', 230)
    await session.expect('TYPE I', 200)
    const { text } = await session.expect('EPSV', 229)
    const port = Number(/\|\|\|(\d{1,5})\|/.exec(text)?.[1])
    const data = dial({ host: place.host, port }, signal)
    try {
      data.resume()
      await session.expect(`RETR ${name}`, 125, 150)
      await session.expect(undefined, 226)
      await session.expect('QUIT', 221)
    } finally {
      data.destroy()
    }
  })

interface Reply {
  code: number
  text: string
}

interface Session {
  /** @param command undefined: another reply to the one before. @throws WrongAnswer */
  expect(command: string | undefined, ...codes: readonly number[]): Promise<Reply>
}

async function inSession(
  place: Place,
  signal: AbortSignal,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const control = dial(place, signal)
  try {
    const replies = repliesOn(control)
    const expect: Session['expect'] = async (command, ...codes) => {
      if (command !== undefined) control.write(`${command}\r\n`, 'latin1')
      const { value, done } = await replies.next()
      if (done === true) throw new WrongAnswer('cut off')
      if (!codes.includes(value.code)) throw new WrongAnswer(printable(`${value.code} ${value.text}`, 100))
      return value
    }
    await expect(undefined, 220)
    await work({ expect })
  } finally {
    control.destroy()
  }
}

function dial({ host, port }: Place, signal: AbortSignal): Socket {
  signal.throwIfAborted()
  const socket = connect({ host, port, noDelay: true })
  const giveUp = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', giveUp)
  socket.once('close', () => signal.removeEventListener('abort', giveUp))
  socket.on('error', () => {}) // whoever reads hears of it
  return socket
}

/** No reply is longer. */
const mostBytes = 16_384

/** The last line of each reply (RFC 959, 4.2). */
async function* repliesOn(socket: Socket): AsyncGenerator<Reply, void> {
  let text = ''
  for await (const piece of socket as AsyncIterable<Buffer>) {
    text += piece.toString('latin1')
    if (text.length > mostBytes) throw new WrongAnswer('a reply without an end')
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).trimEnd()
      text = text.slice(end + 1)
      const [, code, rest = ''] = /^(\d{3}) (.*)$/.exec(line) ?? []
      if (code !== undefined) yield { code: Number(code), text: rest }
    }
  }
}
