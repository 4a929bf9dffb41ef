import type { PhoneTraits } from '../base/phone-traits.ts'

/**
 * Reads a User-Agent as it came, raw control bytes included; `undefined` for one that no row knows. What a phone
 * says of itself is a hint for people and for quirks, never a proof.
 */
export function identifyUserAgent(text: string): PhoneTraits | undefined {
  const row = firstMatch(userAgents, text.slice(0, longestUserAgent))
  return row && traitsOf(row.vendor, row.groups)
}

/** Reads the name of a file as it was asked for: most phones ask for one that holds their MAC. */
export function identifyFileName(name: string): PhoneTraits | undefined {
  if (name.length > longestName) return undefined
  const row = firstMatch(fileNames, name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1))
  return row && traitsOf(row.vendor, { ...row.groups, model: row.groups['model']?.toUpperCase() })
}

const longestUserAgent = 400
const longestName = 255

/** A vendor, or undefined where several share a form, with groups `mac`, `model` and `version`. First match wins. */
type Row = readonly [vendor: string | undefined, pattern: RegExp]

// Every repeat has a bound, so that no text can make the search slow.
const userAgents: readonly Row[] = [
  // Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J139-4.1.5.0.6 (MAC:c81f4aef9689)
  [
    'Avaya',
    /\bAVAYA\/(?<model>[a-z]\d{3}\w{0,4})-(?<version>[\d.]{1,24})(?: \(MAC[:=](?<mac>[\da-f:-]{12,17})\))?/i,
  ],
  // AVAYA/96x1-IPT-SIP-R7_1_15_0_4 ...
  [
    'Avaya',
    /\bAVAYA\/(?<model>96x1)-IPT-(?:SIP|H323)-R(?<version>[\d_.]{1,24})(?: \(MAC[:=](?<mac>[\da-f:-]{12,17})\))?/i,
  ],
  // AVAYA/SIP12x0\x17/04.00.04.00: after the model stands one raw byte, not always the same.
  ['Avaya', /^AVAYA\/SIP(?<model>\w{1,12})[^\w/]{0,2}\/(?<version>[\d.]{1,24})/i],
  // Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR): the MAC, when there is one, and the serial number
  [
    'Cisco',
    /^Cisco\/(?<model>\w{1,16})-(?<version>[^\s()]{1,24}) (?:\((?<mac>[\da-f]{12})\))?\(\w{1,24}\)$/i,
  ],
  // Linksys/SPA-942-6.1.5(a) (88019FA42805): the number is the serial number, not the MAC
  ['Linksys', /^Linksys\/(?<model>[a-z]{1,8}-?\d{1,6}\w{0,4})-(?<version>[^\s-]{1,24}) \(\w{1,24}\)$/i],
  // FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application
  ['Polycom', /^FileTransport Poly(?:com)?\w{1,24}-(?<model>\w{1,24})-UA\/(?<version>[\d.]{1,24})/i],
  // Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37
  [
    'Yealink',
    /^Yealink (?:SIP-)?(?<model>[\w-]{1,16}) {1,2}(?<version>[\d.]{1,24})(?: (?<mac>[\da-f:]{12,17}))?$/i,
  ],
  // Grandstream Model HW GXP1628 SW 1.0.4.138 DevId c074ad2bd859; some add V2.2A after the model
  [
    'Grandstream',
    /^Grandstream Model HW (?<model>[\w-]{1,16})(?: V[^ ]{1,8})? SW (?<version>[\d.]{1,24}) DevId (?<mac>[\da-f:]{12,17})/i,
  ],
  // Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767), and for DECT "Snom M900 05.20.0001 000413b60680"
  [
    'Snom',
    /\bsnom ?(?<model>\w{1,8})(?:-SIP)? (?<version>[\d.]{1,24})(?:[^)]{0,80} (?<mac>[\da-f]{12}))?[);]/i,
  ],
  // Mitel6920 MAC:14-00-E9-1F-03-EA V:6.4.0.140-SIP
  ['Mitel', /^(?:Mitel|Aastra)(?<model>\w{1,12}) MAC:(?<mac>[\da-f-]{12,17}) V:(?<version>[\d.]{1,24})/i],
  // Fanvil X4 2.12.1 0c383e123456
  ['Fanvil', /^Fanvil (?<model>[\w-]{1,16}) (?<version>[\w.]{1,24}) (?<mac>[\da-f]{12})$/i],
]

/** `000000000000` is everybody's file, not a MAC. */
const fileNames: readonly Row[] = [
  ['Avaya', /^(?<mac>(?!0{12})[\da-f]{12})\.txt$/i],
  ['Avaya', /^SIP(?<mac>[\da-f]{12})\.cfg$/i],
  ['Avaya', /^(?<model>1[12]\d0)(?:SIP)?\.cfg$/i],
  ['Avaya', /^(?:46xx|16xx|96xx|96x1[HS]?|J100[HS]?|K1xxS)upgrade\.(?:scr|txt)$/i],
  ['Cisco', /^(?:CTL|ITL)?SEP(?<mac>[\da-f]{12})\.(?:cnf\.xml|tlv)$/i],
  ['Cisco', /^ATA(?<mac>[\da-f]{12})\.cnf\.xml$/i],
  ['Cisco', /^SIP(?<mac>[\da-f]{12})\.cnf$/i],
  ['Cisco', /^(?<model>spa\w{2,12})\.cfg$/i],
  [
    'Polycom',
    /^(?<mac>(?!0{12})[\da-f]{12})-(?:phone|web|user|license|directory|boot|app)\.(?:cfg|xml|log)$/i,
  ],
  ['Polycom', /^0{12}(?:\.cfg|-directory\.xml)$/],
  ['Yealink', /^y\d{12}\.cfg$/i],
  ['Grandstream', /^cfg(?<mac>[\da-f]{12})(?:\.xml)?$/i],
  ['Snom', /^snom(?<model>\w{1,8})-(?<mac>[\da-f]{12})\.(?:htm|xml)$/i],
  ['Snom', /^snom(?<model>\w{1,8})(?:-firmware)?\.(?:htm|xml)$/i],
  // Polycom, Yealink, Fanvil, Mitel; Cisco SPA, Snom
  [undefined, /^(?<mac>(?!0{12})[\da-f]{12})\.(?:cfg|xml)$/i],
]

type Groups = Readonly<Record<string, string | undefined>>

function firstMatch(
  rows: readonly Row[],
  text: string,
): { vendor: string | undefined; groups: Groups } | undefined {
  for (const [vendor, pattern] of rows) {
    const match = pattern.exec(text)
    if (match !== null) return { vendor, groups: match.groups ?? {} }
  }
  return undefined
}

function traitsOf(vendor: string | undefined, { mac, model, version }: Groups): PhoneTraits {
  const digits = mac?.replaceAll(/[:-]/g, '').toLowerCase()
  return {
    ...(digits?.length === 12 ? { mac: digits } : {}),
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model: model.replaceAll(/[-_]/g, '') }),
    ...(version === undefined ? {} : { version: version.replaceAll('_', '.') }),
  }
}
