import { Socket as UdpSocket } from 'node:dgram'
import { Server, type AddressInfo } from 'node:net'

/**
 * Closes what listens on that port of this process behind its owner's back: the kernel's socket goes, and the object that
 * holds it does not know. So a door becomes deaf without a hook in the product.
 * @returns how many sockets it were
 */
export function deafen(transport: 'tcp' | 'udp', port: number): number {
  const isIt = transport === 'tcp' ? isServerAt : isUdpAt
  const listening = activeHandles().filter((handle) => isIt(handle, port))
  for (const each of listening) kernelSocketOf(each).close()
  return listening.length
}

/** Node's own list of what keeps the process alive; as old as Node, and not in its documentation. */
const activeHandles = () => (Reflect.get(process, '_getActiveHandles') as () => object[]).call(process)

function isServerAt(handle: object, port: number): boolean {
  return handle instanceof Server && (handle.address() as AddressInfo | null)?.port === port
}

function isUdpAt(handle: object, port: number): boolean {
  return handle instanceof UdpSocket && handle.address().port === port
}

interface KernelSocket {
  close(): void
}

function kernelSocketOf(owner: object): KernelSocket {
  const state = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'state symbol')
  const holder = (state === undefined ? owner : Reflect.get(owner, state)) as object
  return Reflect.get(holder, state === undefined ? '_handle' : 'handle') as KernelSocket
}
