import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { Unidentified } from './phone.ts'
import { isSystemError, unreachable } from './why-unanswered.ts'

/** Where questions come from. */
export interface Source {
  address: string
  /** It stands in the settings; otherwise it is where the phone came to. */
  isSetting: boolean
}

/** The setting where it fits, else `from`; undefined when neither is of the phone's IP version. */
export function sourceFor(address: string, from: string, setting: string): Source | undefined {
  if (isIP(setting) === isIP(address)) return { address: setting, isSetting: true }
  return isIP(from) === isIP(address) ? { address: from, isSetting: false } : undefined
}

/**
 * Opens a socket on a port by chance, connected to the phone: the kernel lets in what comes from there and nothing
 * else, and tells as ECONNREFUSED that the phone's port is closed.
 * @throws Unidentified
 */
export async function openPhoneSocket(
  address: string,
  port: number,
  source: Source | undefined,
): Promise<Socket> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
  try {
    await bind(socket, source)
    socket.connect(port, address)
    await once(socket, 'connect')
    return socket
  } catch (error) {
    await closePhoneSocket(socket)
    throw isSystemError(error) ? unreachable(address, port, error) : error
  }
}

export function closePhoneSocket(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.close(resolve)
  return promise
}

async function bind(socket: Socket, source: Source | undefined): Promise<void> {
  try {
    socket.bind(0, source?.address)
    await once(socket, 'listening')
  } catch (cause) {
    if (source === undefined || !isSystemError(cause)) throw cause
    const what = source.isSetting
      ? 'correct snmp.sourceAddress, or leave it empty to ask from the address the phone came to'
      : 'the phone came to that address, but it is gone; name one that stays in snmp.sourceAddress'
    throw new Unidentified(`phones cannot be asked from ${source.address} (${cause.code}); ${what}`, {
      cause,
    })
  }
}
