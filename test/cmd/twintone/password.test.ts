import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passwordCommand } from '../../../cmd/twintone/password.ts'
import { verifyPassword } from '../../../lib/base/password-hash.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { execa } from 'execa'
import { withProgram } from '../../support/programs.ts'
import { piped, run, typing } from '../../support/run-command.ts'

const project = new URL('../../../', import.meta.url).pathname

test('the hash of a line from a pipe is all that goes to standard output', async () => {
  for (const text of ['tom&jerry\n', 'tom&jerry\r\n', 'tom&jerry', 'tom&jerry\nmore\n']) {
    const { code, stdout, stderr } = await run(passwordCommand, [], piped(text))
    assert.equal(code, 0)
    assert.match(stdout, /^scrypt\$[^\n]+\n$/)
    assert.equal(await verifyPassword(stdout.trim(), 'tom&jerry'), true)
    assert.match(stderr, /\[superUser\]/)
    assert.ok(!stderr.includes('tom&jerry'))
  }
})

test('at a terminal it is typed twice, key by key or pasted, and the terminal is as before', async () => {
  for (const keys of [['to', 'm', '\r', 'tom', '\r'], ['tom\rtom\r'], ['tomm\x7f\rxx\x15tom\x1b[A\n']]) {
    const { stdin, raw } = typing(...keys)
    const { code, stdout, stderr } = await run(passwordCommand, [], stdin)
    assert.equal(code, 0)
    assert.equal(await verifyPassword(stdout.trim(), 'tom'), true)
    assert.match(stderr, /^Password: \nThe same again: \n/)
    assert.ok(!stderr.includes('tom'))
    assert.deepEqual(raw, [true, false])
  }
})

for (const [title, keys, sentence] of [
  ['typed differently', 'tom\rtim\r', /the two are not the same/],
  ['cancelled', 'tom\x03', /nothing was changed/],
  ['empty', '\r\r', /the password is empty/],
] as const) {
  test(`a password that is ${title} is none, and the terminal is as before`, async () => {
    const { stdin, raw } = typing(keys)
    const { code, stdout, stderr } = await run(passwordCommand, [], stdin)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, sentence)
    assert.deepEqual(raw, [true, false])
  })
}

test('an empty, endless or unprintable line and no standard input at all are told', async () => {
  for (const [text, sentence] of [
    ['', /empty/],
    ['\n', /empty/],
    ['a'.repeat(100_000), /more than 1,024/],
    ['a\tb\n', /control characters/],
  ] as const) {
    const { code, stdout, stderr } = await run(passwordCommand, [], piped(text))
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, sentence)
  }
  assert.match((await run(passwordCommand, [])).stderr, /no standard input/)
})

test('a password on the command line is a wrong use', async () => {
  const { code, stderr } = await run(passwordCommand, ['jerry'], piped('jerry\n'))
  assert.equal(code, 2)
  assert.match(stderr, /can be read by everybody/)
})

test('a real terminal does not show what is typed', withProgram('script'), async (t) => {
  const folder = await temporaryFolder(t)
  const command = `${process.execPath} ${project}cmd/twintone.ts password`
  const typed = execa('script', ['--quiet', '--return', '--command', command, `${folder}/typescript`], {
    reject: false,
    timeout: 60_000,
  })
  let shown = ''
  let asked = 0
  typed.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    const prompts = shown.match(/(?:Password|again): /g)?.length ?? 0
    if (prompts > asked) typed.stdin.write('tom&jerry\r')
    asked = prompts
  })
  assert.equal((await typed).exitCode, 0, shown)
  const hash = /scrypt\$\S+/.exec(shown)?.[0] ?? ''
  assert.equal(await verifyPassword(hash, 'tom&jerry'), true)
  assert.ok(!shown.includes('jerry'))
})
