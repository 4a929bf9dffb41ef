import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect, OpenWay, Result } from '../../../lib/ftp/state.ts'
import { codesOf, Conversation } from '../../support/ftp-machine.ts'

const code = (text: string) => Number(text.slice(0, 3))
const refused = (reason: 'notFound' | 'badName' | 'tooLarge' | 'unidentified' | 'busy'): Result => ({
  type: 'refused',
  reason,
  detail: 'because /srv/secret says so',
})
const passivePort: Result = { type: 'portOpen', address: '10.9.9.9', port: 50_001 }

/** With a passive port open. */
function ready(as: 'phone' | 'superUser' = 'phone', encrypted = false): Conversation {
  const conversation = Conversation.in(as, {}, encrypted)
  conversation.say('PASV')
  conversation.result(passivePort)
  conversation.effects.length = 0
  return conversation
}

test('d55: the greeting and SYST tell no version and no name of a program', () => {
  const conversation = new Conversation()
  assert.equal(conversation.take(conversation.machine.greet()), '220 File server for desk phones, ready')
  assert.equal(conversation.say('SYST'), '215 UNIX Type: L8')
})

test('a phone logs in with any name and password', () => {
  const conversation = new Conversation()
  assert.equal(code(conversation.say('USER anonymous')), 331)
  assert.equal(conversation.say('PASS me@phone with spaces '), '')
  assert.deepEqual(conversation.last, { do: 'login', name: 'anonymous', password: 'me@phone with spaces ' })
  assert.equal(
    conversation.result({ type: 'loggedIn', as: 'phone', who: 'extension 4711' }),
    '230 Logged in as extension 4711',
  )
})

test('d41: a phone that does not say who it is gets 530 with what would help, and nothing is listed', () => {
  const conversation = new Conversation()
  conversation.say('USER anonymous')
  conversation.say('PASS x')
  const answer = conversation.result({ type: 'refused', reason: 'unidentified', detail: 'no SNMP answer' })
  assert.equal(answer, '530 The phone did not say who it is: no SNMP answer')
  assert.equal(code(conversation.say('LIST')), 530)
})

test('a name that needs TLS is not asked for its password in the clear', () => {
  const conversation = new Conversation()
  assert.match(conversation.say('USER mvuser'), /^530 This login needs TLS/)
  assert.equal(code(conversation.say('PASS secret')), 503)
  assert.deepEqual(
    conversation.effects.filter((effect) => effect.do === 'login'),
    [],
  )
  assert.equal(code(new Conversation({}, true).say('USER mvuser')), 331)
})

test('d40: three logins that fail end the session', () => {
  const conversation = new Conversation()
  const codes = [1, 2, 3].map(() => {
    conversation.say('USER a')
    conversation.say('PASS b')
    return code(conversation.result(refused('unidentified')))
  })
  assert.deepEqual(codes, [530, 530, 421])
  assert.ok(conversation.isClosed)
})

test('d40: a banned address hears so, and the session ends', () => {
  const conversation = new Conversation()
  conversation.say('USER a')
  conversation.say('PASS b')
  assert.match(conversation.result({ type: 'banned' }), /^421 Too many failed logins/)
  assert.ok(conversation.isClosed)
})

test('USER after a login begins again: nothing of the one before is left', () => {
  const conversation = ready()
  conversation.done('CWD /deep')
  assert.equal(code(conversation.say('USER other')), 331)
  assert.equal(conversation.last?.do, 'closePort')
  assert.equal(code(conversation.say('PWD')), 530)
  assert.equal(conversation.machine.state.folder, '/')
})

test('PASS counts right after USER only', () => {
  const conversation = new Conversation()
  assert.equal(code(conversation.say('PASS x')), 503)
  conversation.say('USER a')
  conversation.say('PASS wrong')
  conversation.result(refused('unidentified'))
  assert.equal(code(conversation.say('PASS again')), 503)
})

const beforeLogin =
  'STAT TYPE MODE STRU ALLO PORT EPRT PASV EPSV REST RETR STOR APPE LIST NLST MLSD MLST ABOR SIZE MDTM DELE PWD XPWD CWD XCWD CDUP XCUP RNFR RNTO MKD XMKD RMD XRMD'
test('before the login, all that touches files or ports is refused with 530, and nothing is done', () => {
  const conversation = new Conversation()
  for (const verb of beforeLogin.split(' ')) assert.equal(code(conversation.say(`${verb} x`)), 530, verb)
  assert.deepEqual(conversation.effects, [])
})

