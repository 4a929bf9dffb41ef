import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startChild, type ChildProgram } from '../../../lib/base/child-program.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { until } from '../../support/until.ts'

async function shell(t: TestContext, line: string, args: readonly string[] = []): Promise<ChildProgram> {
  const child = await startChild('/bin/sh', ['-c', line, 'sh', ...args], {
    env: { A: 'a' },
    output: 'ignore',
  })
  t.after(() => child.signal('SIGKILL'))
  return child
}

test('a program that ends tells how', async (t) => {
  assert.equal(await (await shell(t, 'exit 3')).ended, 'code 3')
  assert.equal(await (await shell(t, 'kill -TERM $$')).ended, 'SIGTERM')
})

test('it runs until it is told to end, and a signal to one that has ended is none', async (t) => {
  const child = await shell(t, 'exec sleep 60')
  assert.equal(child.signal('SIGTERM'), true)
  assert.equal(await child.ended, 'SIGTERM')
  assert.equal(child.signal('SIGTERM'), false)
})

test('d111: no shell reads the arguments, and the environment is what was given', async (t) => {
  const folder = await temporaryFolder(t)
  const odd = `$(touch ${folder}/witness); \`touch ${folder}/witness\``
  await (
    await shell(t, 'printf "%s|" "$1" "$A" "$HOME" > "$2"', [odd, join(folder, 'said')])
  ).ended
  assert.equal(readFileSync(join(folder, 'said'), 'utf8'), `${odd}|a||`)
  assert.equal(existsSync(join(folder, 'witness')), false)
})

test('lines it is told arrive in order, and the end of them', async (t) => {
  const file = join(await temporaryFolder(t), 'heard')
  const child = await shell(t, 'cat > "$1"', [file])
  child.tell('one')
  child.tell('two')
  child.endInput()
  assert.equal(await child.ended, 'code 0')
  assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\n')
})

test('telling one that reads nothing, or has ended, does no harm', async (t) => {
  const deaf = await shell(t, 'exec sleep 60')
  let told = 0
  while (told < 100_000 && deaf.tell('x'.repeat(100))) told++
  assert.ok(told > 100 && told < 100_000, 'what is not read is kept up to a limit')
  deaf.signal('SIGKILL')
  await deaf.ended
  deaf.tell('still there?')
  deaf.endInput()
})

test('it is in a process group of its own, and has no descriptor of ours', async (t) => {
  const held = openSync('/proc/self/status', 'r')
  t.after(() => closeSync(held))
  const child = await startChild('/bin/sleep', ['60'], { env: {}, output: 'ignore' })
  t.after(() => child.signal('SIGKILL'))
  const stat = await until(() => {
    const text = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    return text.includes('(sleep)') ? text : undefined
  })
  assert.equal(stat.replace(/^.*\) /, '').split(' ')[2], String(child.pid))
  // Those that we were started with ourselves, and that are not to be closed, may be there too.
  assert.equal(existsSync(`/proc/${child.pid}/fd/${held}`), false)
})

test('a program that is missing is named', async () => {
  for (const program of ['/no/such/program', '/etc/passwd'])
    await assert.rejects(
      startChild(program, [], { env: {}, output: 'ignore' }),
      new RegExp(`^Error: ${program} cannot be started \\(.*(?:ENOENT|EACCES)`),
    )
})

test('an argument that no program can be given is an error, and not the end of us', async () => {
  await assert.rejects(startChild('/bin/true', ['a\0b'], { env: {}, output: 'ignore' }), /cannot be started/)
})
