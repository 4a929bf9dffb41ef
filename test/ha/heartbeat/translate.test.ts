import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translatePair, type TranslatedPair } from '../../../ha/heartbeat/translate.ts'
import type { Item } from '../../../lib/base/import/report.ts'
import { authkeys, haCf, haresources } from './fixtures.ts'

const both = new Map([
  ['EY-FTP1', '192.168.38.128'],
  ['EY-FTP2', '192.168.38.129'],
])

const translated = ({
  cf = 'node A\nnode B\n',
  resources = 'A 10.0.0.50\n',
  keys,
  addresses = new Map(),
}: {
  cf?: string
  resources?: string
  keys?: string
  addresses?: Map<string, string>
}): TranslatedPair =>
  translatePair({
    haCf: { file: 'ha.cf', text: cf },
    haresources: { file: 'haresources', text: resources },
    ...(keys === undefined ? {} : { authkeys: { file: 'authkeys', text: keys } }),
    addresses,
  })

const itemsOf = ({ reports }: TranslatedPair): Item[] => reports.flatMap(({ items }) => [...items])

/** The one item for that directive or resource. */
function itemOf(pair: TranslatedPair, key: string): Item {
  const [item, ...more] = itemsOf(pair).filter((each) => each.key === key)
  assert.ok(item, `nothing became of ${key}`)
  assert.equal(more.length, 0, `${key} more than once`)
  return item
}

test("the manual's pair becomes ours: nodes, address, gateway, preferred node, no failback", () => {
  const pair = translated({ cf: haCf, resources: haresources, keys: authkeys, addresses: both })
  assert.deepEqual(pair.settings, {
    'pair.failbackMinutes': 0,
    'pair.nodes': [
      { name: 'EY-FTP1', address: '192.168.38.128' },
      { name: 'EY-FTP2', address: '192.168.38.129' },
    ],
    'pair.gateway': '192.168.38.1',
    'pair.preferred': 'EY-FTP1',
    'pair.vip': ['192.168.38.130'],
  })
  assert.deepEqual(
    itemsOf(pair).filter(({ note }) => /not .* we know/.test(note ?? '')),
    [],
  )
})

test('without addresses the nodes are not carried, and it is said how to give them', () => {
  const pair = translated({ cf: haCf, addresses: new Map([['ey-ftp2', '192.168.38.129']]) })
  assert.equal('pair.nodes' in pair.settings, false)
  assert.deepEqual(pair.nodes, ['EY-FTP1', 'EY-FTP2'])
  const notes = itemsOf(pair).filter(({ key }) => key === 'node')
  assert.equal(notes.length, 2)
  for (const { outcome, note } of notes) {
    assert.equal(outcome, 'dropped')
    assert.match(note ?? '', /--address EY-FTP1=ADDRESS$/)
  }
})

test('nodes in one line, with a domain, in another case or given twice are two nodes all the same', () => {
  const cf = 'NODE EY-FTP1.example.com ey-ftp2\nnode EY-FTP2\n'
  const pair = translated({ cf, resources: 'ey-ftp1 10.0.0.50', addresses: both })
  assert.deepEqual(pair.settings['pair.nodes'], [
    { name: 'EY-FTP1', address: '192.168.38.128' },
    { name: 'ey-ftp2', address: '192.168.38.129' },
  ])
  assert.equal(pair.settings['pair.preferred'], 'EY-FTP1')
})

test('one node, or three, are no pair; neither is a name that ours may not have', () => {
  for (const cf of ['node A', 'node A B C'])
    assert.match(itemOf(translated({ cf }), 'node').note ?? '', /a pair has two nodes, not/)
  const odd = translated({ cf: 'node A$ B', addresses: new Map([['A$', '10.0.0.1'], ['B', '10.0.0.2']]) }) // prettier-ignore
  assert.match(itemOf(odd, 'node').note ?? '', /pair\.nodes does not take it/)
  assert.deepEqual(odd.settings['pair.nodes'], undefined)
})

test('the first address to ping is the gateway, the others are further targets; groups are taken apart', () => {
  const { settings } = translated({ cf: 'ping 10.0.0.1 10.0.0.2\nping_group dns 10.0.0.3 2001:db8::1' })
  assert.equal(settings['pair.gateway'], '10.0.0.1')
  assert.deepEqual(settings['pair.pingTargets'], ['10.0.0.2', '10.0.0.3', '2001:db8::1'])
  const named = translated({ cf: 'ping router.example' })
  assert.match(itemOf(named, 'ping').note ?? '', /addresses, not names/)
  assert.equal('pair.gateway' in named.settings, false)
})

test('failback is never by itself, or after five minutes where it was at once before', () => {
  const minutes = (cf: string) => translated({ cf }).settings['pair.failbackMinutes']
  assert.equal(minutes('nice_failback on'), 0)
  assert.equal(minutes('NICE_FAILBACK Off'), 5)
  assert.equal(minutes('auto_failback off'), 0)
  assert.equal(minutes('auto_failback on'), 5)
  assert.equal(minutes('auto_failback legacy'), 5)
  assert.equal(minutes('nice_failback perhaps'), undefined)
  assert.equal(minutes(''), undefined)
})

