import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ScriptRestarter, SystemdRestarter, type RestartReason } from '../../watchdog/restart.ts'
import { temporaryFolder } from '../support/folder.ts'
import { programFile } from '../support/program-file.ts'
import { recordingLog } from '../support/recording-log.ts'

const reason: RestartReason = {
  incident: '20261124-0915-tftp-69',
  probe: 'tftp 69',
  reason: 'no answer within 10 s',
  rung: 'graceful restart',
}
const unit = 'twintone-fileserver.service'

/** A systemctl that writes down how it was called, and does what `lines` say. */
async function fakeSystemctl(t: TestContext, lines = 'exit 0') {
  const called = join(await temporaryFolder(t), 'called')
  const program = await programFile(t, `printf '%s ' "$@" >> ${called}; echo >> ${called}\n${lines}`)
  const { log, events } = recordingLog()
  const restarter = new SystemdRestarter({ unit, timeoutMs: 2_000, program }, { log })
  return {
    restarter,
    events,
    calls: () =>
      readFileSync(called, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => line.trim()),
  }
}

test('systemd restarts the unit, and the log says why', async (t) => {
  const { restarter, calls, events } = await fakeSystemctl(t)
  const { ok, why } = await restarter.restart('graceful', reason)
  assert.equal(ok, true)
  assert.match(why, /^systemctl restart twintone-fileserver.service took \d+ ms$/)
  assert.deepEqual(calls(), [`--no-ask-password restart -- ${unit}`])
  assert.deepEqual(
    events('restarting the file server').map(({ probe, how }) => [probe, how]),
    [['tftp 69', 'graceful']],
  )
})

test('a hard restart by systemd kills first, and forgets that the unit failed too often', async (t) => {
  const { restarter, calls } = await fakeSystemctl(t, 'case "$2" in restart) exit 0;; *) exit 1;; esac')
  assert.equal((await restarter.restart('hard', reason)).ok, true)
  assert.deepEqual(calls(), [
    `--no-ask-password kill --signal=SIGKILL -- ${unit}`,
    `--no-ask-password reset-failed -- ${unit}`,
    `--no-ask-password restart -- ${unit}`,
  ])
})

test('what systemctl says of a failure is told, and what it hides is shown', async (t) => {
  const { restarter } = await fakeSystemctl(t, "printf 'Access denied\\033[2J' >&2; exit 4")
  assert.deepEqual(await restarter.restart('graceful', reason), {
    ok: false,
    why: 'systemctl restart twintone-fileserver.service ended with code 4: Access denied\\x1b[2J',
  })
})

test('a systemctl that hangs, or is missing, is an answer too', async (t) => {
  const program = await programFile(t, 'exec sleep 60')
  const { log } = recordingLog()
  const hanging = new SystemdRestarter({ unit, timeoutMs: 200, program }, { log })
  assert.match((await hanging.restart('graceful', reason)).why, /no end after 200 ms/)
  const missing = new SystemdRestarter({ unit, timeoutMs: 200, program: '/no/such/systemctl' }, { log })
  const { ok, why } = await missing.restart('hard', reason)
  assert.equal(ok, false)
  assert.match(why, /ENOENT/)
})

test('d111: the unit is one argument and no option, however odd its name', async (t) => {
  const witness = join(await temporaryFolder(t), 'witness')
  const called = join(await temporaryFolder(t), 'called')
  const program = await programFile(t, `printf '[%s]' "$@" > ${called}`)
  const odd = `--force; touch ${witness} $(touch ${witness})`
  const { log } = recordingLog()
  await new SystemdRestarter({ unit: odd, timeoutMs: 2_000, program }, { log }).restart('graceful', reason)
  assert.equal(readFileSync(called, 'utf8'), `[--no-ask-password][restart][--][${odd}]`)
  assert.equal(existsSync(witness), false)
})

test("the customer's script learns incident, probe, reason and rung, and what it says is kept", async (t) => {
  const { log, events } = recordingLog()
  const program = await programFile(t, 'echo "$INCIDENT|$PROBE|$REASON|$RUNG"; echo hint >&2')
  const { ok, why } = await new ScriptRestarter({ program, timeoutMs: 2_000 }, { log }).restart(
    'graceful',
    reason,
  )
  assert.equal(ok, true)
  assert.match(why, /: hint$/)
  const [ended] = events('restart script ended')
  assert.equal(ended?.['stdout'], '20261124-0915-tftp-69|tftp 69|no answer within 10 s|graceful restart')
  assert.equal(ended?.['stderr'], 'hint')
})

test('d111: odd names and answers reach the script as data, also as the words of an unquoted variable', async (t) => {
  const folder = await temporaryFolder(t)
  const witness = join(folder, 'witness')
  const odd = `$(touch ${witness}) ; touch ${witness}\n\`touch ${witness}\`\u0000\u001b[2J'"`
  const { log, events } = recordingLog()
  const program = await programFile(t, 'printf %s "$PROBE"; for word in $REASON; do :; done')
  const script = new ScriptRestarter({ program, timeoutMs: 2_000 }, { log })
  const { ok } = await script.restart('hard', { ...reason, probe: odd, reason: odd })
  assert.equal(ok, true)
  assert.equal(existsSync(witness), false)
  assert.match(String(events('restart script ended')[0]?.['stdout']), /^\$\(touch .*\\x0a.*\\x00\\x1b\[2J'"$/)
})

test('d111: a script that takes too long is ended, and what it said until then is kept', async (t) => {
  const { log, events } = recordingLog()
  const program = await programFile(t, 'echo begun; exec sleep 60')
  const { ok, why } = await new ScriptRestarter({ program, timeoutMs: 300 }, { log }).restart('hard', reason)
  assert.deepEqual([ok, why], [false, `${program}: no end after 300 ms: begun`])
  assert.equal(events('restart script ended')[0]?.['stdout'], 'begun')
})

test('a script that fails says its code', async (t) => {
  const { log } = recordingLog()
  const program = await programFile(t, 'exit 7')
  assert.deepEqual(
    await new ScriptRestarter({ program, timeoutMs: 2_000 }, { log }).restart('hard', reason),
    {
      ok: false,
      why: `${program} ended with code 7`,
    },
  )
})
