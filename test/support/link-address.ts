import { createSocket } from 'node:dgram'
import { execa } from 'execa'
import { Datagrams } from '../../ha/link/datagrams.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { recordingLog } from './recording-log.ts'
import { until } from './until.ts'

/** Run in a network namespace of its own: a socket whose address comes late, goes, and comes back. */

const local = { address: '10.99.0.1', port: 7_001 }
const remote = { address: '127.0.0.1', port: 7_002 }
const ip = (words: string) => execa('ip', words.split(' '), { timeout: 5_000 })

await ip('link set lo up')
let arrived = 0
const receiver = createSocket('udp4').bind(remote.port, remote.address)
receiver.on('message', () => (arrived += 1))

const { log, events } = recordingLog()
const datagrams = new Datagrams({ local, remote, clock: systemClock, log, onPacket: () => {} })
await datagrams.start()
console.log(`sent without an address: ${datagrams.send(Buffer.of(1))}`)

const sendUntilArrived = async () => {
  const before = arrived
  await until(() => {
    datagrams.send(Buffer.of(1))
    return arrived > before ? true : undefined
  }, 20_000)
}

await ip('address add 10.99.0.1/32 dev lo')
await sendUntilArrived()
console.log('sent once the address was there')

await ip('address delete 10.99.0.1/32 dev lo')
const lost = () => events('link socket lost').length
const lostBefore = lost()
await until(() => {
  datagrams.send(Buffer.of(1))
  return lost() > lostBefore ? true : undefined
}, 20_000)
console.log('noticed that the address was gone')

await ip('address add 10.99.0.1/32 dev lo')
await sendUntilArrived()
console.log(`sent again; logged ${lost()} losses and ${events('link socket open again').length} returns`)
datagrams.stop()
receiver.close()