const answers: [line: string, code: number][] = [
  ['noop', 200],
  ['TYPE A', 200],
  ['TYPE a n', 200],
  ['TYPE I', 200],
  ['TYPE L 8', 200],
  ['TYPE E', 504],
  ['TYPE', 504],
  ['MODE S', 200],
  ['MODE Z', 504],
  ['STRU F', 200],
  ['STRU R', 504],
  ['ALLO 100', 202],
  ['ALLO 99999999999999', 504],
  ['ALLO 99999999999999999999999', 504],
  ['ALLO x', 501],
  ['OPTS UTF8 ON', 200],
  ['OPTS utf8', 200],
  ['OPTS MODE Z', 501],
  ['FEAT', 211],
  ['HELP', 214],
  ['HELP SITE', 214],
  ['STAT', 211],
  ['STAT /', 502],
  ['PWD', 257],
  ['ABOR', 226],
  ['REST 100', 350],
  ['REST -1', 501],
  ['REST 1e3', 501],
  ['REST', 501],
  ['PBSZ 0', 503],
  ['PROT P', 503],
  ['CCC', 503],
  ['AUTH SSL', 504],
  ['AUTH GSSAPI', 504],
  ['EPSV ALL', 200],
  ['EPSV 2', 522],
  ['EPSV x', 501],
  ['CWD', 501],
  ['USER', 501],
  ['RETR', 553],
  ['STOR /', 553],
  ['RETR a', 425],
  ['SITE EXEC id', 502],
  ['SITE CHMOD 777 x', 502],
  ['SITE CPFR /etc/passwd', 502],
  ['STOU', 502],
  ['REIN', 502],
  ['NONSENSE', 500],
  [' NOOP', 500],
  ['', 500],
]
for (const [line, expected] of answers) {
  const id = /^(?:SITE|MODE Z|STRU R|ALLO 9)/.test(line) ? 'd48: ' : ''
  test(`${id}${JSON.stringify(line)} gets ${expected}`, () => {
    assert.equal(code(Conversation.in().say(line)), expected)
  })
}

for (const line of ['APPE a', 'MKD a', 'XMKD a', 'RMD a', 'XRMD a', 'RNFR a', 'RNTO a']) {
  test(`d54: a phone may not ${line}, the super user may`, () => {
    const phone = Conversation.in('phone')
    assert.equal(code(phone.say(line)), 550)
    assert.deepEqual(phone.effects, [])
    assert.notEqual(code(Conversation.in('superUser').say(line)), 550)
  })
}

const works: [line: string, effect: Effect][] = [
  ['CWD data\\FTPdata', { do: 'enter', path: '/data/FTPdata' }],
  ['CWD ../../etc', { do: 'enter', path: '/etc' }],
  ['CWD ~root', { do: 'enter', path: '/~root' }],
  ['CDUP', { do: 'enter', path: '/' }],
  ['DELE a.txt', { do: 'remove', path: '/a.txt' }],
  ['MKD new/', { do: 'makeFolder', path: '/new' }],
  ['XRMD /old', { do: 'removeFolder', path: '/old' }],
  ['SIZE a.txt', { do: 'look', path: '/a.txt', verb: 'SIZE' }],
  ['MDTM a.txt', { do: 'look', path: '/a.txt', verb: 'MDTM' }],
  ['MLST a.txt', { do: 'look', path: '/a.txt', verb: 'MLST' }],
  ['RNFR a.txt', { do: 'look', path: '/a.txt', verb: 'RNFR' }],
  ['PASV', { do: 'openPort', extended: false }],
  ['EPSV', { do: 'openPort', extended: true }],
  ['EPSV 1', { do: 'openPort', extended: true }],
]
for (const [line, effect] of works) {
  test(`${line} is understood`, () => {
    const conversation = Conversation.in('superUser')
    assert.equal(conversation.say(line), '')
    assert.deepEqual(conversation.last, effect)
  })
}

for (const name of ['../x', '/../x', 'a/../../x', '..', '..\\x', 'a\\..\\x']) {
  test(`d1: the file name ${name} is refused with 553, and nothing is asked for`, () => {
    const conversation = ready('superUser')
    for (const verb of ['RETR', 'STOR', 'APPE', 'DELE', 'RNFR', 'MKD', 'RMD', 'SIZE', 'MDTM']) {
      assert.equal(code(conversation.say(`${verb} ${name}`)), 553, verb)
    }
    assert.deepEqual(conversation.effects, [])
  })
}

