import { deafen } from './deaf-door.ts'

/**
 * For `node --import`, in front of a program of ours: SIGUSR2 makes the door deaf that DEAF_DOOR names, such as `udp:69`.
 */
const [transport, port] = (process.env['DEAF_DOOR'] ?? '').split(':')
if (transport === 'tcp' || transport === 'udp')
  process.on('SIGUSR2', () => console.error(`deaf: ${deafen(transport, Number(port))}`))
