import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { isRoot, listenForStop, onExit, onHangup } from '../../../lib/base/process.ts'
import { runScript, startScript } from '../../support/script.ts'

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'exit']
const listeners = () => stopSignals.map((signal) => process.listenerCount(signal))

const stubborn = `
  import { listenForStop } from 'LIB/base/process.ts'
  const stop = listenForStop((signal) => console.log('asked with ' + signal))
  stop.signal.addEventListener('abort', () => console.log('aborted'))
  setInterval(() => {}, 1000)
  console.log('up')
`

async function stubbornScript(t: TestContext) {
  const script = await startScript(t, stubborn)
  await script.says('up')
  return script
}

for (const [first, second, code] of [
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGQUIT', 'SIGQUIT', 131],
] as const) {
  test(`the first ${first} asks to stop, and ${second} after it ends the process with ${code}`, async (t) => {
    const { child, says, ended } = await stubbornScript(t)
    child.kill(first)
    await says('aborted')
    child.kill(second)
    const end = await ended
    assert.deepEqual([end.code, end.signal], [code, null])
    assert.equal(end.stdout, `up\nasked with ${first}\naborted\n`)
  })
}

test('once disposed of, nothing listens any more', () => {
  const before = listeners()
  const stop = listenForStop()
  const forgetHangup = onHangup(() => {})
  const forgetExit = onExit(() => {})
  assert.notDeepEqual(listeners(), before)
  stop.dispose()
  forgetHangup()
  forgetExit()
  assert.deepEqual(listeners(), before)
  assert.equal(stop.signal.aborted, false)
})

test('SIGHUP runs the task each time and does not end the process', async (t) => {
  const { child, says, ended } = await startScript(
    t,
    `import { onHangup } from 'LIB/base/process.ts'
    let times = 0
    const alive = setInterval(() => {}, 1000)
    const forget = onHangup(() => {
      times += 1
      console.log('hangup ' + times)
      if (times === 2) { forget(); clearInterval(alive) }
    })
    console.log('up')`,
  )
  await says('up')
  child.kill('SIGHUP')
  await says('hangup 1')
  child.kill('SIGHUP')
  assert.equal((await ended).code, 0)
})

const program = (main: string) => `
  import { runProgram } from 'LIB/base/process.ts'
  runProgram(${main}, (error) => console.error('reported: ' + error?.message))
`

test('what main returns is the exit code', async (t) => {
  const { code, stdout, stderr } = await runScript(
    t,
    program("async () => { console.log('done'); return 7 }"),
  )
  assert.deepEqual([code, stdout, stderr], [7, 'done\n', ''])
})

test('an error of main is reported and ends the process with 1', async (t) => {
  const { code, stderr } = await runScript(t, program("async () => { throw new Error('no port') }"))
  assert.deepEqual([code, stderr], [1, 'reported: no port\n'])
})

test('an error of main is the end even while something keeps the process alive', async (t) => {
  const main = "async () => { setInterval(() => {}, 1000); throw new Error('no port') }"
  assert.equal((await runScript(t, program(main))).code, 1)
})

for (const [what, bug] of [
  ['an exception nobody catches', "setImmediate(() => { throw new Error('bug') })"],
  ['a promise nobody waits for that rejects', "void Promise.reject(new Error('bug'))"],
  ['a main that throws before its first await', "throw new Error('bug')"],
] as const) {
  test(`${what} is reported and ends the process with 1`, async (t) => {
    const main = `() => { ${bug}; return new Promise(() => setInterval(() => {}, 1000)) }`
    const { code, stderr } = await runScript(t, program(main))
    assert.deepEqual([code, stderr], [1, 'reported: bug\n'])
  })
}

test('what main left open does not keep the process from ending', async (t) => {
  const { code } = await runScript(t, program('async () => { setInterval(() => {}, 1000); return 5 }'))
  assert.equal(code, 5)
})

test('root is told from an ordinary user', () => {
  assert.equal(isRoot(), process.geteuid?.() === 0)
})