test('d3: control characters in a name are refused, and not said back', () => {
  const conversation = ready('superUser')
  for (const name of ['a\0b', 'a\rb', 'a\x1b[2Jb', 'a\x7fb', 'a\x85b']) {
    for (const verb of ['RETR', 'STOR', 'CWD', 'LIST', 'MKD']) {
      assert.match(conversation.say(`${verb} ${name}`), /^553 File name not allowed: a character/)
    }
  }
  assert.deepEqual(conversation.effects, [])
})

test('folders: what the view lets in becomes the current folder, and what it refuses does not', () => {
  const conversation = Conversation.in('superUser')
  assert.equal(conversation.done('CWD data'), '250 You are in "/data"')
  conversation.say('CWD ../..')
  assert.equal(code(conversation.result(refused('badName'))), 550, 'd47')
  assert.equal(conversation.say('PWD'), '257 "/data" is the current folder')
  conversation.say('SIZE a.txt')
  assert.deepEqual(conversation.last, { do: 'look', path: '/data/a.txt', verb: 'SIZE' })
})

test('a quote in the name of a folder is doubled', () => {
  const conversation = Conversation.in('superUser')
  conversation.done('CWD a"b')
  assert.equal(conversation.say('PWD'), '257 "/a""b" is the current folder')
})

test('refusals are told in short to a phone, and with their reason to the super user', () => {
  const phone = Conversation.in('phone')
  phone.say('DELE a')
  assert.equal(phone.result(refused('notFound')), '550 File not found')
  const superUser = Conversation.in('superUser')
  superUser.say('DELE a')
  assert.equal(superUser.result(refused('notFound')), '550 File not found: because /srv/secret says so')
})

test('a fault of ours is 451, and a refusal for want of room ends the session', () => {
  const conversation = Conversation.in()
  conversation.say('DELE a')
  assert.equal(code(conversation.result({ type: 'failed' })), 451)
  conversation.say('DELE a')
  assert.equal(code(conversation.result(refused('busy'))), 421)
  assert.ok(conversation.isClosed)
})

test('renaming takes RNFR and then RNTO, with nothing between', () => {
  const entry = { name: 'a', kind: 'file', size: 1, changedAt: new Date(0) } as const
  const conversation = Conversation.in('superUser')
  assert.equal(code(conversation.say('RNTO b')), 503)
  conversation.say('RNFR a')
  assert.equal(code(conversation.result({ type: 'found', entry })), 350)
  conversation.say('RNTO sub/b')
  assert.deepEqual(conversation.last, { do: 'rename', from: '/a', to: '/sub/b' })
  assert.equal(code(conversation.result({ type: 'done' })), 250)
  conversation.say('RNFR a')
  conversation.result({ type: 'found', entry })
  conversation.say('NOOP')
  assert.equal(code(conversation.say('RNTO b')), 503)
})

const orders: [argument: string, expected: number][] = [
  ['PORT 10,1,2,3,200,10', 200],
  ['EPRT |1|10.1.2.3|51210|', 200],
  ['EPRT !1!10.1.2.3!51210!', 200],
  ['PORT 10,1,2,4,200,10', 501],
  ['PORT 127,0,0,1,200,10', 501],
  ['PORT 10,1,2,3,0,22', 501],
  ['PORT 10,1,2,3,3,255', 501],
  ['PORT 10,1,2,3,300,1', 501],
  ['PORT 10,1,2,3,200', 501],
  ['PORT 012,1,2,3,200,1', 501],
  ['EPRT |1|10.1.2.4|51210|', 501],
  ['EPRT |1|10.1.2.3|22|', 501],
  ['EPRT |1|10.1.2.3|70000|', 501],
  ['EPRT |2|::1|51210|', 501],
  ['EPRT |3|x|51210|', 522],
  ['EPRT', 501],
]
for (const [line, expected] of orders) {
  test(`d32: ${line} from 10.1.2.3 gets ${expected}, and only a good one is kept`, () => {
    const conversation = Conversation.in()
    assert.equal(code(conversation.say(line)), expected)
    const way: OpenWay = { kind: 'active', port: 51_210 }
    assert.deepEqual(conversation.machine.state.way, expected === 200 ? way : { kind: 'none' })
  })
}

