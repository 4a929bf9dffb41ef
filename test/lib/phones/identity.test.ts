import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { PhoneTraits } from '../../../lib/base/phone-traits.ts'
import { identifyFileName, identifyUserAgent } from '../../../lib/phones/identity.ts'

const userAgents: Record<string, PhoneTraits> = {
  'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J139-4.1.5.0.6 (MAC:c81f4aef9689)': {
    vendor: 'Avaya',
    model: 'J139',
    version: '4.1.5.0.6',
    mac: 'c81f4aef9689',
  },
  'Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:C81FEA83E85A)': {
    vendor: 'Avaya',
    model: 'J179',
    version: '4.1.3.0.6',
    mac: 'c81fea83e85a',
  },
  'AVAYA/SIP12x0\x17/04.00.04.00': { vendor: 'Avaya', model: '12x0', version: '04.00.04.00' },
  'AVAYA/SIP12x0\xff/04.01.13.00': { vendor: 'Avaya', model: '12x0', version: '04.01.13.00' },
  'AVAYA/96x1-IPT-SIP-R7_1_15_0_4 (MAC:00:1b:4f:aa:bb:cc)': {
    vendor: 'Avaya',
    model: '96x1',
    version: '7.1.15.0.4',
    mac: '001b4faabbcc',
  },
  'Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)': {
    vendor: 'Cisco',
    model: 'SPA501G',
    version: '7.4.4',
    mac: '8843e157ddcc',
  },
  'Cisco/SPA525G-7.4.7 (CBT141900G7)': { vendor: 'Cisco', model: 'SPA525G', version: '7.4.7' },
  'Linksys/SPA-942-6.1.5(a) (88019FA42805)': { vendor: 'Linksys', model: 'SPA942', version: '6.1.5(a)' },
  'FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application': {
    vendor: 'Polycom',
    model: 'VVX400',
    version: '4.1.4.7430',
  },
  'FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078': {
    vendor: 'Polycom',
    model: 'SPIP335',
    version: '3.2.1.0078',
  },
  'Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37': {
    vendor: 'Yealink',
    model: 'T46G',
    version: '28.72.0.1',
    mac: '0015654aa937',
  },
  'Yealink SIP-T56A  58.80.0.25 001565f429a4': {
    vendor: 'Yealink',
    model: 'T56A',
    version: '58.80.0.25',
    mac: '001565f429a4',
  },
  'Grandstream Model HW GXP1628 SW 1.0.4.138 DevId c074ad2bd859': {
    vendor: 'Grandstream',
    model: 'GXP1628',
    version: '1.0.4.138',
    mac: 'c074ad2bd859',
  },
  'Grandstream Model HW GXP2200 V2.2A SW 1.0.1.33 DevId 000b82462d97': {
    vendor: 'Grandstream',
    model: 'GXP2200',
    version: '1.0.1.33',
    mac: '000b82462d97',
  },
  'Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)': {
    vendor: 'Snom',
    model: '710',
    version: '8.7.5.35',
    mac: '000413741767',
  },
  'Mozilla/4.0 (compatible; snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)': {
    vendor: 'Snom',
    model: '320',
    version: '6.5.20',
  },
  'Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)': {
    vendor: 'Snom',
    model: 'M900',
    version: '05.20.0001',
    mac: '000413b60680',
  },
  'Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP': {
    vendor: 'Mitel',
    model: '6920',
    version: '6.4.0.140',
    mac: '1400e91f03ea',
  },
  'Aastra6731i MAC:00-08-5D-29-4C-6B V:3.3.1.4365-SIP': {
    vendor: 'Mitel',
    model: '6731i',
    version: '3.3.1.4365',
    mac: '00085d294c6b',
  },
  'Fanvil X4 2.12.1 0c383e123456': { vendor: 'Fanvil', model: 'X4', version: '2.12.1', mac: '0c383e123456' },
}

for (const [text, traits] of Object.entries(userAgents)) {
  test(`the User-Agent ${JSON.stringify(text)} tells the phone`, () => {
    assert.deepEqual(identifyUserAgent(text), traits)
  })
}

