import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences } from '../../../ha/mirror/differences.ts'
import { parseMirrorPath } from '../../../ha/mirror/layout.ts'
import type { Entry } from '../../../ha/mirror/manifest.ts'
import { makePlan, missingContents, readyEntries, type Here, type Plan } from '../../../ha/mirror/plan.ts'

const hashOf = (content: string) => Buffer.from(content).toString('hex').padEnd(64, '0').slice(0, 64)
const entry = (path: string, content: string, more: Partial<Entry> = {}): Entry => ({
  path: parseMirrorPath(path),
  size: content.length,
  sha256: hashOf(content),
  mtimeMs: 1_000,
  mode: 0o644,
  ...more,
})

interface Situation {
  wanted?: Entry[]
  wantedUnsure?: string[]
  here?: Record<string, string | Here>
  unsure?: string[]
  /** The content that both nodes had last, or nothing, and those that were about to be placed. */
  ours?: Record<string, [agreed: string | undefined, ...intended: string[]]>
}

/** Contents stand for files. */
function planFor({ wanted = [], wantedUnsure = [], here = {}, unsure = [], ours = {} }: Situation): Plan {
  const found = Object.entries(here).map(([path, what]): [string, Here] => [
    path,
    typeof what === 'string' ? { is: 'file', entry: entry(path, what) } : what,
  ])
  return makePlan({
    wanted: { entries: wanted, unsure: wantedUnsure },
    scan: { here: new Map(found), unsure },
    ours: new Map(
      Object.entries(ours).map(([path, [agreed, ...intended]]) => [
        path,
        { agreed: agreed && hashOf(agreed), intended: intended.map(hashOf) },
      ]),
    ),
  })
}

const a = 'HTTPdata/a.txt'
const pathsOf = ({ place, remove, drift, settle, equal }: Plan): Record<string, string[]> => ({
  place: place.map(({ path }) => path),
  remove,
  drift: drift.map(({ path, why }) => `${path}: ${why}`),
  settle: settle.map(({ path }) => path),
  equal: equal.map(({ path }) => path),
})
const nothing = { place: [], remove: [], drift: [], settle: [], equal: [] }

const cases: [string, Situation, Partial<Record<keyof typeof nothing, string[]>>][] = [
  ['a new file is placed', { wanted: [entry(a, 'new')] }, { place: [a] }],
  ['what is equal stays', { wanted: [entry(a, 'x')], here: { [a]: 'x' } }, { equal: [a] }],
  [
    'what the pair placed last is replaced',
    { wanted: [entry(a, 'new')], here: { [a]: 'old' }, ours: { [a]: ['old'] } },
    { place: [a] },
  ],
  [
    'so is what it was about to place when the process ended',
    { wanted: [entry(a, 'newer')], here: { [a]: 'new' }, ours: { [a]: ['old', 'new'] } },
    { place: [a] },
  ],
  [
    'what a person changed is drift',
    { wanted: [entry(a, 'new')], here: { [a]: 'by hand' }, ours: { [a]: ['old'] } },
    { drift: [`${a}: it was changed on this node`] },
  ],
  [
    'what was there before the pair and differs is drift',
    { wanted: [entry(a, 'new')], here: { [a]: 'by hand' } },
    { drift: [`${a}: it was changed on this node`] },
  ],
  [
    'what a person removed is drift',
    { wanted: [entry(a, 'new')], ours: { [a]: ['old'] } },
    { drift: [`${a}: it was removed from this node`] },
  ],
  [
    'what could not be put in place is not taken for removed',
    { wanted: [entry(a, 'new')], ours: { [a]: [undefined, 'new'] } },
    { place: [a] },
  ],
  [
    'what the pair placed and the active node has no more is removed',
    { here: { [a]: 'x' }, ours: { [a]: ['x'] } },
    { remove: [a] },
  ],
  ['what only the standby has is drift', { here: { [a]: 'x' } }, { drift: [`${a}: only this node has it`] }],
  [
    'what a person changed before the active node removed it is drift',
    { here: { [a]: 'by hand' }, ours: { [a]: ['x'] } },
    { drift: [`${a}: only this node has it`] },
  ],
  [
    'another date or mode is settled',
    { wanted: [entry(a, 'x', { mtimeMs: 2_000 })], here: { [a]: 'x' } },
    { equal: [a], settle: [a] },
  ],
  [
    'a file that is being written here is left',
    { wanted: [entry(a, 'x')], here: { [a]: { is: 'busy' } } },
    {},
  ],
  [
    'so is one that is being written there',
    { wantedUnsure: [a], here: { [a]: 'x' }, ours: { [a]: ['x'] } },
    {},
  ],
  [
    'so are those in a folder that is unreadable there',
    { wantedUnsure: ['HTTPdata/'], here: { [a]: 'x' }, ours: { [a]: ['x'] } },
    {},
  ],
  [
    'and in one that is unreadable here',
    { wanted: [entry('HTTPdata/f/b.txt', 'x')], unsure: ['HTTPdata/f/'] },
    {},
  ],
  [
    'a link is never replaced',
    { wanted: [entry(a, 'x')], here: { [a]: { is: 'odd', why: 'it is a link' } }, ours: { [a]: ['y'] } },
    { drift: [`${a}: it is a link`] },
  ],
  [
    'nor followed, where it stands in the place of a folder',
    { wanted: [entry('HTTPdata/f/b.txt', 'x')], here: { 'HTTPdata/f': { is: 'odd', why: 'it is a link' } } },
    { drift: ['HTTPdata/f/b.txt: it is a link'] },
  ],
  [
    'a folder is not emptied as a whole',
    { here: { [a]: 'x', 'HTTPdata/b.txt': 'y' }, ours: { [a]: ['x'], 'HTTPdata/b.txt': ['y'] } },
    {
      drift: [
        `${a}: the active node has nothing left in HTTPdata`,
        'HTTPdata/b.txt: the active node has nothing left in HTTPdata',
      ],
    },
  ],
  [
    'the certificate of the doors is not removed',
    { here: { certificate: 'x' }, ours: { certificate: ['x'] } },
    { drift: ['certificate: the active node has none any more'] },
  ],
  [
    'a key whose certificate a person changed is left alone with it',
    {
      wanted: [entry('certs/a.key', 'new'), entry('certs/a.pem', 'new')],
      here: { 'certs/a.key': 'old', 'certs/a.pem': 'by hand' },
      ours: { 'certs/a.key': ['old'], 'certs/a.pem': ['old'] },
    },
    { drift: ['certs/a.pem: it was changed on this node', 'certs/a.key: it belongs to certs/a.pem'] },
  ],
]

