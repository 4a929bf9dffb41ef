import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RemoteMeter } from '../../../ha/drill/remote-meter.ts'
import type { Targets } from '../../../ha/drill/targets.ts'
import { startNode } from '../../support/node.ts'
import { programFile } from '../../support/program-file.ts'

const ha = new URL('../../../cmd/ha.ts', import.meta.url).pathname

/** In place of ssh: runs what it was told on this host. */
const localShell = `[ "$6" = witness ] || exit 9
shift 6
[ "$1" = ha ] || exit 8
shift
exec ${process.execPath} ${ha} "$@"`

test('the prober on another host gets its targets over ssh, and its measurement comes back', async (t) => {
  const node = await startNode(t)
  await node.put('http', '46xxsettings.txt', 'SET DRILL 1\n')
  const targets: Targets = {
    vip: '127.0.0.1',
    nodes: [],
    everyMs: 20,
    http: { port: node.port('http'), tls: false },
  }
  const program = await programFile(t, localShell)
  const meter = new RemoteMeter({ host: 'witness', targets, forMs: 300, env: {}, program })
  const first = await meter.tryOut()
  assert.deepEqual([first.protocols[0]?.protocol, first.protocols[0]?.what], ['http', '46xxsettings.txt'])
  meter.start()
  const { protocols } = await meter.finish()
  assert.ok((protocols[0]?.asked ?? 0) > 3)
  assert.equal(protocols[0]?.failed, 0)
})

test('what goes wrong there is told with its last words', async (t) => {
  const settings = {
    host: 'witness',
    targets: { vip: '127.0.0.1', nodes: [], everyMs: 20 },
    forMs: 0,
    env: {},
  }
  const silent = new RemoteMeter({ ...settings, program: await programFile(t, 'exit 255') })
  await assert.rejects(silent.tryOut(), /`ha drill probe` on witness failed: exit code 255/)
  const telling = new RemoteMeter({
    ...settings,
    program: await programFile(t, 'echo no >&2; echo "Permission denied (publickey)." >&2; exit 255'),
  })
  await assert.rejects(telling.tryOut(), /failed: Permission denied \(publickey\)\./)
  const babbling = new RemoteMeter({ ...settings, program: await programFile(t, 'echo "Welcome to Debian"') })
  await assert.rejects(babbling.tryOut(), /failed/)
})
