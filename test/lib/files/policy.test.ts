import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideDownload, type DownloadFacts } from '../../../lib/files/policy.ts'

const listed = { allowed: true, why: 'line 1' }
const unlisted = { allowed: false, why: 'no line holds it' }
const slotsTaken = 'all client slots are taken (access.maxClients)'

/** kind, what the list says, whether a slot is free -> what becomes of it. */
const rows: readonly [string, Omit<DownloadFacts, 'admitted'>, boolean, unknown][] = [
  ['no list and a free slot', { kind: 'other', list: undefined }, true, { outcome: 'serve' }],
  ['listed, with a free slot', { kind: 'settings', list: listed }, true, { outcome: 'serve' }],
  [
    'd70: not listed, asking for settings',
    { kind: 'settings', list: unlisted },
    true,
    { outcome: 'refuse', reason: 'forbidden', why: 'no line holds it', instead: 'fxd_settings.txt' },
  ],
  [
    'd70: not listed, asking for the upgrade file',
    { kind: 'upgrade', list: unlisted },
    true,
    { outcome: 'refuse', reason: 'forbidden', why: 'no line holds it', instead: 'fxd_upgrade.scr' },
  ],
  [
    'not listed, asking for firmware',
    { kind: 'firmware', list: unlisted },
    true,
    { outcome: 'refuse', reason: 'forbidden', why: 'no line holds it', instead: undefined },
  ],
  [
    'd29: all slots taken, asking for firmware',
    { kind: 'firmware', list: undefined },
    false,
    { outcome: 'refuse', reason: 'busy', why: slotsTaken, instead: undefined },
  ],
  [
    'd70: all slots taken, asking for settings',
    { kind: 'settings', list: listed },
    false,
    { outcome: 'refuse', reason: 'busy', why: slotsTaken, instead: 'fxd_settings.txt' },
  ],
  [
    'd70: not listed and all slots taken: the list is what counts',
    { kind: 'upgrade', list: unlisted },
    false,
    { outcome: 'refuse', reason: 'forbidden', why: 'no line holds it', instead: 'fxd_upgrade.scr' },
  ],
  [
    'd11: a forbidden kind, even for who is listed',
    { kind: 'forbidden', list: listed },
    true,
    {
      outcome: 'refuse',
      reason: 'forbidden',
      why: 'files of this kind are never served',
      instead: undefined,
    },
  ],
]

for (const [title, facts, admitted, expected] of rows) {
  test(title, () => assert.deepEqual(decideDownload({ ...facts, admitted: () => admitted }), expected))
}

test('a slot is asked for only when nothing else speaks against it', () => {
  const admitted = () => assert.fail('a slot was asked for')
  decideDownload({ kind: 'forbidden', list: listed, admitted })
  decideDownload({ kind: 'settings', list: unlisted, admitted })
})
