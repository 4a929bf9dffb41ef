import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProbeName, ProbeFiles } from '../../../lib/files/probe-files.ts'

const token = '0123456789abcdef'

const current = () => {
  const probes = new ProbeFiles()
  probes.begin(token)
  return probes
}

for (const [asked, has] of [
  [`watchdog-${token}.txt`, true],
  [`/watchdog-${token}.txt`, true],
  [`../../etc/watchdog-${token}.txt`, true],
  [`watchdog${token}_96xxdata.txt`, true],
  [`backup/watchdog${token}_4610data_sip.txt`, true],
  ['watchdog-0123456789abcdee.txt', false],
  [`watchdog-${token}.txt.bak`, false],
  [`watchdog-${token}/x.txt`, false],
  [`Watchdog-${token}.txt`, false],
  [`watchdog-${token.toUpperCase()}.txt`, false],
  [`watchdog${token}_96xxdata.txt/46xxsettings.txt`, false],
  [`xwatchdog-${token}.txt`, false],
  [`4711_96xxdata.txt`, false],
  ['', false],
] as const)
  test(`d109: ${asked || 'an empty name'} ${has ? 'is' : 'is not'} the watchdog's`, () => {
    assert.equal(current().has(asked), has)
  })

test('d109: without a hello, and after a goodbye, no name is special', () => {
  const probes = new ProbeFiles()
  assert.equal(probes.has(`watchdog-${token}.txt`), false)
  assert.equal(probes.isUser(`watchdog${token}`), false)
  probes.begin(token)
  assert.equal(probes.has(`watchdog-${token}.txt`), true)
  assert.equal(probes.isUser(`watchdog${token}`), true)
  probes.end()
  assert.equal(probes.has(`watchdog-${token}.txt`), false)
})

test('what is no token changes nothing', () => {
  const probes = current()
  for (const wrong of ['', 'abc', `${token}0`, token.toUpperCase(), `${token}\n`, '.*'])
    assert.equal(probes.begin(wrong), false, wrong)
  assert.equal(probes.isCurrent(token), true)
})

test('names of earlier runs are known as such', () => {
  assert.equal(isProbeName('watchdog-ffffffffffffffff.txt'), true)
  assert.equal(isProbeName('watchdogffffffffffffffff_96xxdata.txt'), true)
  assert.equal(isProbeName('watchdog.txt'), false)
  assert.equal(isProbeName('watchdogs_96xxdata.txt'), false)
})