test('d32: a stranger as the target is told to the log, and too many of them end the session', () => {
  const conversation = Conversation.in()
  conversation.say('PORT 10,9,9,9,200,10')
  assert.deepEqual(conversation.last, {
    do: 'reportStranger',
    detail: 'asked for 10.9.9.9 port 51210',
  })
  for (let tries = 0; tries < 20; tries += 1) conversation.say('PORT 10,9,9,9,200,10')
  assert.ok(conversation.isClosed)
})

test("EPRT knows the client's IPv6 address in any spelling, and PASV does not know IPv6", () => {
  const conversation = Conversation.in('phone', { address: '2001:db8::1' })
  assert.equal(code(conversation.say('EPRT |2|2001:DB8:0:0::0001|51210|')), 200)
  assert.equal(code(conversation.say('PORT 10,1,2,3,200,10')), 501)
  assert.equal(code(conversation.say('PASV')), 502)
  assert.equal(code(conversation.say('EPSV 1')), 522)
  assert.equal(conversation.say('EPSV 2'), '')
})

test('after EPSV ALL nothing but EPSV prepares a data connection', () => {
  const conversation = Conversation.in()
  conversation.say('EPSV ALL')
  for (const line of ['PORT 10,1,2,3,200,10', 'EPRT |1|10.1.2.3|51210|', 'PASV']) {
    assert.equal(code(conversation.say(line)), 501)
  }
  conversation.say('EPSV')
  assert.equal(conversation.result(passivePort), '229 Entering Extended Passive Mode (|||50001|)')
})

test('PASV tells the address it is given', () => {
  const conversation = Conversation.in()
  conversation.say('PASV')
  assert.equal(conversation.result(passivePort), '227 Entering Passive Mode (10,9,9,9,195,81)')
})

test('no data port free is 425', () => {
  const conversation = Conversation.in()
  conversation.say('PASV')
  assert.equal(code(conversation.result({ type: 'failed' })), 425)
})

test('a transfer begins with 150 once its file is open, and uses up its data connection', () => {
  const conversation = ready()
  assert.equal(conversation.say('RETR a.txt'), '')
  assert.deepEqual(conversation.last, {
    do: 'transfer',
    job: { kind: 'retrieve', path: '/a.txt', from: 0 },
    way: { kind: 'passive' },
    encrypted: false,
  })
  const begins = conversation.take(conversation.machine.opened(12))
  assert.equal(begins, '150 "a.txt" over the data connection (12 bytes)')
  assert.equal(conversation.result({ type: 'done' }), '226 Sent')
  assert.equal(code(conversation.say('RETR a.txt')), 425)
})

test('d51: REST counts for the next RETR only, and may stand before PORT or PASV', () => {
  const conversation = ready()
  conversation.say('REST 100')
  conversation.say('PASV')
  conversation.result(passivePort)
  conversation.say('RETR a')
  assert.deepEqual(conversation.last, {
    do: 'transfer',
    job: { kind: 'retrieve', path: '/a', from: 100 },
    way: { kind: 'passive' },
    encrypted: false,
  })
  conversation.result({ type: 'done' })
  conversation.say('REST 100')
  conversation.say('NOOP')
  assert.equal(conversation.machine.state.restartAt, 0)
})

test('d51: uploads cannot begin in the middle', () => {
  for (const verb of ['STOR', 'APPE']) {
    const conversation = ready('superUser')
    conversation.say('REST 100')
    assert.equal(code(conversation.say(`${verb} a`)), 554)
    assert.equal(conversation.say(`${verb} a`), '', 'the next one begins at the start')
  }
})

test('d51: REST beyond the end is 554', () => {
  const conversation = ready()
  conversation.say('REST 100')
  conversation.say('RETR a')
  assert.equal(code(conversation.result({ type: 'broken', how: 'beyond the end' })), 554)
})

test('d53: a file that is too large is 552, and a broken upload says that nothing was stored', () => {
  const conversation = ready()
  conversation.say('STOR a')
  assert.equal(code(conversation.result(refused('tooLarge'))), 552)
  const other = ready()
  other.say('STOR a')
  assert.match(other.result({ type: 'broken', how: 'connection lost' }), /^426 .*nothing was stored$/)
})

test('d52: ABOR breaks a transfer off: 426 for it, and 226 for itself', () => {
  const conversation = ready()
  conversation.say('STOR a')
  conversation.machine.opened()
  assert.equal(conversation.say('ABOR'), '')
  assert.equal(conversation.last?.do, 'abort')
  assert.deepEqual(codesOf(conversation.result({ type: 'broken', how: 'aborted' })), [426, 226])
  assert.equal(code(conversation.say('ABOR')), 226)
})

