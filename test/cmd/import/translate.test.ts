import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'smol-toml'
import { parseIni } from '../../../cmd/import/ini.ts'
import { mvIptel } from '../../../cmd/import/mv-iptel.ts'
import { mvWatchdog } from '../../../cmd/import/mv-watchdog.ts'
import { translate } from '../../../cmd/import/translate.ts'
import { exampleToml } from '../../../lib/base/config-docs.ts'
import { configSchema } from '../../../lib/base/config.ts'
import { linuxIni, watchdogIni } from './fixtures.ts'

const of = (text: string) => translate(parseIni(text), mvIptel)
const settingsOf = (text: string) => of(text).settings
const itemOf = (text: string, key: string) => of(text).items.find((item) => item.key === key)

test('the file as it was delivered becomes settings that the schema takes without complaint', () => {
  const { settings } = of(linuxIni)
  assert.deepEqual(settings, {
    'log.detailed': true,
    'log.file': '/opt/ecs/mvuser/MV_IPTel/log/MV_IPTel.log',
    'status.enabled': true,
    'status.port': 6090,
    'status.refreshSeconds': 10,
    'data.folder': '/opt/ecs/mvuser/MV_IPTel/data',
    'tftp.enabled': true,
    'tftp.port': 69,
    'http.enabled': true,
    'http.ports': [81],
    'https.enabled': false,
    'https.ports': [411],
    'https.certificate': '/opt/ecs/mvuser/MV_IPTel/certs/IPTelcert.pem',
    'https.key': '/opt/ecs/mvuser/MV_IPTel/certs/IPTelkey.pem',
    'https.clientAuth': 'none',
    'https.profile': 'legacy',
    'archive.enabled': true,
    'ftp.enabled': true,
    'ftp.port': 21,
    'ftp.dataPort': 20,
    'ftp.dataTimeoutMs': 5_000,
    'ftp.implicitTlsPorts': [],
    'superUser.name': 'mvuser',
    'ftpCopy.folder': 'home/mvuser/backup',
    'ftpCopy.user': 'tom',
    'userData.ftp': 'snmp',
  })
  const config = configSchema.parse(parse(exampleToml(settings)))
  assert.equal(config.data.folder, '/opt/ecs/mvuser/MV_IPTel/data')
  assert.deepEqual(config.http.ports, [81])
})

test('every key of the delivered files is known, and every one not carried says why', () => {
  for (const { items, known } of [of(linuxIni), translate(parseIni(watchdogIni), mvWatchdog)]) {
    assert.equal(known, items.length)
    for (const item of items) if (item.outcome !== 'carried') assert.ok(item.note, item.key)
  }
})

test('what is not built yet is named with the part it comes with', () => {
  const why = Object.fromEntries(
    of(linuxIni).items.map(({ section, key, note }) => [`${section}.${key}`, note]),
  )
  assert.match(why['BACKUP_SERVERS.FileServer'] ?? '', /central servers/)
  assert.match(why['BACKUP_SERVERS.CDRBackup'] ?? '', /CDR/)
  assert.ok(translate(parseIni(watchdogIni), mvWatchdog).items.every(({ outcome }) => outcome === 'dropped'))
})

test('FTPS and its port are carried together', () => {
  const settings = (lines: string) => of(`[FTPS]\n${lines}`).settings
  assert.deepEqual(settings('RunFTPS=1\nFTPPort=990'), { 'ftp.implicitTlsPorts': [990] })
  assert.deepEqual(settings('FTPPort=990\nRunFTPS=0'), { 'ftp.implicitTlsPorts': [] })
})

test('a site that did not ask its phones is not opened to everybody in silence', () => {
  const { settings, items } = of('[SNMP]\nUseSNMP=0')
  assert.deepEqual(settings, {})
  assert.match(items[0]?.danger ?? '', /every user/)
})

test('the SNMP version is carried, the community is not, and objects of its own become a family', () => {
  const { settings, items } = of('[SNMP]\nParams= -v1 -cgeheim\nExtObject=.1.3.6.1.4.1.9.1.0')
  assert.deepEqual(settings, {
    'snmp.version': 'v1',
    'snmp.families': [
      { family: 'imported', extension: '1.3.6.1.4.1.9.1.0', model: '1.3.6.1.4.1.6889.2.69.1.1.2.0' },
    ],
  })
  assert.doesNotMatch(JSON.stringify(items), /geheim/)
})

test('old defaults that were dangerous are pointed out', () => {
  const dangers = of(linuxIni).items.filter(({ danger }) => danger !== undefined)
  assert.deepEqual(
    dangers.map(({ key }) => key),
    ['SUPassword', 'UseSNMP'],
  )
  assert.match(itemOf('[SNMP]\nParams= -v2c -cpublic\n', 'Params')?.danger ?? '', /public/)
  assert.match(itemOf('[SNMP]\nParams= -v2c -c public\n', 'Params')?.danger ?? '', /public/)
  assert.equal(itemOf('[SNMP]\nParams= -v2c -cpublicity\n', 'Params')?.danger, undefined)
  assert.equal(itemOf('[SNMP]\nUseSNMP=1\nParams= -v2c -cx7\n', 'UseSNMP')?.danger, undefined)
  assert.equal(itemOf('[FTP]\nSUPassword=other\n', 'SUPassword')?.danger, undefined)
})

