import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CommandReader, longestLine, type Line } from '../../../lib/ftp/command-reader.ts'
import type { Effect, Result, Work } from '../../../lib/ftp/state.ts'
import { codesOf, Conversation } from '../../support/ftp-machine.ts'
import { fuzzRuns, mutated, pieces } from '../../support/fuzz.ts'

/** What phones, programs and attackers say. */
const sessions = [
  'USER anonymous\r\nPASS x\r\nTYPE I\r\nCWD data\r\nPORT 10,1,2,3,200,10\r\nSTOR 4711_4620data.txt\r\nQUIT\r\n',
  'USER a\r\nPASS b\r\nSYST\r\nFEAT\r\nPWD\r\nEPSV\r\nREST 100\r\nRETR a.txt\r\nSIZE a.txt\r\nMDTM a.txt\r\n',
  'USER mvuser\r\nPASS b\r\nCWD data\\FTPdata\r\nPASV\r\nLIST -la\r\nPASV\r\nMLSD\r\nRNFR a\r\nRNTO b\r\nMKD x\r\nRMD x\r\n',
  'AUTH TLS\r\nUSER a\r\nPASS b\r\nPBSZ 0\r\nPROT P\r\nEPSV ALL\r\nEPSV\r\nNLST *.txt\r\nNOOP\r\nSTAT\r\n\xff\xf4\xff\xf2ABOR\r\n',
  'USER a\r\nPASS b\r\nEPRT |1|10.1.2.3|5000|\r\nAPPE x\r\nDELE ../../etc/passwd\r\nSITE EXEC id\r\nMODE Z\r\nHELP\r\nOPTS MLST size;\r\nMLST a\r\n',
  'USER a\r\nUSER b\r\nPASS c\r\nREIN\r\nALLO 5\r\nSTRU F\r\nTYPE L 8\r\nABOR\r\nCDUP\r\nXPWD\r\nGET / HTTP/1.1\r\n',
]
const lines = sessions.flatMap((session) => session.split('\r\n').filter((line) => line !== ''))
const bytes = mutated(
  fc.oneof(
    fc.constantFrom(...sessions).map((text) => new Uint8Array(Buffer.from(text, 'latin1'))),
    fc
      .array(fc.constantFrom(...lines), { maxLength: 40 })
      .map((chosen) => new Uint8Array(Buffer.from(`${chosen.join('\r\n')}\r\n`, 'latin1'))),
  ),
)
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 })

const entry = { name: 'a', kind: 'file', size: 12, changedAt: new Date(0) } as const
const failures: Result[] = [
  { type: 'failed' },
  { type: 'refused', reason: 'notFound', detail: 'd' },
  { type: 'refused', reason: 'badName', detail: 'd' },
  { type: 'refused', reason: 'tooLarge', detail: 'd' },
  { type: 'refused', reason: 'diskFull', detail: 'd' },
  { type: 'refused', reason: 'busy', detail: 'd' },
  { type: 'refused', reason: 'notActive', detail: 'd' },
]
const breaks: Result[] = (
  [
    'no data connection',
    'not encrypted',
    'connection lost',
    'no progress',
    'aborted',
    'beyond the end',
  ] as const
).map((how) => ({ type: 'broken', how }))

/** What may come of that work; the first one is good. */
function resultsOf(work: Work): Result[] {
  switch (work.do) {
    case 'login':
      return [
        { type: 'loggedIn', as: work.name === 'mvuser' ? 'superUser' : 'phone', who: 'x' },
        { type: 'refused', reason: 'unidentified', detail: 'd' },
        { type: 'banned' },
        ...failures,
      ]
    case 'openPort':
      return [{ type: 'portOpen', address: '10.1.2.4', port: 50_000 }, { type: 'failed' }]
    case 'look':
      return [{ type: 'found', entry }, { type: 'found', entry: { ...entry, kind: 'folder' } }, ...failures]
    case 'transfer':
      return [{ type: 'done' }, ...failures, ...breaks]
    case 'encrypt':
      return [{ type: 'done' }, { type: 'failed' }]
    case 'enter':
    case 'remove':
    case 'rename':
    case 'makeFolder':
    case 'removeFolder':
      return [{ type: 'done' }, ...failures]
  }
}

const isWork = (effect: Exclude<Effect, { do: 'reply' }>): effect is Work =>
  !['abort', 'closePort', 'reportStranger', 'close'].includes(effect.do)

