import { Socket } from 'node:dgram'
import { loadConfig } from '../../lib/base/load-config.ts'
import { runFileserver } from '../../cmd/run-fileserver.ts'

/**
 * A file server whose TFTP door can be made deaf from outside, without the door knowing: SIGUSR1 closes its listening
 * sockets below it. With FLAPPING it does so every three seconds by itself.
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

/** The kernel still has the socket, but nobody reads it any more. */
function goDeaf(port: number): void {
  for (const socket of sockets) {
    try {
      if (socket.address().port === port) socket.removeAllListeners('message')
    } catch {
      sockets.delete(socket) // closed meanwhile
    }
  }
}

const config = loadConfig({ file: process.argv[2] ?? '' })
process.on('SIGUSR1', () => goDeaf(config.tftp.port))
if (process.env['FLAPPING'] !== undefined) setInterval(() => goDeaf(config.tftp.port), 3_000).unref()
await runFileserver(config, { untilInputEnds: true })