test('where nothing was said of failback, it is said that the old pair did it', () => {
  const silent = translated({})
  assert.equal(itemOf(silent, 'A').outcome, 'changed')
  assert.match(itemOf(silent, 'A').note ?? '', /once pair\.failbackMinutes is set/)
  assert.equal(itemOf(translated({ cf: 'node A B\nnice_failback on' }), 'A').outcome, 'carried')
})

test('times are explained, not carried', () => {
  const pair = translated({ cf: 'keepalive 500ms\ndeadtime 30' })
  assert.match(itemOf(pair, 'keepalive').note ?? '', /each 500ms; here each 250 ms \(pairTiming\.renewMs\)/)
  assert.match(itemOf(pair, 'deadtime').note ?? '', /after 30 s; here after 1650 ms .* all of them or none/)
  assert.deepEqual(
    Object.keys(pair.settings).filter((name) => name.startsWith('pairTiming')),
    [],
  )
})

test('floating addresses are found in every form, with their interface', () => {
  const resources =
    'A IPaddr::10.0.0.50/24/eth0:1/10.0.0.255 10.0.0.51 IPaddr2::10.0.0.52/24/eth0 \\\n  IPv6addr::2001:db8::5/64/eth0 10.0.0.50\n'
  const { settings } = translated({ resources })
  assert.deepEqual(settings['pair.vip'], ['10.0.0.50', '10.0.0.51', '10.0.0.52', '2001:db8::5'])
  assert.equal(settings['pair.interface'], 'eth0')
})

test('an address that is none is left out, and does not spoil the others', () => {
  const pair = translated({ resources: 'A 10.0.0.50 300.1.1.1 10.0.0.51' })
  assert.deepEqual(pair.settings['pair.vip'], ['10.0.0.50', '10.0.0.51'])
  assert.equal(itemOf(pair, '300.1.1.1').note, 'not an address')
})

test('scripts are not carried, each with the reason', () => {
  const pair = translated({
    resources: 'A mv_ipteld drbddisk::r0 Filesystem::/dev/drbd0::/data::ext3 MailTo::root@localhost httpd',
  })
  const note = (key: string) => itemOf(pair, key).note ?? ''
  assert.match(note('mv_ipteld'), /run on both nodes all the time/)
  assert.match(note('drbddisk::r0'), /no shared disk/)
  assert.match(note('Filesystem::/dev/drbd0::/data::ext3'), /no shared disk/)
  assert.match(note('MailTo::root@localhost'), /alertMail/)
  assert.match(note('httpd'), /pairHooks\.role/)
  for (const item of itemsOf(pair).slice(2)) if (item.key !== 'A') assert.equal(item.outcome, 'dropped')
})

test('two default masters become one preferred node; a stranger none', () => {
  const pair = translated({ resources: 'A 10.0.0.50\nB 10.0.0.51\nC httpd\n' })
  assert.equal(pair.settings['pair.preferred'], 'A')
  assert.match(itemOf(pair, 'B').note ?? '', /one node is active for everything; A is preferred/)
  assert.equal(itemOf(pair, 'C').note, 'not a node of ha.cf')
  assert.deepEqual(pair.settings['pair.vip'], ['10.0.0.50', '10.0.0.51'])
})

test('no key is carried or shown, and crc is called what it is', () => {
  const keys =
    'auth 3\r\n1 crc\r\n2 SHA1 Geheim-1 and more\r\n3 md5 Geheim-2\n4 Geheim-3\nGeheim-4\nauth Geheim-5\n# Geheim-6\n'
  const pair = translated({ keys })
  assert.doesNotMatch(JSON.stringify(pair), /geheim/i)
  const ofKeys = pair.reports[2]?.items ?? []
  assert.deepEqual(
    ofKeys.map(({ key, value, danger }) => [key, value, danger?.split(':')[0]]),
    [
      ['auth', '3', undefined],
      ['1', 'crc', 'crc proves nothing'],
      ['2', 'SHA1 [hidden]', undefined],
      ['3', 'md5 [hidden]', 'md5 is broken'],
      ['4', '[hidden]', undefined],
      ['[hidden]', '[hidden]', undefined],
      ['auth', '[hidden]', undefined],
    ],
  )
  for (const { outcome, note } of ofKeys) {
    assert.equal(outcome, 'dropped')
    assert.match(note ?? '', /`ha init` makes a new secret/)
  }
})

test('what is not known is told of', () => {
  const pair = translated({ cf: 'node A B\nfrobnicate 7' })
  assert.equal(itemOf(pair, 'frobnicate').note, 'not a directive we know')
  assert.equal(pair.known.haCf, 1)
})
