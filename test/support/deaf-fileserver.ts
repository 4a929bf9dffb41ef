import { Socket } from 'node:dgram'
import { loadConfig } from '../../lib/base/load-config.ts'
import { runFileserver } from '../../cmd/run-fileserver.ts'

/**
 * A file server whose TFTP door can be made deaf from outside, without the door knowing: SIGUSR1 closes its listening
 * sockets below it. With FLAPPING it does so every three seconds by itself. SIGUSR2 has something else answer on the port,
 * with a file of its own whatever is asked for.
 */
const sockets = new Set<Socket>()
const prototype = Socket.prototype as unknown as { bind: (...args: unknown[]) => Socket }
const original = { bind: prototype.bind }
Object.assign(prototype, {
  bind(this: Socket, ...args: unknown[]) {
    sockets.add(this)
    return Reflect.apply(original.bind, this, args)
  },
})

/** The kernel still has the socket, but the door does not read it any more. */
function goDeaf(port: number): Socket[] {
  return [...sockets].filter((socket) => {
    try {
      if (socket.address().port !== port) return false
      socket.removeAllListeners('message')
      return true
    } catch {
      sockets.delete(socket) // closed meanwhile
      return false
    }
  })
}

/** One DATA packet of RFC 1350, shorter than a block: the whole file. */
const strangeFile = Buffer.from('\0\x03\0\x01of another server')

function answerStrangely(port: number): void {
  for (const socket of goDeaf(port))
    socket.on('message', (packet, { port: to, address }) => {
      if (packet[1] === 1) socket.send(strangeFile, to, address)
    })
}

const config = loadConfig({ file: process.argv[2] ?? '' })
process.on('SIGUSR1', () => goDeaf(config.tftp.port))
process.on('SIGUSR2', () => answerStrangely(config.tftp.port))
if (process.env['FLAPPING'] !== undefined) setInterval(() => goDeaf(config.tftp.port), 3_000).unref()
await runFileserver(config, { untilInputEnds: true })
