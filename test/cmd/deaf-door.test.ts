import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { askControl } from '../../lib/base/control-socket.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, runProgram, startProgram } from '../support/program.ts'
import { tftpFetch } from '../support/tftp-client.ts'

test('a file server of its own that was made deaf on TFTP hears again once that door was opened anew', async (t) => {
  const folder = await temporaryFolder(t)
  await runProgram(t, ['cmd/twintone.ts', 'init', '--folder', folder])
  writeFileSync(join(folder, 'data', 'TFTPdata', 'a.txt'), 'content')
  const port = await freePort()
  const settings = [
    `tftp.port=${port}`,
    'tftp.addresses=127.0.0.1',
    'http.enabled=false',
    'https.enabled=false',
    'ftp.enabled=false',
    'status.enabled=false',
    'run.folder=run',
  ]
  const program = startProgram(
    t,
    [
      '--import',
      new URL('../support/deaf-on-signal.ts', import.meta.url).href,
      'cmd/fileserver.ts',
      '--config',
      join(folder, 'twintone.toml'),
      ...settings.flatMap((setting) => ['--set', setting]),
    ],
    { DEAF_DOOR: `udp:${port}` },
  )
  await program.says('"ready"')
  assert.equal(String((await tftpFetch('a.txt', { port })).bytes), 'content')
  program.child.kill('SIGUSR2')
  await program.says('deaf: 1')
  await askControl(join(folder, 'run', 'fileserver.sock'), '/doors/reopen', {
    method: 'POST',
    body: { protocol: 'tftp', port },
  })
  assert.equal(String((await tftpFetch('a.txt', { port })).bytes), 'content')
})
