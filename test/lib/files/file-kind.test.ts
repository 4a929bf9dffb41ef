import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOf, type FileKind } from '../../../lib/files/file-kind.ts'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { words } from '../../support/words.ts'

const cases: readonly (readonly [FileKind, string])[] = [
  ['upgrade', '46xxupgrade.scr 46xxupgrade.txt 96x1Supgrade.txt J100Hupgrade.txt fxd_upgrade.scr'],
  ['settings', '46xxsettings.txt 46XXSETTINGS.TXT 46xxspecials.txt fxd_settings.txt c81f4aef9689.txt'],
  ['settings', 'SEP00112233AABB.cnf.xml SIP00112233AABB.cfg cfgc074ad2bd859.xml 0004f2abcdef-phone.cfg'],
  ['firmware', 'sample_fw.bin S96x1_UKR.tar J100-IPT-SIP.zip term88.loads firmware/T46.rom 3111.sip.ld'],
  ['language', 'Mlf_J129_French.xml mlf_x.XML mtg_german.lng dutch.lang'],
  ['certificate', 'ca.pem ca.CRT root.cer root.der av_prca_pem_2033.txt'],
  ['other', '4711_96xxdata.txt logo.jpg 1220SIP.cfg upgrade allow_IP.txt.html key gz.txt'],
]

for (const [kind, names] of cases) {
  test(`${names}: ${kind}`, () => {
    for (const name of words(names)) assert.equal(kindOf(parseFileName(name)), kind, name)
  })
}

test('a folder does not make a file what it is not', () => {
  assert.equal(kindOf(parseFileName('firmware.bin/readme.txt')), 'other')
  assert.equal(kindOf(parseFileName('a/b/46xxsettings.txt')), 'settings')
})

test('d11: leftovers of editors, keys, ini files, logs and archives are forbidden', () => {
  const names = words(`
    46xxsettings.txt.bak 46xxsettings.OLD a.orig a.save a.tmp a.temp a.part a.swp a.swo a.swx
    46xxsettings.txt~ #46xxsettings.txt# server.key server.p8 server.pfx server.P12 server.jks server.ppk
    MV_IPTel.ini fileserver.log 2026-11.gz backup.tar.gz backup.tgz twintone.toml
  `)
  for (const name of [...names, ...names.map((base) => `firmware/${base}`)])
    assert.equal(kindOf(parseFileName(name)), 'forbidden', name)
})

test('d11: the address lists themselves are forbidden, in any case and in any folder', () => {
  const names = `
    allow_IP.txt ALLOW_ip.TXT TFTP_allow_IP.txt HTTP_allow_IP.txt HTTPS_allow_IP.txt FTP_allow_IP.txt
    firmware/allow_IP.txt
  `
  for (const name of words(names)) assert.equal(kindOf(parseFileName(name)), 'forbidden', name)
})

test('d11: a forbidden ending wins over what the rest of the name promises', () => {
  for (const name of words('46xxupgrade.scr.bak fw.bin.tmp c81f4aef9689.cfg.old Mlf_a.xml~'))
    assert.equal(kindOf(parseFileName(name)), 'forbidden', name)
})
