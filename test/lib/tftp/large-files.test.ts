import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesOf, PiecewiseFile } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'
import { tftpFetch } from '../../support/tftp-client.ts'
import { openTftp } from '../../support/tftp-door.ts'

const megabyte = seededBytes(1 << 20)

for (const [mebibytes, windowsize] of [
  [32, 1],
  [64, 16],
] as const) {
  test(`d24: ${mebibytes} MiB at 512 bytes a block and window ${windowsize} roll over and arrive intact`, async (t) => {
    // Each mebibyte begins with its number, so that none can stand for another.
    const whole = Buffer.concat(Array.from({ length: mebibytes }, () => megabyte))
    for (let index = 0; index < mebibytes; index += 1) whole.writeUInt32BE(index, index << 20)
    const file = new PiecewiseFile('fw.bin', whole.length, async (at, length) =>
      whole.subarray(at, at + length),
    )
    const { port, outcomes } = await openTftp(t, filesOf(file))
    const { bytes } = await tftpFetch('fw.bin', { port, options: { blksize: 512, windowsize } })
    assert.ok(bytes.equals(whole))
    assert.equal((await outcomes.ended(1))[0]?.bytes, whole.length)
  })
}
