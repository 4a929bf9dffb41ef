import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { archiveCommand } from '../../../cmd/twintone/archive.ts'
import { askCommand } from '../../../cmd/twintone/ask.ts'
import { backupsCommand } from '../../../cmd/twintone/backups.ts'
import type { Command } from '../../../lib/base/command.ts'
import { startNode } from '../../support/node.ts'
import { startPhones } from '../../support/phone-agent.ts'
import { run } from '../../support/run-command.ts'

/** A node in which everybody may save, and commands that ask it. */
async function nodeAndCommands(t: TestContext, snmpPort = 161) {
  const node = await startNode(t, (config) => {
    config.userData.http = 'open'
    config.snmp.port = snmpPort
    config.snmp.timeoutMs = 200
    config.snmp.retries = 0
  })
  const config = join(node.config.run.folder, 'empty.toml')
  writeFileSync(config, '')
  const tell = (command: Command, ...words: string[]) =>
    run(command, [...words, '--config', config, '--set', `run.folder=${node.config.run.folder}`])
  const save = async (name: string, content: string) => {
    const url = `http://127.0.0.1:${node.port('http')}/${name}`
    const { ok } = await fetch(url, { method: 'PUT', body: content })
    assert.ok(ok)
  }
  return { node, tell, save }
}

const anna = 'ABKNAME001=Anna\nABKNUMBER001=4712\n'
const bert = 'ABKNAME001=Bert\nABKNUMBER001=4713\n'

test('backups are listed, shown, compared, restored and brought back', async (t) => {
  const { node, tell, save } = await nodeAndCommands(t)
  assert.equal((await tell(backupsCommand, 'list')).stdout, 'there are none\n')
  await save('4711_96xxdata.txt', anna)
  await save('4711_96xxdata.txt', bert)
  assert.match((await tell(backupsCommand, 'list')).stdout, /4711_96xxdata\.txt .*34 B +2 +127\.0\.0\.1 http/)
  assert.match((await tell(backupsCommand, 'show', '4711')).stdout, /contact +Bert +4713/)
  assert.equal((await tell(backupsCommand, 'show', '4711', '--raw')).stdout, bert)
  assert.match(
    (await tell(backupsCommand, 'diff', '4711')).stdout,
    /- contact Anna: 4712\n {2}\+ contact Bert: 4713/,
  )
  assert.match((await tell(backupsCommand, 'restore', '4711', '--dry-run')).stdout, /would change/)
  assert.equal((await tell(backupsCommand, 'show', '4711', '--raw')).stdout, bert)
  assert.match(
    (await tell(backupsCommand, 'restore', '4711', '--to', '4799')).stdout,
    /^4799_96xxdata\.txt is now version/,
  )
  const versions = JSON.parse((await tell(backupsCommand, 'versions', '4711', '--json')).stdout) as {
    version: number
  }[]
  const oldest = String(versions.at(-1)?.version)
  assert.match((await tell(backupsCommand, 'restore', '4711', '--version', oldest)).stdout, /\+ contact Anna/)
  assert.equal((await tell(backupsCommand, 'show', '4711', '--raw')).stdout, anna)

  await fetch(`http://127.0.0.1:${node.port('http')}/4799_96xxdata.txt`, { method: 'DELETE' })
  assert.doesNotMatch((await tell(backupsCommand, 'list')).stdout, /4799/)
  assert.match((await tell(backupsCommand, 'list', '--deleted')).stdout, /4799_96xxdata\.txt/)
  assert.equal((await tell(backupsCommand, 'undelete', '4799')).stdout, '4799_96xxdata.txt is back\n')
  assert.equal((await tell(backupsCommand, 'show', '4799', '--raw')).stdout, bert)
})

test('what is not there is said in a sentence, and wrong words in another', async (t) => {
  const { tell, save } = await nodeAndCommands(t)
  await save('4711_96xxdata.txt', anna)
  const missing = await tell(backupsCommand, 'show', '4712')
  assert.deepEqual(
    [missing.code, missing.stderr],
    [1, 'twintone backups: there is no file or extension 4712\n'],
  )
  const version = await tell(backupsCommand, 'show', '4711', '--version', '99')
  assert.match(version.stderr, /has no version 99; it has \d+/)
  for (const words of [
    [],
    ['burn'],
    ['show'],
    ['show', '1', '2'],
    ['show', '1', '--version', 'x'],
    ['toString'],
  ])
    assert.equal((await tell(backupsCommand, ...words)).code, 2, words.join(' '))
})

test('a month is archived by hand, listed and restored', async (t) => {
  const { tell, save } = await nodeAndCommands(t)
  const now = new Date()
  const month = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}`
  assert.equal((await tell(archiveCommand, 'list')).stdout, 'no month is archived yet\n')
  await save('4711_96xxdata.txt', anna)
  assert.equal((await tell(archiveCommand, 'run', month)).stdout, `${month}: 1 files, 34 B, each read back\n`)
  assert.match((await tell(archiveCommand, 'list')).stdout, new RegExp(`${month} +1 +34 B .*not over yet`))
  await save('4711_96xxdata.txt', bert)
  const restored = await tell(archiveCommand, 'restore', month)
  assert.equal(restored.stdout, '1 files restored, 0 were the same already\n  4711_96xxdata.txt\n')
  assert.equal((await tell(backupsCommand, 'show', '4711', '--raw')).stdout, anna)
  const wrong = await tell(archiveCommand, 'run', '2026-13')
  assert.deepEqual([wrong.code, /2026-13/.test(wrong.stderr)], [1, true])
  assert.equal((await tell(archiveCommand, 'restore')).code, 2)
})

test('a phone is asked by hand, and why it did not say who it is comes out', async (t) => {
  const { port } = await startPhones(t, [
    { address: '127.7.8.1', extension: '4711', model: '4620', mac: '00040d123456' },
  ])
  const { tell } = await nodeAndCommands(t, port)
  const known = await tell(askCommand, '127.7.8.1')
  assert.equal(known.code, 0)
  assert.match(known.stdout, /^127\.7\.8\.1: extension 4711, 4620 \(46xx\)\n {2}MAC 00040d123456\n/)
  const silent = await tell(askCommand, '127.7.8.2')
  assert.equal(silent.code, 1)
  assert.match(silent.stdout, /127\.7\.8\.2/)
  assert.equal((await tell(askCommand, 'phone')).code, 2)
})
