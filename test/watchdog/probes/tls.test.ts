import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'
import { discoverProbes } from '../../../watchdog/discover.ts'
import { concernAbout } from '../../../watchdog/probes/tls.ts'
import { startProbedNode } from '../../support/probed-node.ts'
import { run, whyOf } from '../../support/lone-probe.ts'

const shown = {
  names: ['pbx.example.com', '10.1.2.3'],
  validFrom: new Date('2026-01-01T00:00:00Z'),
  validTo: new Date('2026-12-31T00:00:00Z'),
}

test('a certificate with more days than the warning wants concerns nobody', () => {
  assert.equal(concernAbout(shown, new Date('2026-11-01T00:00:00Z'), 30), undefined)
})

test('one that ends soon is a warning with its names and days', () => {
  assert.equal(
    concernAbout(shown, new Date('2026-12-22T00:00:00Z'), 30),
    'the certificate of pbx.example.com, 10.1.2.3 ends in 9 days',
  )
})

test('one that has ended, or has not begun, is a miss', () => {
  assert.throws(
    () => concernAbout(shown, new Date('2027-01-01T00:00:00Z'), 30),
    /certificate of pbx.example.com, 10.1.2.3 ended on 2026-12-31/,
  )
  assert.throws(() => concernAbout(shown, new Date('2025-12-01T00:00:00Z'), 30), /is not valid before/)
})

test('a certificate that ends soon is warned of', async (t) => {
  const { run: runProbe } = await startProbedNode(t, (config) => {
    config.https.expiryWarningDays = 4_000 // the certificate made at the first start is good for years
  })
  const finding = await runProbe(/^certificate of https /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(finding.warning ?? '', /^the certificate of .* ends in \d+ days$/)
})

test('a certificate that has ended is a fault of its own, that no restart mends; the door still answers', async (t) => {
  const { config, token } = await startProbedNode(t)
  const later = { ...systemClock, wallTime: () => new Date(Date.now() + 20 * 365 * 86_400_000) }
  const probes = discoverProbes(config, { clock: later, token })
  t.after(() => probes.close())
  const [door, certificate] = [/^https /, /^certificate of https /].map((name) =>
    probes.all.find((probe) => name.test(probe.name)),
  )
  assert.ok(door)
  assert.ok(certificate)
  assert.equal((await run(door)).outcome, 'ok')
  assert.equal(certificate.about.kind, 'machine')
  const finding = await run(certificate)
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /^TLS with port \d+: the certificate of .* ended on/)
})

for (const profile of ['legacy', 'authenticate-only'] as const) {
  test(`a port with the profile ${profile} is asked in a way that it understands`, async (t) => {
    const { run: runProbe } = await startProbedNode(t, (config) => {
      config.https.profile = profile
      config.ftp.profile = profile
    })
    for (const name of [/^https /, /^ftp /]) {
      const finding = await runProbe(name)
      assert.equal(finding.outcome, 'ok', `${name.source}: ${whyOf(finding)}`)
    }
  })
}

test('a port that wants a certificate from us is asked for a handshake only', async (t) => {
  const { certificate } = await makeSelfSigned({ names: ['authority'], days: 10 })
  const { run: runProbe } = await startProbedNode(t, (config) => {
    config.https.clientAuth = 'require'
    config.https.clientCa = `${config.data.folder}-authority.pem`
    writeFileSync(config.https.clientCa, certificate)
  })
  const finding = await runProbe(/^https /)
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.ok('tls' in finding.phases)
  assert.ok(!('read' in finding.phases))
})