for (const [what, situation, expected] of cases) {
  test(what, () => {
    assert.deepEqual(pathsOf(planFor(situation)), { ...nothing, ...expected })
  })
}

test('a record of what neither node has any more is dropped, unless that is not known', () => {
  assert.deepEqual(planFor({ ours: { [a]: ['x'] } }).gone, [a])
  assert.deepEqual(planFor({ ours: { [a]: ['x'] }, unsure: ['HTTPdata/'] }).gone, [])
})

test('a certificate waits for its key: for its content, and while it is being written', () => {
  const wanted = [entry('certs/a.key', 'k'), entry('certs/a.pem', 'p'), entry(a, 'x')]
  const ready = (plan: Plan, missing: string) =>
    readyEntries(plan, (sha256) => sha256 !== hashOf(missing)).map(({ path }) => path)
  assert.deepEqual(ready(planFor({ wanted }), 'k'), [a])
  assert.deepEqual(ready(planFor({ wanted }), 'x'), ['certs/a.key', 'certs/a.pem'])
  assert.deepEqual(ready(planFor({ wanted: wanted.slice(1), wantedUnsure: ['certs/a.key'] }), ''), [a])
})

test('each content is fetched once, the small ones first, and none that is at hand', () => {
  const wanted = [
    entry(a, 'longest'),
    entry('HTTPdata/b.txt', 'short'),
    entry('TFTPdata/b.txt', 'short'),
    entry('HTTPdata/c.txt', 'here'),
  ]
  assert.deepEqual(
    missingContents(wanted, (sha256) => sha256 === hashOf('here')).map(({ size }) => size),
    [5, 7],
  )
})

test('differences of two nodes are named with what differs', () => {
  const mine = [
    entry(a, 'x'),
    entry('HTTPdata/b.txt', 'x'),
    entry('HTTPdata/c.txt', 'x'),
    entry('HTTPdata/d.txt', 'x'),
  ]
  const theirs = [
    entry(a, 'y'),
    entry('HTTPdata/b.txt', 'x', { mtimeMs: 9 }),
    entry('HTTPdata/d.txt', 'x'),
    entry('HTTPdata/e.txt', 'x'),
    entry('TFTPdata/f.txt', 'x'),
  ]
  assert.deepEqual(
    differences(mine, theirs, (path) => path.startsWith('TFTPdata/')),
    [
      { path: a, why: 'content differs' },
      { path: 'HTTPdata/b.txt', why: 'date differs' },
      { path: 'HTTPdata/c.txt', why: 'only this node has it' },
      { path: 'HTTPdata/e.txt', why: 'only the other node has it' },
    ],
  )
})