/** Codes that RFC 959, 2228, 2428, 3659 and 4217 allow for any command, ... */
const always = [421, 500, 501, 502, 530]
/** ... and for each one. 550 and 553 stand for what may not be done, and names that are none. */
const file = [450, 451, 452, 550, 552, 553]
const transfer = [150, 226, 425, 426, 522, 554, ...file]
const legal: Record<string, readonly number[]> = {
  USER: [331],
  PASS: [230, 503],
  QUIT: [221],
  NOOP: [200],
  SYST: [215],
  FEAT: [211],
  HELP: [214],
  STAT: [211],
  OPTS: [200],
  AUTH: [234, 503, 504, 534],
  PBSZ: [200, 503],
  PROT: [200, 503, 536],
  CCC: [503, 534],
  TYPE: [200, 504],
  MODE: [200, 504],
  STRU: [200, 504],
  ALLO: [202, 504],
  PORT: [200],
  EPRT: [200, 522],
  PASV: [227, 425],
  EPSV: [200, 229, 425, 522],
  REST: [350],
  ABOR: [226],
  SIZE: [213, ...file],
  MDTM: [213, ...file],
  MLST: [250, ...file],
  DELE: [250, ...file],
  PWD: [257],
  XPWD: [257],
  RNFR: [350, ...file],
  RNTO: [250, 503, ...file],
  ...Object.fromEntries(['CWD', 'XCWD', 'CDUP', 'XCUP'].map((verb) => [verb, [250, ...file]])),
  ...Object.fromEntries(['MKD', 'XMKD'].map((verb) => [verb, [257, ...file]])),
  ...Object.fromEntries(['RMD', 'XRMD'].map((verb) => [verb, [250, ...file]])),
  ...Object.fromEntries(['RETR', 'STOR', 'APPE', 'LIST', 'NLST', 'MLSD'].map((verb) => [verb, transfer])),
}

/** Feeds the bytes as packets, and lets `each` see every line. */
function read(all: Uint8Array, cuts: readonly number[], each: (line: Line) => void): void {
  const reader = new CommandReader()
  for (const piece of pieces(all, cuts)) {
    reader.feed(piece)
    for (let line = reader.next(); line !== undefined; line = reader.next()) each(line)
  }
}

test('d50: a mutated session is read to the same lines however it is cut, none longer than allowed', () => {
  fc.assert(
    fc.property(bytes, sizes, (all, cuts) => {
      const [whole, cut]: [Line[], Line[]] = [[], []]
      read(all, [all.length], (line) => whole.push(line))
      read(all, cuts, (line) => cut.push(line))
      // ABOR without its LF counts as soon as it is there, so where packets end can matter to it alone.
      if (!/ABOR\r(?!\n)/i.test(Buffer.from(all).toString('latin1'))) assert.deepEqual(cut, whole)
      for (const line of whole) if (line.type === 'command') assert.ok(line.text.length <= longestLine)
    }),
    fuzzRuns(2_000),
  )
})

test('d50: a mutated session gets one legal reply to each command, and none without one', () => {
  fc.assert(
    fc.property(bytes, sizes, fc.array(fc.nat(40), { minLength: 1 }), (all, cuts, choices) => {
      const conversation = new Conversation({ mayAskPassword: () => true })
      let turn = 0
      read(all, cuts, (line) => {
        if (conversation.isClosed) return
        const verb = line.type === 'command' ? (line.text.split(' ', 1)[0] ?? '').toUpperCase() : ''
        let text = conversation.take(conversation.machine.line(line))
        for (let work = conversation.last; work !== undefined && isWork(work); work = conversation.last) {
          if (work.do === 'transfer') text += `\r\n${conversation.take(conversation.machine.opened())}`
          const results = resultsOf(work)
          conversation.effects.length = 0
          // Mostly things go well, or nobody would ever get in.
          const choice =
            (choices[turn++ % choices.length] ?? 0) % 3 === 0 ? (choices[turn % choices.length] ?? 0) : 0
          text += `\r\n${conversation.result(results[choice % results.length] ?? { type: 'failed' })}`
        }
        const codes = codesOf(text)
        const final = codes.filter((code) => code >= 200)
        const isSilent = conversation.isClosed && final.length === 0
        assert.equal(final.length, isSilent ? 0 : 1, `${JSON.stringify(line)} -> ${text}`)
        for (const code of codes) {
          assert.ok([...always, ...(legal[verb] ?? [])].includes(code), `${verb} -> ${code}`)
        }
        assert.doesNotMatch(text, /[^\x20-\x7e\r\n\u00a0-\uffff]/, 'control characters in a reply')
      })
    }),
    fuzzRuns(3_000),
  )
})

test('d50: whatever comes while work is under way, only so much is kept and nothing is thrown', () => {
  fc.assert(
    fc.property(bytes, sizes, fc.array(fc.nat(40), { minLength: 1 }), (all, cuts, choices) => {
      const conversation = Conversation.in('superUser')
      let turn = 0
      let lineCount = 0
      let replies = 0
      const settle = (work: Work) => {
        const results = resultsOf(work)
        const choice = choices[turn++ % choices.length] ?? 0
        replies += codesOf(conversation.result(results[choice % results.length] ?? { type: 'failed' })).length
      }
      read(all, cuts, (line) => {
        const { pending } = conversation.machine.state
        if (
          pending !== undefined &&
          (!conversation.machine.hasRoom || (choices[turn++ % choices.length] ?? 0) % 2 === 0)
        )
          settle(pending)
        if (!conversation.machine.hasRoom) return
        lineCount += 1
        const wasClosed = conversation.effects.some((effect) => effect.do === 'close')
        const text = conversation.take(conversation.machine.line(line))
        if (wasClosed) assert.equal(text, '', 'a reply after the last one')
        replies += codesOf(text).length
      })
      for (let rounds = 0; rounds < 1_000; rounds += 1) {
        const { pending } = conversation.machine.state
        if (pending === undefined) break
        settle(pending)
      }
      assert.ok(replies <= lineCount, `${replies} replies to ${lineCount} lines`)
    }),
    fuzzRuns(3_000),
  )
})
