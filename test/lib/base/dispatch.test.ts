import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError, UsageError, type Command } from '../../../lib/base/command.ts'
import { dispatch } from '../../../lib/base/dispatch.ts'

const greet: Command = {
  name: 'greet',
  summary: 'Greets somebody.',
  usage: 'greet <name> [--loud]',
  options: { loud: { type: 'boolean' } },
  async run({ words: [name, ...more], options }, io) {
    if (more.length > 0) throw new UsageError('one name')
    if (name === undefined) throw new CommandError('nobody is here')
    if (name === 'bug') throw new TypeError('a bug')
    io.stdout(`hello ${options['loud'] === true ? name.toUpperCase() : name}\n`)
    return 3
  },
}

const program = { name: 'ha', version: '1.2.3', about: 'The pair.', commands: [greet] }

async function run(...words: string[]) {
  const said = { stdout: '', stderr: '' }
  const code = await dispatch(program, words, {
    stdout: (text) => void (said.stdout += String(text)),
    stderr: (text) => void (said.stderr += text),
    colour: false,
  })
  return [code, said.stdout, said.stderr]
}

test('a command gets its words and options, and its answer is the exit code', async () => {
  assert.deepEqual(await run('greet', 'you', '--loud'), [3, 'hello YOU\n', ''])
})

test('each program speaks of itself by its own name and version', async () => {
  assert.deepEqual(await run('--version'), [0, 'ha 1.2.3\n', ''])
  const help =
    'The pair.\n\nusage: ha <command> [...]\n\n  greet  Greets somebody.\n\n`ha help <command>` tells more.\n'
  for (const words of [[], ['help'], ['-h']]) assert.deepEqual(await run(...words), [0, help, ''])
  const more = 'Greets somebody.\n\nusage: ha greet <name> [--loud]\n'
  for (const words of [['help', 'greet'], ['greet', '--help']]) assert.deepEqual(await run(...words), [0, more, '']) // prettier-ignore
  assert.deepEqual(await run('gret'), [2, '', 'ha: there is no command "gret"; `ha help` lists them\n'])
})

test('used wrongly, it says how; what cannot be done is one sentence; a bug is not caught', async () => {
  const usage = 'usage: ha greet <name> [--loud]\n'
  assert.deepEqual(await run('greet', 'a', 'b'), [2, '', `ha greet: one name\n${usage}`])
  const [code, , stderr] = await run('greet', '--loud=very')
  assert.equal(code, 2)
  assert.match(String(stderr), /^ha greet: .*--loud/)
  assert.deepEqual(await run('greet'), [1, '', 'ha greet: nobody is here\n'])
  await assert.rejects(run('greet', 'bug'), TypeError)
})
