import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { runScript, startScript } from '../../support/script.ts'

const toStdout = `
  import { StandardOutput } from 'LIB/base/standard-output.ts'
  const output = new StandardOutput({
    onBroken: (error) => console.error('broken: ' + error.code),
    onMended: () => console.error('mended'),
  })
  const addLines = (count) => { for (let number = 0; number < count; number += 1) output.add('line ' + number + '\\n') }
`

test('lines come out in order, and close() waits for them', async (t) => {
  const { stdout } = await runScript(
    t,
    `${toStdout} addLines(20_000); await output.close(); process.kill(process.pid, 'SIGKILL')`,
  )
  assert.equal(stdout, [...Array(20_000).keys()].map((number) => `line ${number}\n`).join(''))
})

test('d116: a full disk behind it is told, and does not end the process nor keep it from ending', async (t) => {
  const { code, stderr } = await runScript(
    t,
    `import { closeSync, openSync } from 'node:fs'
    closeSync(1)
    openSync('/dev/full', 'w')
    ${toStdout}
    addLines(1)
    await output.close()
    console.error('closed')`,
  )
  assert.deepEqual([code, stderr], [0, 'broken: ENOSPC\nclosed\n'])
})

test('a reader that goes away is told, and does not end the process nor keep it from ending', async (t) => {
  const script = await startScript(
    t,
    `${toStdout}
    const alive = setInterval(() => {}, 1000)
    process.once('SIGUSR2', async () => {
      addLines(3)
      await output.close()
      console.error('closed')
      clearInterval(alive)
    })
    addLines(1)`,
  )
  await script.says('line 0')
  script.child.stdout?.destroy()
  script.child.kill('SIGUSR2')
  const { code, stderr } = await script.ended
  assert.deepEqual([code, stderr], [0, 'broken: EPIPE\nclosed\n'])
})

test('a reader that stands still holds nobody up: neither what else is to be done nor the end of the process', async (t) => {
  const script = await startScript(
    t,
    `${toStdout}
    addLines(30_000)
    setTimeout(() => {
      console.error('still working')
      process.exit(3)
    }, 100)`,
  )
  script.child.stdout?.pause()
  const [code] = await once(script.child, 'exit')
  assert.equal(code, 3)
  script.child.stdout?.resume()
  assert.equal((await script.ended).stderr, 'still working\n')
})

test('what waits is written at once, as far as the reader takes it', async (t) => {
  const { stdout } = await runScript(
    t,
    `${toStdout} addLines(100); output.flushNow(); process.kill(process.pid, 'SIGKILL')`,
  )
  assert.match(stdout, /line 1\n[^]*line 99\n/)
})