test('d52: ABOR that comes too late does not make a stored file look lost', () => {
  const conversation = ready()
  conversation.say('STOR a')
  conversation.say('ABOR')
  assert.deepEqual(codesOf(conversation.result({ type: 'done' })), [226, 226])
})

test('while a transfer runs, NOOP and STAT are answered, and other commands wait their turn', () => {
  const conversation = ready()
  conversation.say('RETR a')
  assert.equal(code(conversation.say('NOOP')), 200)
  assert.equal(code(conversation.say('STAT')), 211)
  assert.equal(conversation.say('PWD'), '')
  assert.equal(conversation.say('NOOP'), '', 'what came before is answered before')
  assert.equal(conversation.say('QUIT'), '')
  assert.deepEqual(codesOf(conversation.result({ type: 'done' })), [226, 257, 200, 221])
  assert.ok(conversation.isClosed)
})

test('d50: commands that do not wait for answers are answered one after the other', () => {
  const conversation = new Conversation()
  conversation.say('USER a')
  conversation.say('PASS b')
  for (const line of ['PWD', 'CWD x', 'PWD', 'QUIT']) assert.equal(conversation.say(line), '')
  const first = conversation.result({ type: 'loggedIn', as: 'superUser', who: 'x' })
  assert.deepEqual(codesOf(first), [230, 257])
  assert.deepEqual(codesOf(conversation.result({ type: 'done' })), [250, 257, 221])
})

test('d50: only so many commands may wait', () => {
  const conversation = ready()
  conversation.say('RETR a')
  let waiting = 0
  while (conversation.machine.hasRoom && waiting < 1_000) {
    conversation.say('PWD')
    waiting += 1
  }
  assert.equal(waiting, 32)
})

test('d36: AUTH begins anew, and what came with it in the clear is dropped', () => {
  const conversation = ready()
  conversation.say('DELE a')
  for (const line of ['AUTH TLS', 'USER evil', 'PASS evil']) conversation.say(line)
  assert.equal(conversation.result({ type: 'done' }), '250 Done\r\n234 TLS begins now')
  assert.equal(conversation.last?.do, 'encrypt')
  assert.equal(conversation.result({ type: 'done' }), '')
  assert.equal(code(conversation.say('PWD')), 530)
  assert.deepEqual(conversation.machine.state.login, { stage: 'none' })
  assert.equal(code(conversation.say('AUTH TLS')), 503)
})

test('data are encrypted after PBSZ and PROT P, and stay in the clear with PROT C', () => {
  const conversation = ready()
  conversation.say('AUTH TLS')
  conversation.result({ type: 'done' })
  assert.equal(code(conversation.say('PROT P')), 503)
  assert.equal(conversation.say('PBSZ 0'), '200 PBSZ=0')
  for (const [level, expected] of [
    ['S', 536],
    ['P', 200],
  ] as const) {
    assert.equal(code(conversation.say(`PROT ${level}`)), expected)
  }
  assert.equal(conversation.machine.state.encryptsData, true)
  conversation.say('PROT C')
  assert.equal(conversation.machine.state.encryptsData, false)
  assert.equal(code(conversation.say('CCC')), 534)
})

test('on a port that speaks TLS from the start, data are encrypted from the start', () => {
  assert.equal(new Conversation({}, true).machine.state.encryptsData, true)
})

test('d37: data in the clear where they must not be are 522', () => {
  const conversation = ready('phone', true)
  conversation.say('STOR a')
  assert.equal(code(conversation.result({ type: 'broken', how: 'not encrypted' })), 522)
})

test('AUTH is refused where TLS is not offered, and FEAT does not promise it', () => {
  const conversation = new Conversation({ offersTls: false })
  assert.equal(code(conversation.say('AUTH TLS')), 534)
  assert.doesNotMatch(conversation.say('FEAT'), /AUTH|PROT/)
  assert.match(new Conversation().say('FEAT'), /\r\n AUTH TLS\r\n/)
})

test('d39: an HTTP request is not answered, and ends the session', () => {
  for (const line of ['GET / HTTP/1.1', 'POST /x HTTP/1.0', 'PROPFIND / HTTP/1.1']) {
    const conversation = new Conversation()
    assert.equal(conversation.say(line), '')
    assert.ok(conversation.isClosed)
  }
})

test('d50: nonsense is 500, and too much of it ends the session', () => {
  const conversation = new Conversation()
  const codes = Array.from({ length: 12 }, () => code(conversation.say('BLAH')))
  assert.deepEqual(codes, [...Array<number>(11).fill(500), 421])
  assert.ok(conversation.isClosed)
  assert.equal(conversation.say('NOOP'), '')
})

