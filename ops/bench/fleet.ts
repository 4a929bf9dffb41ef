/** The simulated fleet: which phones there are, who they say they are, and what they fetch at boot, in order. */

export interface SimulatedPhone {
  family: string
  /** A loopback address of its own. */
  address: string
  userAgent: string
  boot: readonly Step[]
}

export interface Step {
  protocol: 'tftp' | 'http' | 'https'
  file: string
  /** For the report: script, firmware, settings, or a file of the phone's own that is not there. */
  kind: 'script' | 'firmware' | 'settings' | 'own file'
}

const scriptBytes = 4_096
const settingsBytes = 40_960
const firmwareBytes = 2_097_152

/** Every file a phone of the fleet finds, in bytes. */
export const fleetFiles: Readonly<Record<string, number>> = {
  '46xxupgrade.scr': scriptBytes,
  '96x1Supgrade.txt': scriptBytes,
  'J100Supgrade.txt': scriptBytes,
  '46xxsettings.txt': settingsBytes,
  'bb1_firmware.bin': firmwareBytes,
  'S96x1_firmware.tar': firmwareBytes,
  'FW_S_J179_firmware.bin': firmwareBytes,
}

interface Family {
  name: string
  /** Of the fleet; all shares together are 1. */
  share: number
  userAgent: (mac: string) => string
  boot: (mac: string) => Step[]
}

const j100Agent = (mac: string) => `Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:${mac})`

/** After it loaded firmware a phone restarts, and asks for its upgrade file once more before its settings. */
function bootSteps(
  script: string,
  firmware: string,
  where: { firmware: Step['protocol']; rest: Step['protocol'] },
): Step[] {
  const readScript: Step = { protocol: where.rest, file: script, kind: 'script' }
  return [
    readScript,
    { protocol: where.firmware, file: firmware, kind: 'firmware' },
    readScript,
    { protocol: where.rest, file: '46xxsettings.txt', kind: 'settings' },
  ]
}

function bootJ100(mac: string, protocol: 'http' | 'https'): Step[] {
  const steps = bootSteps('J100Supgrade.txt', 'FW_S_J179_firmware.bin', { firmware: 'http', rest: protocol })
  return [...steps, { protocol, file: `${mac}.txt`, kind: 'own file' }]
}

const families: readonly Family[] = [
  {
    name: '46xx',
    share: 0.3,
    userAgent: () => '',
    boot: () => bootSteps('46xxupgrade.scr', 'bb1_firmware.bin', { firmware: 'tftp', rest: 'tftp' }),
  },
  {
    name: '96x1',
    share: 0.35,
    userAgent: () => 'AVAYA/96x1-IPT-SIP-R7_1_15_0_4',
    boot: () => bootSteps('96x1Supgrade.txt', 'S96x1_firmware.tar', { firmware: 'http', rest: 'http' }),
  },
  { name: 'J100', share: 0.25, userAgent: j100Agent, boot: (mac) => bootJ100(mac, 'http') },
  { name: 'J100 with TLS', share: 0.1, userAgent: j100Agent, boot: (mac) => bootJ100(mac, 'https') },
]

export const makeFleet = (phones: number): SimulatedPhone[] =>
  Array.from({ length: phones }, (_, index) => phone(index))

function phone(index: number): SimulatedPhone {
  // Multiples of the golden ratio: every stretch of the fleet has its fair share of each family.
  const { name, userAgent, boot } = familyAt((index * 0.618_033_988_75) % 1)
  const mac = `c81fea${index.toString(16).padStart(6, '0')}`
  const address = `127.${100 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`
  return { family: name, address, userAgent: userAgent(mac), boot: boot(mac) }
}

function familyAt(point: number): Family {
  let upTo = 0
  for (const family of families) {
    upTo += family.share
    if (point < upTo) return family
  }
  throw new Error('the shares of the families are less than 1')
}
