import type { RemoteInfo, Socket } from 'node:dgram'
import { Refusal } from '../files/refusal.ts'
import type { Listener } from './listeners.ts'
import { buildError, errorCode, opcode, opcodeOf } from './packet.ts'
import { bindUdp } from './udp-socket.ts'

/** Where a phone sends from. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** The way a transfer's packets take to its phone. */
export interface Wire {
  send(packet: Uint8Array | readonly Uint8Array[]): void
  /** Sends a last packet, if there is one. Resolves when the way is closed. */
  close(last?: Uint8Array): Promise<void>
}

/** The listening socket itself, shared with others: phones behind NAT only hear what comes from the port they asked. */
export function sharedWire(listener: Listener, peer: Peer): Wire {
  const send: Wire['send'] = (packet) => {
    if (!listener.isClosed) listener.socket.send(packet, peer.port, peer.address)
  }
  return {
    send,
    async close(last) {
      if (last !== undefined) send(last)
    },
  }
}

export interface OwnWireOptions {
  listener: Listener
  peer: Peer
  /** Tried in this order; 0 is any free port. */
  ports: Iterable<number>
  onPacket: (packet: Buffer) => void
  onFault: (error: unknown) => void
}

/**
 * A socket for one transfer, on the address that was asked (RFC 1350, 4: each end chooses its transfer identifier).
 * @throws Refusal `busy` when every port is taken
 */
export async function openOwnWire({
  listener,
  peer,
  ports,
  onPacket,
  onFault,
}: OwnWireOptions): Promise<Wire> {
  const socket = await bindUdp({ address: listener.address, ports }).catch((cause: unknown) => {
    const isOut = cause instanceof Error && 'code' in cause && outOfSockets.has(cause.code)
    throw isOut
      ? new Refusal('busy', `no free port or descriptor for a transfer on ${listener.address}`)
      : cause
  })
  socket.on('message', (packet, from) => {
    if (from.port === peer.port && from.address === peer.address) onPacket(packet)
    else turnAway(socket, packet, from)
  })
  socket.on('error', onFault)
  return {
    send: (packet) => socket.send(packet, peer.port, peer.address),
    close: (last) => close(socket, peer, last),
  }
}

/** Every port of the range is taken, or this process or machine may open no more files. */
const outOfSockets = new Set<unknown>(['EADDRINUSE', 'EMFILE', 'ENFILE'])

/** A stranger's packet costs it its own transfer, not ours (RFC 1350, 4). Never an ERROR for an ERROR. */
export function turnAway(socket: Socket, packet: Uint8Array, from: RemoteInfo): void {
  if (opcodeOf(packet) === opcode.error || from.port === 0) return
  socket.send(buildError(errorCode.unknownTransfer, 'unknown transfer'), from.port, from.address)
}

function close(socket: Socket, peer: Peer, last: Uint8Array | undefined): Promise<void> {
  return new Promise((resolve) => {
    const closeNow = () => socket.close(() => resolve())
    if (last === undefined) closeNow()
    else socket.send(last, peer.port, peer.address, closeNow)
  })
}
