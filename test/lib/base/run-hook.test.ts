import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { runHook, type HookOptions, type HookResult } from '../../../lib/base/run-hook.ts'
import { temporaryFolder } from '../../support/folder.ts'

/** Runs a line of shell as the hook; without the time it took. */
async function shell(line: string, options: Partial<HookOptions> = {}): Promise<Omit<HookResult, 'ms'>> {
  const { ms: _, ...result } = await runHook('/bin/sh', ['-c', line], { timeoutMs: 20_000, ...options })
  return result
}

const isAlive = (pid: string) =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** Never anything but the process the hook named: 0 would be all of ours. */
function killLater(t: TestContext, pid: string): void {
  assert.match(pid, /^[1-9]\d*$/)
  t.after(() => process.kill(Number(pid), 'SIGKILL'))
}

test('a program that ends tells its exit code and both outputs', async () => {
  assert.deepEqual(await shell('echo out; echo err >&2; exit 3'), {
    outcome: 'ended',
    exitCode: 3,
    stdout: 'out',
    stderr: 'err',
  })
})

test('d104: no shell reads the arguments: each arrives as it was given', async (t) => {
  const witness = join(await temporaryFolder(t), 'witness')
  const args = [
    `$(touch ${witness})`,
    `; touch ${witness}`,
    `\`touch ${witness}\``,
    '$HOME',
    '*',
    'a b',
    '',
    '"',
    "'",
    'ü\n',
  ]
  const result = await runHook('/usr/bin/printf', ['[%s]', ...args], { timeoutMs: 20_000 })
  assert.equal(result.stdout, args.map((arg) => `[${arg}]`).join(''))
  assert.equal(existsSync(witness), false)
})

test('d104: a program name is no shell line either', async (t) => {
  const witness = join(await temporaryFolder(t), 'witness')
  assert.equal((await runHook(`touch ${witness}`, [], { timeoutMs: 20_000 })).outcome, 'not started')
  assert.equal(existsSync(witness), false)
})

test('the environment of the program is what it was given, a safe PATH, and nothing of ours', async (t) => {
  process.env['TWINTONE_TEST_SECRET'] = 'hush'
  t.after(() => delete process.env['TWINTONE_TEST_SECRET'])
  const { stdout } = await runHook('/usr/bin/env', [], { timeoutMs: 20_000, env: { VIP: '10.0.0.1; $(id)' } })
  assert.deepEqual(stdout.split('\n').toSorted(), [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'VIP=10.0.0.1; $(id)',
  ])
})

test('the program is looked for in that PATH, and has nothing to read', async () => {
  const result = await runHook('cat', [], { timeoutMs: 20_000 })
  assert.deepEqual([result.outcome, result.stdout], ['ended', ''])
})

test('a program that takes too long is killed, and says what it said until then', async () => {
  assert.deepEqual(await shell('echo started; exec sleep 60', { timeoutMs: 300 }), {
    outcome: 'timed out',
    why: 'no end after 300 ms',
    stdout: 'started',
    stderr: '',
  })
})

test('what the program started is killed with it', async () => {
  const { outcome, stdout } = await shell('sleep 60 & echo $!; wait', { timeoutMs: 300 })
  assert.equal(outcome, 'timed out')
  assert.match(stdout, /^\d+$/)
  assert.equal(isAlive(stdout), false)
})

test('a program that is too late cannot talk its way out of a polite signal', async () => {
  const { outcome } = await shell("trap 'exit 0' TERM INT HUP QUIT; while :; do sleep 0.1; done", {
    timeoutMs: 300,
  })
  assert.equal(outcome, 'timed out')
})

test('an endless writer without a newline is cut, and ends at its time', async () => {
  const { outcome, stdout } = await shell('cat /dev/zero', { timeoutMs: 500, outputBytes: 1000 })
  assert.deepEqual([outcome, stdout], ['timed out', '\0'.repeat(1000)])
})

test('output beyond the limit is swallowed, and the program goes on to its end', async () => {
  const result = await shell('head -c 3000000 /dev/zero | tr "\\0" x; echo end >&2; exit 4', {
    outputBytes: 10,
  })
  assert.deepEqual(result, { outcome: 'ended', exitCode: 4, stdout: 'xxxxxxxxxx', stderr: 'end' })
})

test('what the program leaves running keeps its output open, but nobody waiting', async (t) => {
  const { stdout, ...result } = await shell('sleep 60 & echo $!; exit 0')
  killLater(t, stdout)
  assert.deepEqual(result, { outcome: 'ended', exitCode: 0, stderr: '' })
  assert.equal(isAlive(stdout), true)
})

test('what set itself apart survives the time limit, but keeps nobody waiting', async (t) => {
  const { stdout, outcome } = await shell('setsid sleep 60 & echo $!; wait', { timeoutMs: 300 })
  killLater(t, stdout)
  assert.equal(outcome, 'timed out')
})

test('a program that is killed by somebody tells the signal', async () => {
  assert.deepEqual(await shell('kill -TERM $$'), {
    outcome: 'killed',
    why: 'ended by SIGTERM',
    stdout: '',
    stderr: '',
  })
})

test('the signal ends the program and what it started', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const running = shell('sleep 60 & echo $!; wait', { signal })
  setTimeout(() => controller.abort(), 200)
  const { outcome, stdout } = await running
  assert.equal(outcome, 'killed')
  assert.equal(isAlive(stdout), false)
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})

test('a signal that came before leaves the program no time', async (t) => {
  const witness = join(await temporaryFolder(t), 'witness')
  const { outcome } = await shell(`sleep 1; touch ${witness}`, { signal: AbortSignal.abort() })
  assert.equal(outcome, 'killed')
  assert.equal(existsSync(witness), false)
})

test('a program that is missing, or is none, is not started, and why is said', async (t) => {
  const text = join(await temporaryFolder(t), 'text')
  writeFileSync(text, 'no program')
  chmodSync(text, 0o644)
  for (const [program, why] of [
    ['/no/such/program', /ENOENT/],
    ['no-such-program', /ENOENT/],
    [text, /EACCES/],
    ['', /./],
  ] as const) {
    const result = await runHook(program, [], { timeoutMs: 20_000 })
    assert.ok(result.outcome === 'not started', program)
    assert.match(result.why, why)
  }
})

test('an argument or a value no program can be given is not started, and does not throw', async () => {
  const args = await runHook('/bin/true', ['a\0b'], { timeoutMs: 20_000 })
  const env = await runHook('/bin/true', [], { timeoutMs: 20_000, env: { A: 'a\0b' } })
  assert.deepEqual([args.outcome, env.outcome], ['not started', 'not started'])
})

test('no zombie, descriptor or timer is left, however it ended', async () => {
  const left = () => ({
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8'),
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
  })
  const all = () =>
    Promise.all([
      shell('echo'),
      shell('exit 1'),
      shell('sleep 60', { timeoutMs: 100 }),
      shell('cat /dev/zero', { timeoutMs: 100, outputBytes: 1 }),
      shell('kill -KILL $$'),
      shell('sleep 1 & exit 0'),
      shell('sleep 60', { signal: AbortSignal.abort() }),
      runHook('/no/such/program', [], { timeoutMs: 100 }),
    ])
  await all()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const before = left()
  await all()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(left(), before)
  assert.equal(before.children, '')
})
