import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import { discoverProbes } from '../../watchdog/discover.ts'

const namesFor = (change: (config: Config) => void = () => {}) => {
  const config = defaultConfig()
  change(config)
  const { all } = discoverProbes(config, { clock: systemClock, token: '0123456789abcdef' })
  return all.map(({ name }) => name)
}

test('with the settings as they come, every door is asked, and what it depends on before it', () => {
  assert.deepEqual(namesFor(), [
    'file server',
    'status page',
    'disk of data',
    'disk of log',
    'http 80',
    'http 81',
    'https 411',
    'tftp 69',
    'ftp 21',
    'ftps 990',
    'certificate of https 411',
    'certificate of ftps 990',
    'refusals over http',
    'refusals over tftp',
    'memory',
    'processor',
    'clock',
  ])
})

test('a node of a pair asks after the pair, and at its floating addresses', () => {
  const names = namesFor((config) => {
    config.pair.enabled = true
    config.pair.vip = ['10.0.0.50', 'fd00::50']
  })
  assert.deepEqual(names.slice(-6, -3), ['pair', 'floating address 10.0.0.50', 'floating address fd00::50'])
})

test('doors that are off are not asked, nor what they must refuse', () => {
  const names = namesFor((config) => {
    for (const part of [config.http, config.https, config.tftp, config.ftp, config.status])
      part.enabled = false
    config.log.file = config.watchdog.logFile = ''
  })
  assert.deepEqual(names, ['file server', 'disk of data', 'memory', 'processor', 'clock'])
})

test('names are unlike, and each probe depends on those before it only', () => {
  const config = defaultConfig()
  config.superUser.password = 'a hash'
  const { all } = discoverProbes(config, { clock: systemClock, token: '0123456789abcdef' })
  const names = all.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.includes('refusals over ftp'))
  for (const [index, { dependsOn }] of all.entries())
    for (const name of dependsOn) assert.ok(names.slice(0, index).includes(name), name)
  for (const { about, dependsOn } of all)
    if (about.kind === 'door') assert.deepEqual(dependsOn, ['file server', 'disk of data'])
})
