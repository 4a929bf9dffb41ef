import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  endOf,
  expired,
  monthBefore,
  monthOf,
  parseMonth,
  type Month,
} from '../../../../lib/users/archive/month.ts'
import { versionAsOf, type VersionRecord } from '../../../../lib/users/archive/as-of.ts'
import { parseFileName } from '../../../../lib/files/file-name.ts'

const month = (text: string): Month => {
  const parsed = parseMonth(text)
  assert.ok(parsed, text)
  return parsed
}

/** Runs `work` as on a machine in that time zone. */
function inZone<T>(zone: string, work: () => T): T {
  const before = process.env.TZ
  process.env.TZ = zone
  try {
    return work()
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
}

for (const text of [
  '2026-1',
  '2026-13',
  '2026-00',
  '2026-11 ',
  '../2026-11',
  '2026-11/..',
  '26-11',
  '',
  'november',
]) {
  test(`${JSON.stringify(text)} is no month, and so never a folder`, () => {
    assert.equal(parseMonth(text), undefined)
  })
}

test('the month before January is December of the year before', () => {
  assert.equal(monthBefore(month('2027-01')), '2026-12')
  assert.equal(monthBefore(month('2026-03')), '2026-02')
})

const ends: [zone: string, month: string, end: string][] = [
  ['UTC', '2026-11', '2026-12-01T00:00:00.000Z'],
  ['UTC', '2026-12', '2027-01-01T00:00:00.000Z'],
  ['UTC', '2028-02', '2028-03-01T00:00:00.000Z'],
  // Summer time begins and ends within the month: the end is midnight by the new time.
  ['Europe/Berlin', '2026-03', '2026-03-31T22:00:00.000Z'],
  ['Europe/Berlin', '2026-10', '2026-10-31T23:00:00.000Z'],
  ['America/New_York', '2026-11', '2026-12-01T05:00:00.000Z'],
  // The clock was put forward at the midnight that ended September: October began at one.
  ['America/Asuncion', '2017-09', '2017-10-01T04:00:00.000Z'],
  ['Pacific/Kiritimati', '2026-11', '2026-11-30T10:00:00.000Z'],
]
for (const [zone, which, end] of ends) {
  test(`${which} ends at ${end} in ${zone}`, () => {
    assert.equal(
      inZone(zone, () => endOf(month(which)).toISOString()),
      end,
    )
  })
}

test('a moment belongs to the month of the clock on the wall, up to its last millisecond', () => {
  inZone('America/New_York', () => {
    assert.equal(monthOf(new Date('2026-12-01T04:59:59.999Z')), '2026-11')
    assert.equal(monthOf(new Date('2026-12-01T05:00:00.000Z')), '2026-12')
  })
})

test('beyond the newest months that are kept, the others have expired', () => {
  const all = ['2026-03', '2025-12', '2026-01'].map(month)
  assert.deepEqual(expired(all, 2), ['2025-12'])
  assert.deepEqual(expired(all, 3), [])
  assert.deepEqual(expired(all, 24), [])
})

test('a month that a wrong clock made does not make all others expire', () => {
  assert.deepEqual(expired(['2026-09', '2026-10', '2038-01'].map(month), 2), ['2026-09'])
})

const name = parseFileName('4711_96xxdata.txt')
const version = (seq: number, at: string, op: 'put' | 'delete' = 'put'): VersionRecord => ({
  seq,
  at,
  op,
  name,
  size: 1,
  hash: '',
})
const end = new Date('2026-12-01T00:00:00.000Z')

const cases: [what: string, versions: VersionRecord[], seq: number | undefined][] = [
  ['a file that was never there', [], undefined],
  [
    'the newest of several versions',
    [version(2, '2026-11-20T00:00:00Z'), version(1, '2026-11-02T00:00:00Z')],
    2,
  ],
  ['a file that was not stored that month', [version(1, '2026-01-02T00:00:00Z')], 1],
  [
    'stored again after the end',
    [version(2, '2026-12-01T00:00:00.000Z'), version(1, '2026-11-30T23:59:59.999Z')],
    1,
  ],
  ['only stored after the end', [version(1, '2026-12-01T00:00:00.000Z')], undefined],
  [
    'deleted before the end',
    [version(2, '2026-11-30T00:00:00Z', 'delete'), version(1, '2026-11-02T00:00:00Z')],
    undefined,
  ],
  [
    'deleted after the end',
    [version(2, '2026-12-01T00:10:00Z', 'delete'), version(1, '2026-11-02T00:00:00Z')],
    1,
  ],
  [
    'stored while the clock was slow',
    [version(2, '2026-11-02T00:00:00Z'), version(1, '2026-11-20T00:00:00Z')],
    2,
  ],
]
for (const [what, versions, seq] of cases) {
  test(`as of the end of November, ${what}: ${seq === undefined ? 'nothing' : `version ${seq}`}`, () => {
    assert.equal(versionAsOf(versions, end)?.seq, seq)
  })
}
