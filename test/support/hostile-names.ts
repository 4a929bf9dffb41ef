import { words } from './words.ts'

/** A name as a phone, or somebody who is none, may ask for it. */
export interface HostileName {
  name: string
  /** `http-only`: it holds a NUL byte, which TFTP and FTP cannot carry inside a name. */
  wire: 'any' | 'http-only'
}

/** Names that phones really ask for: every door serves them when they are there. */
export const harmlessNames: readonly string[] = [
  ...words(`
    46xxupgrade.scr 96x1Supgrade.txt J100Supgrade.txt 46xxsettings.txt c81f4aef9689.txt
    SEP00112233AABB.cnf.xml y000000000025.cfg 000000000000-directory.xml S96x1_UKR_R7_1_15_0.tar
    Mlf_J129_Français.xml firmware/J100/FW_S_J129_R4_1_3_0_6.bin av_prca_pem_2033.txt
  `),
  'spa504G & hall (2).cfg',
]

/**
 * Some 11,000 names, always the same in the same order, no two alike: every way out of a folder that we know, hostile
 * pieces put into harmless names, and harmless names themselves. None of them may lead outside a root.
 */
export function hostileNames(): readonly HostileName[] {
  const names = new Set([
    ...harmlessNames,
    ...harmlessNames.flatMap(spellings),
    ...neverServed,
    ...absolute,
    ...climbing(),
    ...harmlessNames.flatMap((name) => broken.flatMap((piece) => around(name, piece))),
    ...devices.flatMap(dressedAsFile),
    ...tooLong(),
  ])
  return Array.from(names, (name) => ({ name, wire: name.includes('\0') ? 'http-only' : 'any' }))
}

/** The bytes of a name for the wire: UTF-8, and a lone surrogate in the three bytes that a careless encoder gives it. */
export const wireBytes = (name: string): Buffer =>
  Buffer.concat(
    Array.from(name, (char) => {
      const code = char.charCodeAt(0)
      return char.isWellFormed()
        ? Buffer.from(char)
        : Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)])
    }),
  )

const neverServed = [
  '',
  ...words(`
    / . ./ .. firmware/ firmware// firmware/. .htaccess .git/config firmware/.hidden .bash_history
    .state/address-lists/HTTPdata-allow_IP.txt allow_IP.txt HTTP_allow_IP.txt https_ALLOW_ip.TXT
    firmware/TFTP_allow_IP.txt FTP_allow_IP.txt 46xxsettings.txt.bak 46xxsettings.txt~ #46xxsettings.txt#
    46xxsettings.old settings.ini a.log server.key KEY.PFX certs/server.p12 twintone.toml backup.tar.gz
    x.swp half.part x.tmp
  `),
]

const absolute = words(String.raw`
  /etc/passwd //etc/passwd ///etc/passwd /46xxsettings.txt \etc\passwd \\etc\passwd
  C:\boot.ini c:/windows/win.ini C:46xxsettings.txt \\server\share\a.txt //server/share/a.txt \\?\C:\boot.ini
  file:///etc/passwd file://localhost/etc/passwd FILE:/etc/passwd http://127.0.0.1:6090/status.json
  \\.\PhysicalDrive0 /proc/self/environ /dev/zero ~/.ssh/id_rsa ~root/.profile C|/boot.ini
  %SystemRoot%\win.ini $HOME/.profile $(id) |id ;id -rf --
`)

/** What stands for "one folder up" to some decoder, folder separators likewise, and where they might lead. */
const ups = [
  ...words(`
    .. ... .... ..; ../. ./.. .../.. %2e%2e %2E%2E .%2e %2e. %252e%252e %25252e %c0%ae%c0%ae
    %e0%80%ae%e0%80%ae %uff0e%uff0e %00.. &#46;&#46; \u00c0\u00ae\u00c0\u00ae \uff0e\uff0e \u2024\u2024
    \u2025 \ufe52\ufe52 \u3002\u3002 .\u200b. .\u202e. ..\0
  `),
  '. .',
  '.. ',
  ' ..',
]
const separators = [
  ...words(String.raw`/ \ // \/ /./ : %2f %5c %2F %252f %255c %c0%af %e0%80%af %u2215 &#47;`),
  ...words('\uff0f \uff3c \u2044 \u2215 \u29f8 \u00c0\u00af /\0'),
]
const targets = ['etc/passwd', 'secret.txt', '']

function* climbing(): Iterable<string> {
  for (const up of ups)
    for (const separator of separators)
      for (const target of targets)
        for (const [before, depth] of [
          ['', 1],
          ['firmware/', 2],
          ['/', 6],
        ] as const)
          yield before + `${up}${separator}`.repeat(depth) + target
}

/** Characters and pieces that no decoder, shell, log, page or file system should ever be shown. */
const broken = [
  ...Array.from({ length: 33 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 34 }, (_, code) => String.fromCharCode(0x7f + code)),
  ...words('\ud800 \udbff \udc00 \udfff \udc00\ud800 \ufffe \uffff \u{10ffff} \ufffd \u200b \u200e \u202e'),
  ...words('\u2066 \u061c \u00ad \u0301 \0.txt .txt\0'),
  ...words(String.raw`\ /. /.. /../ ./ ../ . .. ~1 // / : * ? " < > | % %00 %0d%0a %zz %% %n%s%x`),
  ...words('.bak ~ # ?x=1 #x ::$DATA :$I30 <script>alert(1)</script>'),
  '\ufeff',
  '\u2028',
  '\u3000',
  "' OR 1=1--",
  '\r\nSet-Cookie: a=b',
  '\nlevel=error',
  '\u001b[2J',
  '\u001b]0;owned\u0007',
]

const around = (name: string, piece: string): string[] => [
  piece + name,
  name + piece,
  name.slice(0, 4) + piece + name.slice(4),
]

const devices = words('con PRN aux NUL com1 COM9 com\u00b9 lpt1 LPT\u00b3 CONIN$ conout$ clock$')

const dressedAsFile = (device: string): string[] =>
  ['', '.txt', '.cfg.txt', ' .txt', '. ', ' ', '.', '/46xxsettings.txt', '::$DATA', ':'].flatMap((ending) => [
    device + ending,
    `firmware/${device}${ending}`,
    device.toUpperCase() + ending,
  ])

/** The same name to a careless eye: other case, other Unicode form, other alphabet, 8.3, padded. */
const spellings = (name: string): string[] => [
  name.toUpperCase(),
  name.toLowerCase(),
  name.normalize('NFD'),
  name.replace('a', '\u0430'),
  name.replace('i', '\u0131'),
  name.replace('.', '\uff0e'),
  `${name.slice(0, 6)}~1${name.slice(name.lastIndexOf('.'))}`,
  `firmware/${name}`,
  `./${name}`,
]

function* tooLong(): Iterable<string> {
  const pieces = words('a é \u{1f4de} a/ ../ e\u0301 \u0345\u0301 . a.txt %2e')
  for (const bytes of [200, 254, 255, 256, 257, 1_000, 4_095, 4_096, 65_000]) {
    for (const piece of [...pieces, ' ']) yield piece.repeat(Math.ceil(bytes / Buffer.byteLength(piece)))
    yield `${'a'.repeat(bytes - 4)}.txt`
  }
}
