import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nobodysHash } from '../../../lib/base/password-hash.ts'
import { parseCredentials, removeCredential, setCredential } from '../../../lib/phones/credential-list.ts'

const [one, two] = [nobodysHash(), nobodysHash()]
const file = `# our phones

4711 10.0.0.1 ${one}  # Jerry
4711\t*   ${two}
  4712 CM.example.com ${one}
`

test('a line is extension, call server and hash; the rest of it and of the file may be comments', () => {
  assert.deepEqual(parseCredentials(file), [
    { extension: '4711', callServer: '10.0.0.1', hash: one },
    { extension: '4711', callServer: '*', hash: two },
    { extension: '4712', callServer: 'cm.example.com', hash: one },
  ])
  assert.deepEqual(parseCredentials(''), [])
  assert.equal(parseCredentials(file.replaceAll('\n', '\r\n')).length, 3)
})

for (const [line, complaint] of [
  [`47/11 * ${one}`, 'line 2: "47/11" is no extension'],
  [`4711 10.0.0.1/8 ${one}`, 'line 2: "10.0.0.1/8" is no call server, nor is it *'],
  ['4711', 'line 2: "" is no call server, nor is it *'],
  [`4711 10.0.0.1 ${one}\n4711 10.0.0.1 ${two}`, 'line 3: 4711 10.0.0.1 stands on line 2 already'],
  ['\u001b[2J * x', 'line 2: "\\x1b[2J" is no extension'],
] as const) {
  test(`"${line.slice(0, 16)}" is damage`, () => {
    assert.throws(() => parseCredentials(`# first\n${line}\n`), { message: complaint })
  })
}

for (const hash of ['1234', `${one} 1234`, one.slice(0, -30)]) {
  test(`a password where a hash must be is damage and is not repeated: ${hash.slice(0, 12)}`, () => {
    assert.throws(
      () => parseCredentials(`4711 * ${hash}\n`),
      ({ message }: Error) =>
        message.startsWith('line 1: what stands behind 4711') && !message.includes('1234'),
    )
  })
}

test('a credential takes the place of the one before, and everything else stays', () => {
  const fresh = { extension: '4711', callServer: '10.0.0.1', hash: two }
  assert.equal(setCredential(file, fresh), file.replace(`${one}  # Jerry`, `${two}  # Jerry`))
})

test('a new credential comes last, also in a file that does not end its last line', () => {
  const fresh = { extension: '4713', callServer: '*', hash: two }
  assert.equal(setCredential('', fresh), `4713 * ${two}\n`)
  assert.equal(setCredential('# mine', fresh), `# mine\n4713 * ${two}\n`)
  assert.equal(setCredential(file, fresh), `${file}4713 * ${two}\n`)
})

test('an extension is taken out whole, or at one call server, and everything else stays', () => {
  assert.deepEqual(removeCredential(file, '4711', '*'), {
    text: file.replace(`4711\t*   ${two}\n`, ''),
    removed: 1,
  })
  const both = removeCredential(file, '4711', undefined)
  assert.deepEqual(both, { text: `# our phones\n\n  4712 CM.example.com ${one}\n`, removed: 2 })
  assert.deepEqual(removeCredential(file, '471', undefined), { text: file, removed: 0 })
})
