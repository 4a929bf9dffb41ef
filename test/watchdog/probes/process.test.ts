import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Finding } from '../../../watchdog/probe.ts'
import { mostOpenFiles, processProbe } from '../../../watchdog/probes/process.ts'
import { statusPageProbe } from '../../../watchdog/probes/status-page.ts'
import { listening, loneParts, run, whyOf } from '../../support/lone-probe.ts'
import { startProbedNode } from '../../support/probed-node.ts'

test('a file server that answers on its control socket is ok, with the lateness of its event loop', async (t) => {
  const { run: runProbe } = await startProbedNode(t)
  const finding = await runProbe('file server')
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.ok('answer' in finding.phases && 'loopLag' in finding.phases)
})

test('one that does not run has missed', async (t) => {
  const finding = await run(processProbe(await loneParts(t)))
  assert.equal(finding.outcome, 'missed')
  assert.match(finding.why, /^status over the control socket: nothing is running behind .*fileserver\.sock/)
})

test('one that is stopped in its tracks has missed after the time limit', async (t) => {
  const finding = await answering(t, undefined)
  assert.equal(finding.outcome, 'missed')
  assert.equal(finding.why, 'status over the control socket: no answer within 1000 ms')
})

test('one whose event loop runs late is told as a warning', async (t) => {
  const finding = await answering(t, {
    process: { pid: process.pid, loopLagMs: { p50: 1, p99: 450, max: 900 } },
  })
  assert.equal(finding.outcome, 'ok', whyOf(finding))
  assert.match(finding.warning ?? '', /event loop runs up to 450 ms late/)
})

test('an answer of something else has missed', async (t) => {
  assert.match(whyOf(await answering(t, { hello: 1 })), /an answer without a process id/)
})

test('the limit of descriptors is the soft one', () => {
  assert.equal(
    mostOpenFiles(
      'Limit  Soft  Hard  Units\nMax open files            1024                 524288     files\n',
    ),
    1_024,
  )
  assert.equal(
    mostOpenFiles('Max open files            unlimited            unlimited            files\n'),
    undefined,
  )
})

const pages: [string, number, string, Finding['outcome'], RegExp][] = [
  ['is healthy', 200, '{"status":"ok","alarms":0}', 'ok', /^$/],
  ['is not for us', 403, 'no', 'ok', /not for 127\.0\.0\.1.*status\.allow/],
  ['is broken', 500, 'oops', 'missed', /^GET of \/healthz on port \d+: 500 after/],
  ['belongs to somebody else', 200, 'It works!', 'missed', /something else than the health of a file server/],
]
for (const [what, status, body, outcome, sentence] of pages) {
  test(`a status page that ${what}`, async (t) => {
    const port = await listening(
      t,
      createServer((_, response) => response.writeHead(status).end(body)),
    )
    const parts = await loneParts(t, (config) => {
      config.status.port = port
    })
    const finding = await run(statusPageProbe(parts))
    assert.equal(finding.outcome, outcome)
    assert.match((finding.outcome === 'ok' ? finding.warning : finding.why) ?? '', sentence)
  })
}

/** What comes of a control socket that answers that; undefined: it never does. */
async function answering(t: TestContext, answer: unknown): Promise<Finding> {
  const parts = await loneParts(t)
  mkdirSync(parts.config.run.folder)
  const server = createServer((_, response) => {
    if (answer !== undefined) response.end(JSON.stringify(answer))
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) =>
    server.listen(join(parts.config.run.folder, 'fileserver.sock'), resolve),
  )
  return run(processProbe(parts))
}