test('a line that cannot be read is said to be so', () => {
  const conversation = new Conversation()
  const tooLong = conversation.take(conversation.machine.line({ type: 'unreadable', why: 'tooLong' }))
  const notUtf8 = conversation.take(conversation.machine.line({ type: 'unreadable', why: 'notUtf8' }))
  assert.deepEqual([code(tooLong), code(notUtf8)], [500, 501])
})

const lists: [line: string, job: object][] = [
  ['LIST', { path: '/', format: 'LIST', pattern: undefined, perhapsFile: false }],
  ['LIST -la', { path: '/', format: 'LIST', pattern: undefined, perhapsFile: false }],
  ['LIST -R /', { path: '/', format: 'LIST', pattern: undefined, perhapsFile: false }],
  ['LIST -a sub', { path: '/sub', format: 'LIST', pattern: undefined, perhapsFile: true }],
  ['NLST ..', { path: '/', format: 'NLST', pattern: undefined, perhapsFile: false }],
  ['NLST *.txt', { path: '/', format: 'NLST', pattern: '*.txt', perhapsFile: false }],
  ['NLST sub/47?1*', { path: '/sub', format: 'NLST', pattern: '47?1*', perhapsFile: false }],
  ['MLSD sub', { path: '/sub', format: 'MLSD', pattern: undefined, perhapsFile: false }],
]
for (const [line, job] of lists) {
  test(`d49: ${line} asks for one folder`, () => {
    const conversation = ready()
    conversation.say(line)
    const { last } = conversation
    assert.ok(last?.do === 'transfer')
    assert.deepEqual(last.job, { kind: 'list', facts: ['type', 'size', 'modify'], ...job })
  })
}

test('d49: patterns over many folders are refused', () => {
  const conversation = ready()
  assert.equal(code(conversation.say('NLST */*/*/*/*')), 501)
  assert.equal(code(conversation.say(`LIST ${'*a'.repeat(51)}`)), 501)
})

test('MLST tells the facts that OPTS has chosen', () => {
  const conversation = Conversation.in('superUser')
  const entry = { name: 'a', kind: 'file', size: 12, changedAt: new Date('2026-11-01T10:20:30Z') } as const
  conversation.say('MLST a')
  assert.equal(
    conversation.result({ type: 'found', entry }),
    '250-Facts\r\n type=file;size=12;modify=20261101102030; /a\r\n250 End',
  )
  assert.equal(conversation.say('OPTS MLST size;unix.mode;'), '200 MLST OPTS size;')
  conversation.say('MLST a')
  assert.match(conversation.result({ type: 'found', entry }), /\r\n size=12; \/a\r\n/)
  assert.match(conversation.say('FEAT'), /MLST type;size\*;modify;/)
})

test('SIZE and MDTM are of files', () => {
  const changedAt = new Date('2026-11-01T10:20:30Z')
  const conversation = Conversation.in()
  conversation.say('SIZE a')
  assert.equal(
    conversation.result({ type: 'found', entry: { name: 'a', kind: 'file', size: 12, changedAt } }),
    '213 12',
  )
  conversation.say('MDTM a')
  assert.equal(
    conversation.result({ type: 'found', entry: { name: 'a', kind: 'file', size: 12, changedAt } }),
    '213 20261101102030',
  )
  conversation.say('SIZE a')
  assert.equal(
    code(conversation.result({ type: 'found', entry: { name: 'a', kind: 'folder', size: 0, changedAt } })),
    550,
  )
})

test('when the server stops, the idle leave at once, and who transfers leaves after it', () => {
  const idle = Conversation.in()
  assert.equal(code(idle.take(idle.machine.stop())), 421)
  assert.ok(idle.isClosed)
  const busy = ready()
  busy.say('RETR a')
  assert.equal(busy.take(busy.machine.stop()), '')
  busy.say('PWD')
  assert.deepEqual(codesOf(busy.result({ type: 'done' })), [226, 421])
  assert.ok(busy.isClosed)
})

test('who is quiet for too long is told why he is cut off', () => {
  const stranger = new Conversation()
  assert.match(stranger.take(stranger.machine.timeout()), /^421 No login/)
  const phone = Conversation.in()
  assert.match(phone.take(phone.machine.timeout()), /^421 Nothing heard/)
  assert.ok(phone.isClosed)
})
