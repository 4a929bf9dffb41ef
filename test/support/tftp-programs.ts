/**
 * A TFTP server and a client as processes, for tests that put them into network namespaces.
 *
 *   tftp-programs.ts serve SETTINGS-AS-JSON    prints its addresses as a JSON line whenever they change, and for each
 *                                              transfer that ended how it ended
 *   tftp-programs.ts fetch ADDRESS NAME OPTIONS-AS-JSON    prints { from, bytes, granted } as a JSON line
 */
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig } from '../../lib/base/config.ts'
import { silentLog } from '../../lib/base/log.ts'
import { TftpServer } from '../../lib/tftp/server.ts'
import { filesOf, inMemory, Outcomes } from './http.ts'
import { tftpFetch } from './tftp-client.ts'

const [command, ...args] = process.argv.slice(2)
if (command === 'serve') await serve(args[0] ?? '{}')
else await fetchOne(args[0] ?? '', args[1] ?? '', args[2] ?? '{}')

async function serve(settings: string): Promise<void> {
  const files = filesOf(inMemory('small', 'hello'), inMemory('large', Buffer.alloc(40_000_000)))
  const outcomes = new Outcomes()
  const server = new TftpServer(
    { ...defaultConfig().tftp, ...(JSON.parse(settings) as object) },
    { files, activity: outcomes, clock: systemClock, log: silentLog },
  )
  await server.start((reason) => {
    throw reason
  })
  let before = ''
  for (;;) {
    const addresses = JSON.stringify(
      server
        .status()
        .map(({ address }) => address)
        .toSorted(),
    )
    if (addresses !== before) console.log(addresses)
    before = addresses
    for (const { result, reason } of outcomes.all.splice(0)) console.log(`${result}: ${reason ?? 'all'}`)
    await systemClock.sleep(20)
  }
}

async function fetchOne(address: string, name: string, options: string): Promise<void> {
  const fetched = await tftpFetch(name, {
    address,
    port: 69,
    options: JSON.parse(options) as Record<string, string>,
  })
  console.log(
    JSON.stringify({ from: fetched.server.address, bytes: fetched.bytes.length, granted: fetched.granted }),
  )
}