const fileNames: Record<string, PhoneTraits> = {
  'c81f4aef9689.txt': { vendor: 'Avaya', mac: 'c81f4aef9689' },
  'SIP0004F2ABCDEF.cfg': { vendor: 'Avaya', mac: '0004f2abcdef' },
  '1220SIP.cfg': { vendor: 'Avaya', model: '1220' },
  'J100Supgrade.txt': { vendor: 'Avaya' },
  '46XXUPGRADE.SCR': { vendor: 'Avaya' },
  'SEP0004F2ABCDEF.cnf.xml': { vendor: 'Cisco', mac: '0004f2abcdef' },
  'CTLSEP0004F2ABCDEF.tlv': { vendor: 'Cisco', mac: '0004f2abcdef' },
  'ITLSEP0004F2ABCDEF.tlv': { vendor: 'Cisco', mac: '0004f2abcdef' },
  'ATA0004F2ABCDEF.cnf.xml': { vendor: 'Cisco', mac: '0004f2abcdef' },
  'SIP0004F2ABCDEF.cnf': { vendor: 'Cisco', mac: '0004f2abcdef' },
  'spa504G.cfg': { vendor: 'Cisco', model: 'SPA504G' },
  '0004f2abcdef-phone.cfg': { vendor: 'Polycom', mac: '0004f2abcdef' },
  '0004f2abcdef-directory.xml': { vendor: 'Polycom', mac: '0004f2abcdef' },
  '0004f2abcdef-boot.log': { vendor: 'Polycom', mac: '0004f2abcdef' },
  'y000000000025.cfg': { vendor: 'Yealink' },
  'cfg000b82462d97.xml': { vendor: 'Grandstream', mac: '000b82462d97' },
  'snom710-000413741767.htm': { vendor: 'Snom', model: '710', mac: '000413741767' },
  'snom710.htm': { vendor: 'Snom', model: '710' },
  'snomd785-firmware.xml': { vendor: 'Snom', model: 'D785' },
  '0015654aa937.cfg': { mac: '0015654aa937' },
  '000413741767.xml': { mac: '000413741767' },
}

for (const [name, traits] of Object.entries(fileNames)) {
  test(`the file name ${name} tells the phone`, () => {
    assert.deepEqual(identifyFileName(name), traits)
    assert.deepEqual(identifyFileName(`/phones/${name}`), traits)
    assert.deepEqual(identifyFileName(`phones\\${name}`), traits)
  })
}

test("the file of everybody, 000000000000, is nobody's MAC", () => {
  assert.deepEqual(identifyFileName('000000000000.cfg'), { vendor: 'Polycom' })
  assert.deepEqual(identifyFileName('000000000000-directory.xml'), { vendor: 'Polycom' })
  assert.equal(identifyFileName('000000000000.txt'), undefined)
  assert.equal(identifyFileName('000000000000-phone.cfg'), undefined)
  assert.equal(identifyFileName('000000000000.xml'), undefined)
})

test('what no phone sends tells nothing', () => {
  for (const text of [
    '',
    'curl/8.5.0',
    'Wget/1.21',
    'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0',
    'AVAYA/',
    'Avaya',
    'Yealink',
    'snom',
  ]) {
    assert.equal(identifyUserAgent(text), undefined, text)
  }
  for (const name of [
    '',
    '46xxsettings.txt',
    'FW_S_J129_R4_1_3_0_6.bin',
    'c81f4aef968.txt',
    'c81f4aef96890.txt',
    'xc81f4aef9689.txt',
    'c81f4aef9689.txt.bak',
    'x'.repeat(300),
  ]) {
    assert.equal(identifyFileName(name), undefined, name)
  }
})

test('a MAC that is not twelve hex digits is left out, not passed on', () => {
  assert.deepEqual(identifyUserAgent('AVAYA/J139-4.1.5 (MAC:c8-1f-4a-ef-96-8)'), {
    vendor: 'Avaya',
    model: 'J139',
    version: '4.1.5',
  })
})

test('of a name or User-Agent beyond all measure only the beginning is looked at', () => {
  assert.equal(identifyUserAgent(`${' '.repeat(10_000)}AVAYA/J139-4.1.5`), undefined)
  assert.equal(identifyFileName(`${'x/'.repeat(10_000)}c81f4aef9689.txt`), undefined)
})

test('property: foreign text is answered with well-formed traits or nothing, and never takes long', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'AVAYA/',
        'J139',
        'SIP',
        '-',
        '/',
        '1.2.3',
        ' ',
        '(MAC:',
        ')',
        'snom',
        'Yealink ',
        'c81f4aef9689',
        'Cisco/',
        '.cfg',
        '000000000000',
        '\0',
      ),
    ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('')
      for (const traits of [identifyUserAgent(text), identifyFileName(text)]) {
        if (traits?.mac !== undefined) assert.match(traits.mac, /^[0-9a-f]{12}$/)
        if (traits?.model !== undefined) assert.match(traits.model, /^[\w]{1,24}$/)
        if (traits?.version !== undefined) assert.ok(traits.version.length <= 24)
      }
    }),
    { numRuns: 5_000, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: true },
  )
})