test('d73: SSLv2 and SSLv3 that were asked for are said to be impossible', () => {
  const { outcome, note, danger } = itemOf('[HTTPS]\nIPTel=0\nSSLV3=1\n', 'SSLV3') ?? {}
  assert.equal(outcome, 'dropped')
  assert.match(note ?? '', /no maintained OpenSSL/)
  assert.match(danger ?? '', /broken/)
  assert.match(itemOf('[HTTPS]\nSSLV2=1\n', 'SSLV2')?.danger ?? '', /broken/)
  assert.equal(itemOf('[HTTPS]\nIPTel=1\nSSLV3=1\n', 'SSLV3')?.danger, undefined)
})

test('the TLS profile follows IPTel, then TLSV1', () => {
  assert.equal(settingsOf('[HTTPS]\nIPTel=1\nTLSV1=1\n')['https.profile'], 'authenticate-only')
  assert.equal(settingsOf('[HTTPS]\nTLSV1=1\nIPTel=1\n')['https.profile'], 'authenticate-only')
  assert.equal(settingsOf('[HTTPS]\nIPTel=0\nTLSV1=1\n')['https.profile'], 'legacy')
  assert.equal(settingsOf('[HTTPS]\nIPTel=0\nTLSV1=0\n')['https.profile'], 'modern')
})

test('client certificates that were required stay required, and the missing authority is named', () => {
  assert.equal(settingsOf('[HTTPS]\nClientAuth=1\n')['https.clientAuth'], 'require')
  assert.match(itemOf('[HTTPS]\nClientAuth=1\n', 'ClientAuth')?.note ?? '', /https\.clientCa/)
})

test('passwords appear nowhere, not even those of keys we do not know', () => {
  const text = `${linuxIni}Params= -v2c -csesame\nAdminPassword=jerry2\n`
  const all = JSON.stringify(of(text))
  for (const secret of ['jerry', '"Avaya"', 'sesame']) assert.ok(!all.includes(secret), secret)
  assert.equal(itemOf(text, 'AdminPassword')?.value, '[hidden]')
})

test('on Windows paths are not carried, everything else is', () => {
  const windows = linuxIni
    .replaceAll('/opt/ecs/mvuser/', 'c:\\Program Files\\Avaya\\')
    .replaceAll('\n', '\r\n')
    .replace('ServerName=Unknown', 'ServerName=Tor 1 Süd')
  const { settings, items } = of(windows)
  assert.equal(settings['node.name'], 'Tor 1 Süd')
  assert.deepEqual(settings['http.ports'], [81])
  for (const name of ['data.folder', 'log.file', 'https.certificate', 'https.key'])
    assert.equal(settings[name], undefined)
  for (const { key, note } of items)
    if (/Dir$|File$/.test(key) && !key.startsWith('Custom')) assert.match(note ?? '', /Windows path/, key)
  configSchema.parse(parse(exampleToml(settings)))
})

test('data folders that do not share a parent, or are called otherwise, are told of', () => {
  const apart = '[TFTP]\nTFTPDir=/a/TFTPdata\n[HTTP]\nHTTPDir=/b/HTTPdata\n'
  assert.equal(settingsOf(apart)['data.folder'], undefined)
  assert.match(itemOf(apart, 'HTTPDir')?.note ?? '', /do not share a parent \(\/a, \/b\)/)
  const renamed = '[TFTP]\nTFTPDir=/srv/tftpboot\n[HTTP]\nHTTPDir= /data/HTTPdata/ \n'
  assert.equal(settingsOf(renamed)['data.folder'], '/data')
  assert.match(itemOf(renamed, 'TFTPDir')?.note ?? '', /must be called TFTPdata/)
  assert.equal(itemOf('[HTTP]\nHTTPDir=data/HTTPdata\n', 'HTTPDir')?.note, 'not an absolute path')
})

test('a value that makes no sense is left out, with the reason', () => {
  const values: Record<string, RegExp> = {
    '[HTTP]\nHTTPPort=99999': /http\.ports does not take it/,
    '[HTTP]\nHTTPPort=eighty': /not a port number/,
    '[TFTP]\nTrivialFTPPort=0': /tftp\.port does not take it/,
    '[TFTP]\nRunTrivialFTP=yes': /neither 0 nor 1/,
    '[HTTPS]\nIPTel=': /neither 0 nor 1/,
    '[HTTPS]\nTLSV1=2': /neither 0 nor 1/,
    '[HTTPS]\nSSLV3=2': /neither 0 nor 1/,
    '[HTTPS]\nClientAuth=x': /neither 0 nor 1/,
    '[Settings]\nRunStatus=x': /neither 0 nor 1/,
    '[Settings]\nStatusRefresh=0': /status\.refreshSeconds does not take it/,
    '[Settings]\nStatusPort=6090.5': /not a whole number/,
    [`[Settings]\nServerName=${'x'.repeat(64)}`]: /node\.name does not take it/,
  }
  for (const [text, why] of Object.entries(values)) {
    const { settings, items } = of(text)
    assert.deepEqual(settings, {}, text)
    assert.equal(items[0]?.outcome, 'dropped', text)
    assert.match(items[0]?.note ?? '', why, text)
  }
})

test('a key we do not know is told of, with a hint where it may be the limit of clients', () => {
  assert.match(itemOf('[Settings]\nMaxClients=100\n', 'MaxClients')?.note ?? '', /access\.maxClients/)
  assert.equal(itemOf('[Settings]\nColour=red\n', 'Colour')?.note, 'not a key we know')
  assert.equal(itemOf('[TFTP]\nHTTPPort=81\n', 'HTTPPort')?.outcome, 'dropped')
})

test('names are known in any case', () => {
  assert.deepEqual(settingsOf('[http]\nhttpport=8081\n'), { 'http.ports': [8081] })
})
