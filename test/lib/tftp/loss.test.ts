import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { filesOf, inMemory } from '../../support/http.ts'
import { startLossyRelay } from '../../support/lossy-relay.ts'
import { seededBytes } from '../../support/random.ts'
import { tftpFetch } from '../../support/tftp-client.ts'
import { openTftp } from '../../support/tftp-door.ts'

// All at once: nearly all the time they wait for what was lost.
suite('d23: with 20 % of datagrams lost in both directions 2 MB arrive intact', { concurrency: true }, () => {
  const content = seededBytes(2_000_000)
  for (const blksize of [512, 1_428]) {
    for (const windowsize of [1, 16]) {
      test(`${blksize} bytes a block, window ${windowsize}`, async (t) => {
        const { port } = await openTftp(t, filesOf(inMemory('fw.bin', content)))
        const relay = await startLossyRelay({ port, loss: 0.2, seed: blksize + windowsize })
        t.after(() => relay.close())
        const { bytes, granted } = await tftpFetch('fw.bin', {
          port: relay.port,
          options: { blksize, windowsize },
          giveUpMs: 60_000,
        })
        assert.ok(bytes.equals(content))
        assert.deepEqual(granted, { blksize: String(blksize), windowsize: String(windowsize) })
        const share = relay.dropped / (relay.dropped + relay.passed)
        assert.ok(Math.abs(share - 0.2) < 0.03, `${share} was lost`)
      })
    }
  }
})
