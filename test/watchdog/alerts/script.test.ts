import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { scriptChannel } from '../../../watchdog/alerts/script.ts'
import { alert } from '../../support/alert.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { until } from '../../support/until.ts'

async function script(t: TestContext, text: string): Promise<{ program: string; folder: string }> {
  const folder = await temporaryFolder(t)
  const program = join(folder, 'alert.sh')
  writeFileSync(program, `#!/bin/sh\ncd ${folder}\n${text}\n`)
  chmodSync(program, 0o755)
  return { program, folder }
}

const send = (program: string, message = alert(), timeoutMs = 20_000) =>
  scriptChannel({ program, timeoutMs }).send(message, AbortSignal.timeout(20_000))

test('the program is told in its environment, and in nothing else', async (t) => {
  const { program, folder } = await script(t, 'env | sort >env; echo "$#" >count; printf %s "$TEXT" >text')
  await send(program)
  const env = readFileSync(join(folder, 'env'), 'utf8')
  for (const line of [
    'SEVERITY=critical',
    'INCIDENT=20261124-0915-tftp-69',
    'KIND=down',
    'NODE=pbx-a',
    'SUBJECT=pbx-a: TFTP 69 is down',
    'AT=2026-11-24T09:15:00.000Z',
  ])
    assert.match(env, new RegExp(`^${line}$`, 'm'))
  assert.doesNotMatch(env, /^HOME=/m)
  assert.equal(
    readFileSync(join(folder, 'text'), 'utf8'),
    'No answer since 09:12.\nPhones hurt: 12.\nRestarted once.',
  )
  assert.equal(readFileSync(join(folder, 'count'), 'utf8'), '0\n')
})

test('d104 d111: what an odd name says is data', async (t) => {
  const { program, folder } = await script(t, 'printf %s "$SUBJECT" >subject')
  const odd = '$(touch witness); `touch witness` \u0000 && touch witness\nSEVERITY=info'
  await send(program, alert({ subject: odd, incident: odd, kind: odd, node: odd, text: odd, at: odd }))
  assert.equal(
    readFileSync(join(folder, 'subject'), 'utf8'),
    odd
      .replace('\u0000', ' ')
      .replaceAll(/\s+/g, (run) => (run.length > 1 ? '   ' : ' '))
      .trim(),
  )
  assert.equal(existsSync(join(folder, 'witness')), false)
})

test('d111: a program that fails has not taken it, and its last words are kept', async (t) => {
  const { program } = await script(t, 'echo "no line to the pager" >&2; exit 3')
  await assert.rejects(send(program), /alert\.sh: ended with 3: no line to the pager$/)
})

const hanging = 'echo $$ >pid.new; mv pid.new pid; exec sleep 300'
const pidIn = (folder: string) =>
  until(() =>
    existsSync(join(folder, 'pid')) ? readFileSync(join(folder, 'pid'), 'utf8').trim() : undefined,
  )
const ended = (pid: string) => until(() => (existsSync(`/proc/${pid}`) ? undefined : true))

test('d111: a program that hangs is ended', async (t) => {
  const { program, folder } = await script(t, hanging)
  await assert.rejects(send(program, alert(), 1_000), /alert\.sh: timed out \(no end after 1000 ms\)/)
  await ended(await pidIn(folder))
})

test('a program that is missing is named', async () => {
  await assert.rejects(send('/nowhere/alert.sh'), /^Error: \/nowhere\/alert\.sh: not started/)
})

test('an ended try ends the program', async (t) => {
  const { program, folder } = await script(t, hanging)
  const cut = new AbortController()
  const sending = scriptChannel({ program, timeoutMs: 60_000 }).send(alert(), cut.signal)
  const pid = await pidIn(folder)
  cut.abort(new Error('enough'))
  await assert.rejects(sending, /enough/)
  await ended(pid)
})

test('a text longer than an environment holds is cut', async (t) => {
  const { program, folder } = await script(t, 'printf %s "$TEXT" | wc -c >count')
  await send(program, alert({ text: '電'.repeat(1_000_000) }))
  assert.ok(Number(readFileSync(join(folder, 'count'), 'utf8')) > 50_000)
})
