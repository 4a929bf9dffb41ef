import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { doorsFault } from '../../../ha/agent/doors.ts'
import { FileserverLink } from '../../../ha/agent/fileserver.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { until } from '../../support/until.ts'

const standby = { role: 'standby', epoch: 7, active: 'b', insync: ['a', 'b'] } as const
const view = {
  seq: 12,
  reign: 7,
  synced: false,
  rescued: 0,
  drift: 0,
  pending: 0,
  transfers: 0,
  complete: true,
}

/** Of a file server that has answered with that. */
async function linkTo(t: TestContext, answer: object): Promise<FileserverLink> {
  const { socketPath } = await fakeAgent(t, { 'POST /pair/role': () => answer }, { program: 'fileserver' })
  const link = new FileserverLink(socketPath)
  link.tell(standby)
  await until(() => link.view)
  return link
}

/** A watchdog with that incident open. */
async function watchdogSeeing(t: TestContext, incident: object) {
  const status = { open: [incident] }
  const { socketPath } = await fakeAgent(t, { 'GET /status': () => status }, { program: 'watchdog' })
  return socketPath
}

const noSocket = async (t: TestContext) => join(await temporaryFolder(t), 'nobody.sock')

test('a file server that answers is enough, where no watchdog runs', async (t) => {
  assert.equal(await doorsFault(await linkTo(t, view), await noSocket(t)), undefined)
})

test('one that can store nothing any more is a fault, though it answers', async (t) => {
  const fileserver = await linkTo(t, { ...view, broken: 'the journal cannot be written (EIO)' })
  assert.equal(await doorsFault(fileserver, await noSocket(t)), 'the journal cannot be written (EIO)')
})

test('a silent file server is a fault', async (t) => {
  const fileserver = new FileserverLink(await noSocket(t))
  fileserver.tell(standby)
  await until(() => fileserver.failure)
  assert.match((await doorsFault(fileserver, await noSocket(t))) ?? '', /^the file server does not answer: /)
})

test('so is what the watchdog calls a fault, and nothing else that it has open', async (t) => {
  const fileserver = await linkTo(t, view)
  const fault = {
    about: 'fault',
    severity: 'critical',
    why: 'no answer within 2 s',
    probes: ['http :80', 'ftp :21'],
  }
  assert.equal(
    await doorsFault(fileserver, await watchdogSeeing(t, fault)),
    'http :80, ftp :21: no answer within 2 s',
  )
  const machine = { ...fault, severity: 'warning', probes: ['floating address 10.0.0.50'] }
  assert.equal(await doorsFault(fileserver, await watchdogSeeing(t, machine)), undefined)
  const slow = { about: 'slow', why: 'three times as slow as usual', probes: ['http :80'] }
  assert.equal(await doorsFault(fileserver, await watchdogSeeing(t, slow)), undefined)
})
