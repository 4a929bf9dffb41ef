import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { transferLog } from '../../../lib/status/transfer-log.ts'
import { finished } from '../../support/snapshot.ts'

function logged(...transfers: readonly Parameters<typeof finished>[0][]): Record<string, unknown>[] {
  const lines: string[] = []
  const formatters = { level: (level: string) => ({ level }) }
  const listen = transferLog(
    pino({ base: null, timestamp: false, formatters }, { write: (line: string) => lines.push(line) }),
  )
  for (const transfer of transfers) listen(finished(transfer))
  return lines.map((line) => JSON.parse(line))
}

test('each transfer is one line with a stable event name; only a broken one is a warning', () => {
  const lines = logged(
    {},
    { result: 'unchanged' },
    { result: 'stored' },
    { result: 'removed' },
    { result: 'refused' },
    { result: 'broken' },
  )
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['info', 'file sent'],
      ['info', 'file unchanged'],
      ['info', 'file stored'],
      ['info', 'file removed'],
      ['info', 'file refused'],
      ['warn', 'transfer broken'],
    ],
  )
})

test('a line tells phone, address, protocol, file, bytes, time, result and ETag', () => {
  const phone = { mac: 'c81f4aef9689', model: 'J139' }
  const [line] = logged({
    phone,
    file: '46xxSettings.txt',
    kind: 'settings',
    etag: '1a2b3c4d',
    ms: 12.3,
    retries: 2,
  })
  assert.deepEqual(line, {
    level: 'info',
    address: '10.0.0.1',
    phone,
    protocol: 'http',
    port: 81,
    asked: '46xxsettings.txt',
    file: '46xxSettings.txt',
    kind: 'settings',
    bytes: 1_000,
    ms: 12.3,
    code: 200,
    etag: '1a2b3c4d',
    retries: 2,
    msg: 'file sent',
  })
})

test('an upload that broke off can be told from a download', () => {
  const [upload, download] = logged({ result: 'broken', upload: true }, { result: 'broken' })
  assert.deepEqual([upload?.['upload'], download?.['upload']], [true, undefined])
})

test('a refusal tells its reason and what there is instead, a fallback that it was one', () => {
  const [refused, fallback] = logged(
    { result: 'refused', reason: 'notFound', detail: 'there is a 46xxupgrade.txt', code: 404 },
    { fallback: true, detail: 'no line holds it' },
  )
  assert.deepEqual([refused?.['reason'], refused?.['detail']], ['notFound', 'there is a 46xxupgrade.txt'])
  assert.deepEqual([fallback?.['fallback'], fallback?.['detail']], [true, 'no line holds it'])
})
