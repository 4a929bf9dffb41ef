import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendDatagram } from '../../../watchdog/alerts/datagram.ts'

test('where the kernel does not let a packet go, that is said and ends nothing else', async () => {
  // Broadcasts need leave that we do not ask for, so the packet does not go out: socket(7), SO_BROADCAST.
  const sent = sendDatagram('255.255.255.255', 9, Buffer.from('x'), AbortSignal.timeout(5_000))
  await assert.rejects(sent, { code: 'EACCES' })
})
